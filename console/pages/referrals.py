"""Referrals to departments: decided on by a named person who says it twice; their letters, what was signed for and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import func, select
from starlette.responses import Response

from bot.dialogs.phrases import law_book
from bot.rendering.support_letters import NotToBeSaid, referral_pdf
from cases.casework import lock_case
from cases.desk import Desk, desk_of_case
from cases.finishing import finish_task
from cases.posts.held import answers_for_any_above
from cases.referral_letters import NotApproved, facts_told, parents_told, referral_letter
from cases.referral_register import referral_query, referral_row
from cases.referrals import (
    SENT,
    UNDECIDED,
    WITHDRAWABLE,
    act_task,
    conclude_referral,
    may_decide,
    may_withdraw,
    note_answer,
    withdraw_referral,
)
from console.letters import Refusal
from console.paging import After, piece
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone, see_other
from storage.tables import CaseFile, Person, Referral, School, Student
from storage.work import Work

router = APIRouter(prefix="/referrals")
ACTING = [Depends(require_csrf_form)]
LONGEST = 300
STATES = ("proposed", "approved", "answered", "refused", "withdrawn")
Words = Annotated[str, Form(max_length=LONGEST)]
Act = Callable[[Work, Referral, Desk], Awaitable[Refusal | None]]


@router.get("")
async def show(visit: Visiting, state: str = UNDECIDED, after: After = "") -> Response:
    query = referral_query(visit.plan, visit.area, state if state in STATES else "")
    found = await piece(visit.session, query, (Referral.id,), after)
    counted = select(Referral.state, func.count()).where(Referral.kind.in_(_enabled(visit)), Referral.area_code.startswith(visit.area))
    counts = dict((await visit.session.execute(counted.group_by(Referral.state))).all())
    return await visit.show(
        "referrals", piece=found, rows=[referral_row(visit.plan, row) for row in found.rows], state=state, states=STATES, counts=counts
    )


def _enabled(visit: Visit) -> list[str]:
    return [name for name, kind in visit.plan.referrals.items() if kind.enabled]


async def _seen(visit: Visit, referral_id: int) -> Referral:
    """404 for one that this post does not see, or of a kind that the plan does not enable."""
    found = await visit.session.get(Referral, referral_id)
    if found is None or found.kind not in _enabled(visit):
        raise gone()
    return found


@router.get("/{referral_id}")
async def one(visit: Visiting, referral_id: int) -> Response:
    return await _page(visit, referral_id)


async def _page(visit: Visit, referral_id: int, *, refused: Refusal | None = None, is_asked: bool = False, typed: str = "") -> Response:
    """One referral. `is_asked`: the approval has been said once and waits for its second word."""
    referral = await _seen(visit, referral_id)
    case = await visit.session.get_one(CaseFile, referral.case_id)
    async with visit.acting() as work:
        kept = await work.session.get_one(Referral, referral_id)
        desk = await desk_of_case(work, await work.session.get_one(CaseFile, case.id))
        facts = await facts_told(work, kept, visit.parts.cipher)
        may = {
            "decide": await may_decide(work, desk, visit.me.person_id), "answer": await _may_answer(visit, work, desk),
            "withdraw": await may_withdraw(work, desk, kept, visit.me.person_id),
        }  # fmt: skip
    return await visit.show(
        "referral", status=409 if refused else 200, one=referral, case=case, facts=facts, may=may, fault=refused, typed=typed,
        child=await visit.session.get_one(Student, case.student_id), school=await visit.session.get_one(School, case.school_id),
        people=await _people(visit, referral), is_asked=is_asked, parents=parents_told(desk, referral), longest=LONGEST,
        withdrawable=WITHDRAWABLE, sent=("approved", "answered"),
    )  # fmt: skip


async def _may_answer(visit: Visit, work: Work, desk: Desk) -> bool:
    """The county enters an answer that came on paper."""
    return await answers_for_any_above(work, desk, visit.me.person_id, visit.plan.holes.role)


async def _people(visit: Visit, one: Referral) -> dict[int, str]:
    named = (one.proposed_by, one.decided_by, one.acknowledged_by, one.answered_by, one.withdrawn_by)
    ids = [person_id for person_id in named if person_id is not None]
    async with visit.acting() as work:
        return dict((await work.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))).all())


async def _do(visit: Visit, referral_id: int, act: Act, done: str, typed: str = "") -> Response:
    """Carries it out on the locked row, or shows the page again with what forbids it."""
    seen = await _seen(visit, referral_id)
    async with visit.acting() as work:
        desk = await desk_of_case(work, await lock_case(work, seen.case_id))  # the case first, as everywhere
        referral = await work.session.get_one(Referral, referral_id, with_for_update=True)
        refused = await act(work, referral, desk)
    if refused is not None and refused.key == "confirm_first":
        return await _page(visit, referral_id, is_asked=True)
    if refused is not None:
        return await _page(visit, referral_id, refused=refused, typed=typed)
    return see_other(f"/referrals/{referral_id}", said=done)


async def _undecidable(visit: Visit, work: Work, referral: Referral, desk: Desk) -> Refusal | None:
    case = await work.session.get_one(CaseFile, referral.case_id)
    if not await may_decide(work, desk, visit.me.person_id):
        return Refusal("not_entitled")
    if referral.state != UNDECIDED:
        return Refusal("ended")
    return Refusal("closed") if case.state != "open" else None


@router.post("/{referral_id}/approve", dependencies=ACTING)
async def approve(visit: Visiting, referral_id: int, confirmed: Annotated[str, Form(max_length=40)] = "") -> Response:
    """`confirmed`: the case's number, from the page that asks for the second word."""

    async def act(work: Work, referral: Referral, desk: Desk) -> Refusal | None:
        if (fault := await _undecidable(visit, work, referral, desk)) is not None:
            return fault
        if confirmed != (await work.session.get_one(CaseFile, referral.case_id)).number:
            return Refusal("confirm_first")
        await conclude_referral(work, referral, approved=True, by=visit.me.person_id, note="")
        return None

    return await _do(visit, referral_id, act, "referral_approved")


