"""Aid: requests to decide, to pay, and paid. A named person grants or refuses; the family is told; what is paid has its proof."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from pydantic import Field
from sqlalchemy import func, select
from starlette.responses import Response

from bot.dialogs.phrases import law_book
from bot.rendering.support_letters import NotToBeSaid, aid_pdf, judged
from bot.rendering.support_tables import aid_register, payment_list
from cases.aid import entitled_to, suggested
from cases.aid_deciding import NotGrantable, aid_decider, conclude_aid, grant_asked
from cases.aid_figures import figure_mark
from cases.aid_payment import PAYABLE, Payment, list_for_payment, pay_all
from cases.aid_register import aid_decision, aid_query, aid_row
from cases.desk import Desk, desk_of_area, desk_of_student
from cases.posts.held import answers_for_any_above
from console.letters import Refusal
from console.pages.ledger import XLSX
from console.paging import After, piece
from console.security import require_csrf_form
from console.visit import Blank, Visit, Visiting, gone, see_other
from storage.tables import AidRequest, Student
from storage.work import Work

router = APIRouter(prefix="/aid")
ACTING = [Depends(require_csrf_form)]
LONGEST = 200
STATES = ("requested", "granted", "listed", "paid", "refused", "withdrawn")
Words = Annotated[str, Form(max_length=LONGEST)]
Sum = Annotated[Blank[Annotated[Decimal, Field(max_digits=9, decimal_places=2)] | None], Form()]
Act = Callable[[Work, AidRequest, Desk, Student], Awaitable[Refusal | None]]


class Refused(Exception):
    """Nothing of it was done."""

    def __init__(self, fault: Refusal) -> None:
        super().__init__(fault.key)
        self.fault = fault


@router.get("")
async def show(visit: Visiting, state: str = "requested", after: After = "") -> Response:
    return await _list(visit, state if state in STATES else "requested", after)


async def _list(visit: Visit, state: str, after: str = "", *, refused: Refusal | None = None) -> Response:
    found = await piece(visit.session, aid_query("", (state,)), (AidRequest.id,), after)
    counted = select(AidRequest.state, func.count()).group_by(AidRequest.state)
    return await visit.show(
        "aid", status=409 if refused else 200, piece=found, rows=[aid_row(row) for row in found.rows], state=state, states=STATES,
        fault=refused, may_list=await _may_list(visit),
        counts=dict((await visit.session.execute(counted)).all()), is_office=visit.me.post.school_id is None,
    )  # fmt: skip


async def _may_list(visit: Visit) -> bool:
    """Whether this post pays in its area."""
    if visit.me.post.school_id is not None:
        return False
    async with visit.acting() as work:
        return await answers_for_any_above(work, await desk_of_area(work, visit.area), visit.me.person_id, _payer(visit))


def _payer(visit: Visit) -> str:
    return visit.plan.aid.payment.role or visit.plan.holes.role


@router.post("/list", dependencies=ACTING)
async def list_for_paying(visit: Visiting) -> Response:
    """Everything granted and not yet listed goes on a numbered payment list, which comes as a workbook."""
    if not await _may_list(visit):
        return await _list(visit, "granted", refused=Refusal("not_entitled"))
    async with visit.acting() as work:
        number, found = await list_for_payment(work, visit.area, visit.me.person_id, visit.today)
        await work.session.flush()
        body = await payment_list(work, visit.plan, visit.area, number) if found else b""
        if found:
            work.record("list_exported", "list:aid_payment", area_code=visit.area, actor=visit.actor, count=len(found))
    return _book("aid-payment", body) if found else await _list(visit, "granted", refused=Refusal("nothing_to_list"))


def _book(name: str, body: bytes) -> Response:
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'})


@router.get("/export.xlsx")
async def export(visit: Visiting) -> Response:
    """The register of the post's area. 404 for a school's people, whose post is no area."""
    if visit.me.post.school_id is not None:
        raise gone()
    async with visit.acting() as work:
        body = await aid_register(work, visit.plan, visit.area)
        work.record("aid_exported", f"area:{visit.area}", area_code=visit.area, actor=visit.actor)
    return _book(f"aid-{visit.today:%Y%m%d}", body)


@router.get("/{request_id}")
async def one(visit: Visiting, request_id: int) -> Response:
    return await _page(visit, request_id)


async def _seen(visit: Visit, request_id: int) -> AidRequest:
    found = await visit.session.get(AidRequest, request_id)
    if found is None:
        raise gone()
    return found


async def _page(visit: Visit, request_id: int, *, refused: Refusal | None = None, **typed: object) -> Response:
    request = await _seen(visit, request_id)
    found = (await visit.session.execute(aid_query("").where(AidRequest.id == request_id))).one_or_none()
    if found is None:
        raise gone()
    async with visit.acting() as work:
        child = await work.session.get_one(Student, request.student_id)
        desk = await desk_of_student(work, child)
        may_decide = await answers_for_any_above(work, desk, visit.me.person_id, aid_decider(visit.plan))
        may_pay = await answers_for_any_above(work, desk, visit.me.person_id, _payer(visit))
        claims, hint = await entitled_to(work, child), await suggested(work, child)
    return await visit.show(
        "aid_request", status=409 if refused else 200, one=request, row=aid_row(found), child=child, claims=claims, hint=hint,
        fault=refused,
        may_decide=may_decide, may_pay=may_pay, kinds=visit.plan.aid.kinds, mark=figure_mark, payable=PAYABLE, longest=LONGEST,
        typed={"note": "", "kind": hint.kind, "amount": None, "proof": "", **typed},
    )  # fmt: skip


async def _do(visit: Visit, request_id: int, act: Act, done: str, **typed: object) -> Response:
    """On the locked row, all of it or nothing."""
    await _seen(visit, request_id)
    try:
        async with visit.acting() as work:
            request = await work.session.get_one(AidRequest, request_id, with_for_update=True)
            child = await work.session.get_one(Student, request.student_id)
            fault = await act(work, request, await desk_of_student(work, child), child)
            if fault is not None:
                raise Refused(fault)
    except Refused as refused:
        return await _page(visit, request_id, refused=refused.fault, **typed)
    return see_other(f"/aid/{request_id}", said=done)


@router.post("/{request_id}/decide", dependencies=ACTING)
async def decide(visit: Visiting, request_id: int, granted: Words = "", kind: Words = "", amount: Sum = None, note: Words = "") -> Response:
    """`granted`: yes or no; a no needs its reason, and so does what goes beyond the plan."""

    async def act(work: Work, request: AidRequest, desk: Desk, child: Student) -> Refusal | None:
        if not await answers_for_any_above(work, desk, visit.me.person_id, aid_decider(visit.plan)):
            return Refusal("not_entitled")
        if request.state != "requested":
            return Refusal("ended")
        if granted not in {"yes", "no"} or (granted == "no" and not note.strip()):
            return Refusal("say_why")
        try:
            grant = await grant_asked(work, desk, child, kind, amount, note) if granted == "yes" else None
            judged(law_book(), note if grant is None else "", to_families=True)  # a refusal's reason stands in the letter to the family
        except NotGrantable as fault:
            return Refusal(str(fault))
        except NotToBeSaid as never:
            return Refusal("reply_forbidden", str(never))
        await conclude_aid(work, desk, request, granted=granted == "yes", by=visit.me.person_id, note=note.strip(), grant=grant)
        return None

    return await _do(visit, request_id, act, f"aid_{granted}", note=note, kind=kind, amount=amount)


@router.post("/{request_id}/paid", dependencies=ACTING)
async def paid(
    visit: Visiting, request_id: int, paid_on: Annotated[Blank[date | None], Form()] = None, amount: Sum = None, proof: Words = ""
) -> Response:
    async def act(work: Work, request: AidRequest, desk: Desk, child: Student) -> Refusal | None:  # noqa: ARG001 - the shape of an act
        if not await answers_for_any_above(work, desk, visit.me.person_id, _payer(visit)):
            return Refusal("not_entitled")
        faults = await pay_all(work, [request], Payment(paid_on or visit.today, proof, amount), visit.me.person_id)
        return Refusal(faults[0][1]) if faults else None

    return await _do(visit, request_id, act, "aid_paid", proof=proof)


@router.get("/{request_id}/letter.pdf")
async def letter(visit: Visiting, request_id: int) -> Response:
    """The letter of the decision, for whoever decides; that it was printed is kept."""
    await _seen(visit, request_id)
    async with visit.acting() as work:
        request = await work.session.get_one(AidRequest, request_id)
        desk = await desk_of_student(work, await work.session.get_one(Student, request.student_id))
        if request.decided_at is None or not await answers_for_any_above(work, desk, visit.me.person_id, aid_decider(visit.plan)):
            raise gone()
        try:
            body = await asyncio.to_thread(aid_pdf, law_book(), await aid_decision(work, request))
        except NotToBeSaid as never:  # decided by a message
            return await _page(visit, request_id, refused=Refusal("reply_forbidden", str(never)))
        work.record("aid_letter_printed", f"student:{request.student_id}", area_code=request.area_code, actor=visit.actor)
    return Response(body, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="aid-{request_id}.pdf"'})
