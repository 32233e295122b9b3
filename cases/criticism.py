"""The criticism letter (批评教育书): a named officer issues it to guardians whom a delivered notice did not move (义务教育法第五十八条)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from cases.casework import lock_case
from cases.desk import desk_of_case
from cases.entitled import answers_for, issuers
from cases.finishing import Refusal
from cases.notice_papers import NoticePaper, notice_papers
from cases.notices import next_number
from storage.tables import CaseFile, Document, Notice, Person
from storage.work import Work

KIND = "criticism_letter"


@dataclass(frozen=True)
class Criticism:
    """What the letter needs: the last notice's paper, the numbers of all that were delivered, and its own number and day."""

    paper: NoticePaper
    subject: str
    number: str
    issued_on: date
    signed_by: str
    notices: tuple[str, ...]


async def issue_criticism(work: Work, case_number: str, by: int) -> Criticism | Refusal:
    """A letter for the running episode of a case; the same letter again when it was issued before.

    Refused without a delivered notice whose deadline has passed, or while an accepted reason stands: criticism is for those
    who send no child "without a legitimate reason".
    """
    found = await work.session.scalar(select(CaseFile.id).where(CaseFile.number == case_number))
    if found is None:
        return Refusal("no_case")
    case = await lock_case(work, found)
    delivered = await _delivered(work, case)
    desk = await desk_of_case(work, case)
    if (reason := _why_not(work, case, delivered, desk.today)) is not None:
        return Refusal(reason)
    last = delivered[-1]
    if not await answers_for(work, by, issuers(desk.plan), last.area_code, desk.today):
        return Refusal("not_allowed")
    (paper,) = await notice_papers(work, state="all", ids=[last.id])
    subject = f"case:{case.id}:{case.episode}"
    before = await _before(work, subject)
    if before is not None:
        return Criticism(
            paper, subject, before["number"], date.fromisoformat(before["issued_on"]), before["signed_by"], _numbers(delivered)
        )
    _, number = await next_number(work, "criticism", last.area_code, desk.today.year)
    name = (await work.session.get_one(Person, by)).name
    work.record("criticism_issued", f"case:{case.id}", area_code=case.area_code, case_id=case.id, actor=f"person:{by}")
    return Criticism(paper, subject, number, desk.today, name, _numbers(delivered))


async def _delivered(work: Work, case: CaseFile) -> list[Notice]:
    query = select(Notice).where(Notice.case_id == case.id, Notice.episode == case.episode, Notice.delivered_at.is_not(None))
    return list(await work.session.scalars(query.order_by(Notice.issued_at, Notice.id)))


def _why_not(work: Work, case: CaseFile, delivered: list[Notice], today: date) -> str | None:
    if case.state != "open" or case.back_on is not None:
        return "back_or_closed"
    if not delivered or any(notice.deadline_on is None or notice.deadline_on >= today for notice in delivered[-1:]):
        return "no_deadline_passed"
    standing = (case.paused_until, case.answered_until)
    return "has_reason" if any(until is not None and until > work.now for until in standing) else None


async def _before(work: Work, subject: str) -> dict[str, Any] | None:
    query = select(Document.facts).where(Document.subject == subject, Document.kind == KIND).order_by(Document.version.desc()).limit(1)
    return await work.session.scalar(query)


def _numbers(delivered: list[Notice]) -> tuple[str, ...]:
    return tuple(notice.number for notice in delivered if notice.number)
