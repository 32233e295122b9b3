"""How a case stands: asked by its number or by the child, in the body, so that nothing personal stands in an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, Tag
from sqlalchemy import select

from console.api.caller import Asking, Caller
from console.api.fields import Body, Child, with_field
from plan.model import Plan
from storage.tables import CaseFile
from storage.work import working

MOST = 20


class ByCase(Body):
    """A case by its number."""

    case_number: Annotated[str, Field(pattern=r"^[0-9]{6}-[0-9]{4}-[0-9]{5,7}$", examples=["622926-2026-00017"])]


class ByChild(Body):
    """All cases of a child, newest first."""

    child: Child


Asked = Annotated[Annotated[ByCase, Tag("@case_number")] | Annotated[ByChild, Tag("@child")], with_field("case_number", "child")]


class CaseStatus(Body):
    """No names, no causes, no words of the family: how far the case is, and since when."""

    case_number: str
    state: str
    level: int
    level_name: str
    level_name_en: str
    opened_at: datetime
    first_absent_on: date
    back_on: date | None
    closed_at: datetime | None
    exit: str | None


class Found(Body):
    """Empty: there is no such case, or not within the key's area."""

    cases: list[CaseStatus]


router = APIRouter(prefix="/cases", tags=["cases"])


@router.post("/status")
async def case_status(call: Asking, asked: Asked) -> Found:
    """台账状态 · How a case stands. Every look is kept in the record."""
    if isinstance(asked, ByCase):
        wanted = CaseFile.number == asked.case_number
    else:
        wanted = CaseFile.student_id == await call.seen_child(asked.child)
    found = (await call.session.scalars(select(CaseFile).where(wanted).order_by(CaseFile.id.desc()).limit(MOST))).all()
    await _note(call, found)
    return Found(cases=[_shown(case, call.plan) for case in found])


def _shown(case: CaseFile, plan: Plan) -> CaseStatus:
    name = next((rung.name for rung in plan.levels if rung.level == case.level), None)
    return CaseStatus(
        case_number=case.number, state=case.state, level=case.level, level_name=name.zh if name else "",
        level_name_en=name.en if name else "", opened_at=case.opened_at, first_absent_on=case.first_absent_on, back_on=case.back_on,
        closed_at=case.closed_at, exit=case.exit,
    )  # fmt: skip


async def _note(call: Caller, cases: Sequence[CaseFile]) -> None:
    async with working(call.parts.worker, call.now) as work:
        for case in cases:
            work.record(
                "case_status_read", f"case:{case.id}", area_code=case.area_code, case_id=case.id,
                actor=f"person:{call.key.person_id}", api_key_id=call.key.id,
            )  # fmt: skip
