"""Complaints about schools: for those of the county who may see them, never for anybody of a school. The web role reads none of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import Integer, case, literal_column, select
from starlette.responses import Response

from bot.rendering.support_tables import complaint_register
from cases.complaint_register import Complaints, complaint_row, complaints_of, count_by_kind
from cases.complaints import OPEN, Told, answer_complaint, numbered, read_by, schools_of, take_up, texts_of
from cases.desk import desk_of_area
from cases.letter_numbers import county_of
from cases.posts.held import answers_for_any_above
from console.letters import Refusal, judged, masked_texts
from console.pages.ledger import XLSX
from console.paging import After, counted, piece
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone, see_other
from storage.tables import Complaint, School
from storage.work import Work

router = APIRouter(prefix="/complaints")
ACTING = [Depends(require_csrf_form)]
OUTCOMES = ("substantiated", "partly", "unsubstantiated")
LONGEST = 500
Words = Annotated[str, Form(max_length=LONGEST)]
ENDED = case((Complaint.state.in_(OPEN), literal_column("0", Integer)), else_=literal_column("1", Integer))
ORDER = (ENDED, Complaint.answer_by, Complaint.id)
"""Those that wait for an answer first, by its time."""


async def may_see(visit: Visit) -> bool:
    """Whether this post takes up complaints in its area: of the county's office that the plan names, or above it."""
    if visit.me.post.school_id is not None or visit.area != county_of(visit.area):
        return False
    async with visit.acting() as work:
        desk = await desk_of_area(work, visit.area)
        return await answers_for_any_above(work, desk, visit.me.person_id, visit.plan.complaints.role or visit.plan.holes.role)


@asynccontextmanager
async def _office(visit: Visit) -> AsyncIterator[Work]:
    """A unit of work for somebody who may see complaints. 404 for anybody else, as if there were none."""
    if not await may_see(visit):
        raise gone()
    async with visit.acting() as work:
        yield work


async def _found(visit: Visit, work: Work, number: str) -> Complaint:
    """404 whether it is not there or not theirs to see."""
    complaint = await numbered(work, number)
    if complaint is None or not complaint.area_code.startswith(visit.area):
        raise gone()
    barred = await schools_of(work, visit.me.person_id, complaint.area_code)
    if complaint.school_id in barred or (complaint.school_id is None and barred):
        raise gone()
    return complaint


@router.get("")
async def show(visit: Visiting, after: After = "") -> Response:
    return await _list(visit, after)


async def _theirs(visit: Visit, work: Work) -> Complaints:
    """Those of the area, but for the visitor's own schools."""
    return complaints_of(visit.area, visit.now, barred_schools=await schools_of(work, visit.me.person_id, visit.area))


async def _list(visit: Visit, after: str = "", *, refused: Refusal | None = None, said: str = "") -> Response:
    async with _office(visit) as work:
        query = await _theirs(visit, work)
        found = await piece(work.session, query, ORDER, after)
        rows = [complaint_row(*row) for row in found.rows]
        waiting = await counted(work.session, query.where(Complaint.state.in_(OPEN)))
        counts = await count_by_kind(work.session, query, visit.now)
    schools = select(School.code, School.name).where(School.area_code.startswith(visit.area)).order_by(School.name)
    return await visit.show(
        "complaints", status=409 if refused else 200, piece=found, rows=rows, open=waiting, counts=counts,
        schools=(await visit.session.execute(schools)).all(), fault=refused, typed=said, longest=LONGEST,
    )  # fmt: skip


@router.post("", dependencies=ACTING)
async def add(visit: Visiting, said: Words = "", school: Words = "", kind: Words = "") -> Response:
    """One that was made in person or by telephone; no name is asked for."""
    if not said.strip() or (kind and kind not in visit.plan.complaints.kinds):
        return await _list(visit, refused=Refusal("say_complaint"), said=said)
    async with _office(visit) as work:
        school_id = await work.session.scalar(select(School.id).where(School.code == school, School.area_code.startswith(visit.area)))
        if school and school_id is None:
            raise gone()
        told = Told(said, visit.area, school_id, said_encrypted=visit.parts.cipher.encrypt(said.strip()), kind=kind or None)
        complaint = await take_up(work, told)
        work.record("complaint_entered", f"complaint:{complaint.id}", area_code=complaint.area_code, actor=visit.actor)
        number = complaint.number
    return see_other(f"/complaints/{number}", said="complaint_entered")


@router.get("/export.xlsx")
async def export(visit: Visiting) -> Response:
    async with _office(visit) as work:
        query = await _theirs(visit, work)
        work.record("complaints_exported", f"area:{visit.area}", area_code=visit.area, actor=visit.actor)
        body = await complaint_register(work, visit.plan, visit.area, query)
    name = f"complaints-{visit.today:%Y%m%d}.xlsx"
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/{number}")
async def one(visit: Visiting, number: str) -> Response:
    return await _page(visit, number)


async def _page(visit: Visit, number: str, *, is_open: bool = False, refused: Refusal | None = None, **typed: str) -> Response:
    """One complaint; its words only once somebody has opened them (`is_open`), which is kept."""
    async with _office(visit) as work:
        complaint = await _found(visit, work, number)
        school = await work.session.get(School, complaint.school_id or 0)
        words = await _said(visit, work, complaint) if is_open else None
    return await visit.show(
        "complaint", status=409 if refused else 200, one=complaint, school=school, letter=words, fault=refused, outcomes=OUTCOMES,
        is_open=complaint.state in OPEN, longest=visit.plan.dialogs.longest_reply, typed={"said": "", "outcome": "", **typed},
    )  # fmt: skip


async def _said(visit: Visit, work: Work, complaint: Complaint) -> str:
    if complaint.said_encrypted is not None:
        return visit.parts.cipher.decrypt(complaint.said_encrypted)
    return masked_texts(await texts_of(work, complaint))


@router.post("/{number}/read", dependencies=ACTING)
async def read(visit: Visiting, number: str) -> Response:
    async with _office(visit) as work:
        await read_by(work, await _found(visit, work, number), visit.me.person_id)
    return await _page(visit, number, is_open=True)


@router.post("/{number}/answer", dependencies=ACTING)
async def answer(visit: Visiting, number: str, outcome: Words = "", said: Words = "") -> Response:
    """What was found is a person's word; the answer goes back in the county's name."""
    async with _office(visit) as work:
        complaint = await _found(visit, work, number)
        refused = _refused(visit, complaint, outcome, said.strip())
        was_told = refused is None and await answer_complaint(work, complaint, outcome=outcome, words=said.strip(), by=visit.me.person_id)
    if refused is not None:
        return await _page(visit, number, is_open=True, refused=refused, outcome=outcome, said=said)
    return see_other("/complaints", said="complaint_answered" if was_told else "complaint_kept")


def _refused(visit: Visit, complaint: Complaint, outcome: str, said: str) -> Refusal | None:
    if complaint.state not in OPEN:
        return Refusal("too_late")
    return judged(visit.plan, said) if outcome in OUTCOMES else Refusal("say_outcome")