@router.post("/{referral_id}/refuse", dependencies=ACTING)
async def refuse(visit: Visiting, referral_id: int, said: Words = "") -> Response:
    async def act(work: Work, referral: Referral, desk: Desk) -> Refusal | None:
        if (fault := await _undecidable(visit, work, referral, desk)) is not None:
            return fault
        if not said.strip():
            return Refusal("say_why")
        await conclude_referral(work, referral, approved=False, by=visit.me.person_id, note=said.strip())
        return None

    return await _do(visit, referral_id, act, "referral_refused", said)


@router.post("/{referral_id}/withdraw", dependencies=ACTING)
async def withdraw(visit: Visiting, referral_id: int, said: Words = "") -> Response:
    """By whoever proposed it, or may decide."""

    async def act(work: Work, referral: Referral, desk: Desk) -> Refusal | None:
        if not await may_withdraw(work, desk, referral, visit.me.person_id):
            return Refusal("not_entitled")
        fault = await withdraw_referral(work, referral, by=visit.me.person_id, reason=said)
        return Refusal(fault) if fault is not None else None

    return await _do(visit, referral_id, act, "referral_withdrawn", said)


@router.post("/{referral_id}/answer", dependencies=ACTING)
async def answer(visit: Visiting, referral_id: int, said: Words = "") -> Response:
    """The county enters the department's answer that came on paper."""

    async def act(work: Work, referral: Referral, desk: Desk) -> Refusal | None:
        if not await _may_answer(visit, work, desk):
            return Refusal("not_entitled")
        if referral.state != SENT:
            return Refusal("not_sent")
        if not said.strip():
            return Refusal("say_answer")
        task = await act_task(work, referral)
        if task is None:
            await note_answer(work, referral, by=visit.me.person_id, answer=said.strip())
            return None
        failed = await finish_task(work, task, visit.me.person_id, said.strip())
        return Refusal(failed.reason) if failed is not None else None

    return await _do(visit, referral_id, act, "referral_answered", said)


@router.get("/{referral_id}/letter.pdf")
async def letter(visit: Visiting, referral_id: int) -> Response:
    """For whoever proposed it or may decide; that it was printed is kept. 404 for anybody else, and without an approval."""
    await _seen(visit, referral_id)
    async with visit.acting() as work:
        referral = await work.session.get_one(Referral, referral_id)
        desk = await desk_of_case(work, await work.session.get_one(CaseFile, referral.case_id))
        if not await may_withdraw(work, desk, referral, visit.me.person_id):
            raise gone()
        try:
            body = await asyncio.to_thread(referral_pdf, law_book(), await referral_letter(work, referral, visit.parts.cipher))
        except NotApproved as fault:
            raise gone() from fault
        except NotToBeSaid as never:
            return await _page(visit, referral_id, refused=Refusal("reply_forbidden", str(never)))
        work.record(
            "referral_letter_printed", f"referral:{referral.id}", area_code=referral.area_code, case_id=referral.case_id, actor=visit.actor
        )
    return Response(body, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="referral-{referral_id}.pdf"'})
