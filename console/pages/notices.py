"""Written return notices: which wait for what, printed in one file, issued by name, their delivery recorded with its proof."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.responses import Response

import templates
from bot.rendering import DocumentBook
from bot.rendering.letters import receipt_pdf
from bot.rendering.notice_prints import deliveries_of, print_notices, proof_said, receipt_rows
from cases.declining import why_declined
from cases.delivering import PROVEN_BY, decline_by_name, issue_by_name, record_delivery
from cases.entitled import issuers
from cases.notice_papers import STATES, NoticePaper, State, count_notices, notice_papers, notices_in
from cases.proofs import Told
from console.pages.ledger import areas_beneath
from console.pages.photos import may_picture, pictures_of
from console.progress import Tell, with_progress
from console.security import require_csrf_form
from console.visit import Blank, Visit, Visiting, gone, see_other
from storage.tables import Notice, Task
from storage.work import Work

router = APIRouter(prefix="/notices")
ACTING = [Depends(require_csrf_form)]
PER_PAGE = 100
MOST_PRINTED = 200
LONGEST = 40
LONGEST_REASON = 200
FIRST_LOOKED_AT: Sequence[State] = ("draft", "issued", "delivered")
"""Whoever opens the page sees the first of these that has any."""
Ids = Annotated[list[int], Form()]
Short = Annotated[str, Form(max_length=LONGEST)]


class Filters(BaseModel):
    """Which notices."""

    state: str = Field(default="", max_length=10)
    area: str = Field(default="", max_length=12)
    page: int = Field(default=1, ge=1, le=10_000)

    def kept(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.model_dump().items() if value and name != "page"}


class _Refused(Exception):
    """Nothing of it is done. `notice_id`: the one that was refused."""

    def __init__(self, notice_id: int, reason: str) -> None:
        super().__init__(reason)
        self.notice_id, self.reason = notice_id, reason


Looking = Annotated[Filters, Query()]


@router.get("")
async def show(visit: Visiting, looking: Looking) -> Response:
    return await _list(visit, looking)


async def _list(visit: Visit, looking: Filters, *, refused: tuple[str, str] | None = None, status: int = 200) -> Response:
    """`refused`: (which notice, why)."""
    reading = Work(visit.session, visit.now)
    counts = await count_notices(reading, looking.area)
    standard: State = next((one for one in FIRST_LOOKED_AT if counts[one]), "issued")
    state = _state(looking.state) or standard
    ids = await notices_in(reading, looking.area, state, most=PER_PAGE, after=(looking.page - 1) * PER_PAGE)
    return await visit.show(
        "notices", papers=await notice_papers(reading, state="all", ids=ids), total=counts[state],
        pages=max(1, -(-counts[state] // PER_PAGE)), state=state,
        states=STATES, counts=counts, looking=looking, kept={**looking.kept(), "state": state}, areas=await areas_beneath(visit),
        may_print=may_print(visit), may_issue=_may_issue(visit), refused=refused,
        titles={name: one.title for name, one in book_of(visit).documents.items()},
        has_address=visit.parts.public_url is not None, status=status,
    )  # fmt: skip


def _state(said: str) -> State | None:
    return next((one for one in STATES if one == said), None)


def may_print(visit: Visit) -> bool:
    """A printed receipt bears the code with which a delivery is told: only for those who issue or deliver."""
    return visit.me.post.role in {*visit.plan.deliveries.by, *issuers(visit.plan)}


def _may_issue(visit: Visit) -> bool:
    return visit.me.post.role in issuers(visit.plan)


@router.post("/print", dependencies=ACTING)
async def print_(visit: Visiting, ids: Ids = []) -> Response:  # noqa: B006 - a form without a tick has no such field
    """Those that were ticked in one file, village by village, behind the list of who delivers which."""
    if not may_print(visit):
        return await _list(visit, Filters(), refused=("", "not_allowed"), status=409)
    seen = await _seen(visit, ids)
    if not seen:
        return await _list(visit, Filters(), refused=("", "none_chosen"), status=409)

    async def printing(tell: Tell) -> Response:
        async with visit.acting() as work:
            papers = await notice_papers(work, state="all", ids=seen)
            by = visit.me.person_id
            batch = await print_notices(work, visit.parts.cipher, book_of(visit), papers, visit.parts.public_url, by, tell)
        return _pdf(batch.pdf, f"notices-{visit.today:%Y%m%d}.pdf")

    return await with_progress(visit.request, printing)


def book_of(visit: Visit) -> DocumentBook:
    """Every document that can be written."""
    return DocumentBook.load(visit.parts.catalogue, Path(str(templates.__file__)).parent)


def _pdf(body: bytes, name: str) -> Response:
    return Response(body, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


async def _seen(visit: Visit, ids: Sequence[int]) -> list[int]:
    """Those of them that this post sees. 404 where it does not see one."""
    wanted = sorted(set(ids))[:MOST_PRINTED]
    found = sorted(await visit.session.scalars(select(Notice.id).where(Notice.id.in_(wanted))))
    if found != wanted:
        raise gone()
    return found


@router.post("/receipts", dependencies=ACTING)
async def receipts(visit: Visiting, ids: Ids = []) -> Response:  # noqa: B006
    """The receipts of those that were ticked, a page each, for the file."""
    seen = await _seen(visit, ids)
    book, reading = book_of(visit), Work(visit.session, visit.now)
    found = await deliveries_of(reading, ids=seen) if seen else []
    if not found:
        return await _list(visit, Filters(state="delivered"), refused=("", "none_chosen"), status=409)
    papers = {paper.notice_id: paper for paper in await notice_papers(reading, state="all", ids=seen)}
    async with visit.acting() as work:
        work.record("list_exported", "list:receipts", area_code=visit.area, actor=visit.actor, count=len(found))
    body = await asyncio.to_thread(receipt_pdf, book, receipt_rows(book, found, papers))
    return _pdf(body, f"receipts-{visit.today:%Y%m%d}.pdf")


@router.post("/issue", dependencies=ACTING)
async def issue(visit: Visiting, ids: Ids = [], back: Short = "") -> Response:  # noqa: B006
    """Each gets its number and goes to the family: all that were ticked, or none."""
    seen = await _seen(visit, ids)
    if not seen:
        return await _list(visit, Filters(state="draft"), refused=("", "none_chosen"), status=409)

    async def issuing(tell: Tell) -> Response:
        try:
            async with visit.acting() as work:
                for number, notice_id in enumerate(seen, start=1):
                    _stop(notice_id, await issue_by_name(work, notice_id, visit.me.person_id))
                    tell(number, len(seen))
        except _Refused as fault:
            return await _list(visit, Filters(state="draft"), refused=(str(fault.notice_id), fault.reason), status=409)
        return see_other(f"/notices/{seen[0]}" if back == "one" else "/notices", said="issued")

    return await with_progress(visit.request, issuing)


def _stop(notice_id: int, refusal: Any) -> None:
    if refusal is not None:
        raise _Refused(notice_id, refusal.reason)


@router.get("/{notice_id}")
async def one(visit: Visiting, notice_id: int) -> Response:
    return await _page(visit, notice_id)


async def _page(
    visit: Visit, notice_id: int, *, refused: str | None = None, typed: dict[str, str] | None = None, status: int = 200
) -> Response:
    reading = Work(visit.session, visit.now)
    papers = await notice_papers(reading, state="all", ids=[notice_id])
    if not papers:
        raise gone()
    paper: NoticePaper = papers[0]
    book = book_of(visit)
    found = [(one, proof_said(book, one.proof)) for one in await deliveries_of(reading, ids=[notice_id])]
    delivering = list(await visit.session.scalars(select(Task.id).where(Task.notice_id == notice_id).order_by(Task.id)))
    ways = {name: way for name, way in visit.plan.deliveries.ways.items() if way.proof in PROVEN_BY}
    return await visit.show(
        "notice", paper=paper, delivering=delivering, pictures=await pictures_of(visit, delivering), photo_rights=await may_picture(visit),
        deliveries=found, ways=ways, may_print=may_print(visit), may_issue=_may_issue(visit),
        may_deliver=visit.me.post.role in visit.plan.deliveries.by, refused=refused, typed=typed or {}, longest=LONGEST, status=status,
        longest_reason=LONGEST_REASON, why_not=await why_declined(reading, await visit.session.get_one(Notice, notice_id)),
        crumbs=await visit.crumbs(paper.area_code), heading=book.documents[paper.document].title,
    )  # fmt: skip


@router.post("/{notice_id}/decline", dependencies=ACTING)
async def decline(visit: Visiting, notice_id: int, why: Annotated[str, Form(max_length=LONGEST_REASON)] = "") -> Response:
    """It gets no number; those around hear so, and the case goes on."""
    await _seen(visit, [notice_id])
    try:
        async with visit.acting() as work:
            _stop(notice_id, await decline_by_name(work, notice_id, visit.me.person_id, why.strip()))
    except _Refused as fault:
        return await _page(visit, notice_id, refused=fault.reason, typed={"why": why}, status=409)
    return see_other(f"/notices/{notice_id}", said="declined")


@router.post("/{notice_id}/deliver", dependencies=ACTING)
async def deliver(
    visit: Visiting, notice_id: int, way: Short = "", signed: Short = "", witness: Short = "", posting: Short = "",
    on: Annotated[Blank[date | None], Form()] = None,
) -> Response:  # fmt: skip
    """The deadline runs from that day; without the proof that its way needs, a delivery counts for nothing."""
    await _seen(visit, [notice_id])
    given = {"signed": signed.strip(), "witness": witness.strip(), "number": posting.strip().upper()}
    told = Told(way, {name: value for name, value in given.items() if value})
    try:
        async with visit.acting() as work:
            _stop(notice_id, await record_delivery(work, notice_id, told, by=visit.me.person_id, on=on))
    except _Refused as fault:
        typed = {"way": way, "signed": signed, "witness": witness, "posting": posting, "on": on.isoformat() if on else ""}
        return await _page(visit, notice_id, refused=fault.reason, typed=typed, status=409)
    return see_other(f"/notices/{notice_id}", said="delivered")
