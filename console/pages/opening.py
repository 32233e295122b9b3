"""A number that is masked is opened by a click, for somebody who sees whose it is; who opened what is recorded."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from sqlalchemy import select
from starlette.responses import JSONResponse, Response

from console.security import require_csrf
from console.visit import Visit, Visiting, gone
from storage.tables import Contact, Student

router = APIRouter(prefix="/open", dependencies=[Depends(require_csrf)])


@router.post("/contact/{contact_id}")
async def contact(visit: Visiting, contact_id: int) -> Response:
    address = await visit.session.scalar(select(Contact.address_encrypted).where(Contact.id == contact_id))
    return await _opened(visit, address, f"contact:{contact_id}", "address")


@router.post("/student/{student_id}/{what}")
async def student(visit: Visiting, student_id: int, what: str) -> Response:
    """`what`: register, id or address."""
    child = await visit.session.get(Student, student_id)
    if child is None:
        raise gone()
    kept = {"register": child.register_number_encrypted, "id": child.id_number_encrypted, "address": child.address_encrypted}
    return await _opened(visit, kept.get(what), f"student:{student_id}", what)


async def _opened(visit: Visit, kept: bytes | None, subject: str, what: str) -> Response:
    if kept is None:
        raise gone()
    async with visit.acting() as work:
        work.record("number_opened", subject, area_code=visit.area, actor=visit.actor, what=what)
    return JSONResponse({"text": visit.parts.cipher.decrypt(kept).removeprefix("+86")})
