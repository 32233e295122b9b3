"""Return notices put on paper and kept as they were printed; the receipts of their delivery for the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from bot.rendering.documents import DocumentBook
from bot.rendering.letters import Batch, kept_facts, notice_batch, people_of, spoken
from cases.documents import Making, keep_documents
from cases.notice_papers import NoticePaper
from cases.plans import plan_in_force
from cases.receipt_claims import code_of, receipt_tokens
from plan.calendar import Calendar
from storage.crypto import Cipher
from storage.tables import Notice, Person, Receipt, Student
from storage.work import Work


async def print_notices(
    work: Work, cipher: Cipher, book: DocumentBook, papers: Sequence[NoticePaper], public_url: str | None, by: int | None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Batch:  # fmt: skip
    """One file, with an address and a code on the receipt of each notice that may still be delivered; what was printed is kept.

    `tell`: called from a thread, with how many letters are written and of how many.
    """
    open_ones = [paper.notice_id for paper in papers if paper.state == "issued"]
    tokens = await receipt_tokens(work, cipher, open_ones) if public_url and open_ones else {}

    def receipt(notice_id: int) -> tuple[str | None, str]:
        token = tokens.get(notice_id)
        return (f"{(public_url or '').rstrip('/')}/r/{token}", code_of(cipher, token)) if token else (None, "")

    today = Calendar((await plan_in_force(work.session))[1]).day_of(work.now)
    batch = await asyncio.to_thread(notice_batch, book, papers, today, receipt, tell)
    await keep_documents(work, [_making(paper, batch) for paper in papers], by)
    return batch


def _making(paper: NoticePaper, batch: Batch) -> Making:
    facts = kept_facts(batch.letters[paper.notice_id])
    return Making(paper.document, f"notice:{paper.notice_id}", paper.area_code, facts, paper.number, paper.case_id, paper.student_id)


@dataclass(frozen=True)
class Delivered:
    """One receipt. `way`: in the plan's words; `delivered`: the day that was told; `recorded`: local time."""

    notice_id: int
    number: str
    way: str
    delivered: str
    recorded: str
    recorded_by: str
    proof: dict[str, Any]


async def deliveries_of(work: Work, area: str = "", ids: Collection[int] | None = None) -> list[Delivered]:
    """Every delivery in an area, or of these notices, in the order in which they were recorded; none of a child made anonymous."""
    plan = (await plan_in_force(work.session))[1]
    calendar, ways = Calendar(plan), plan.deliveries.ways
    query = (
        select(Notice.id, Notice.number, Receipt.way, Receipt.at, Person.name, Receipt.facts)
        .join(Receipt, Receipt.notice_id == Notice.id)
        .join(Student, Student.id == Notice.student_id)
        .outerjoin(Person, Person.id == Receipt.recorded_by)
        .where(Notice.area_code.startswith(area), Student.anonymised_at.is_(None))
        .order_by(Receipt.at, Receipt.id)
    )
    if ids is not None:
        query = query.where(Notice.id.in_(ids))
    return [
        Delivered(
            notice_id,
            number or "",
            ways[way].zh if way in ways else way,
            facts.get("on", f"{calendar.day_of(at)}"),
            f"{calendar.local(at):%Y-%m-%d %H:%M}",
            name or "",
            facts,
        )
        for notice_id, number, way, at, name, facts in await work.session.execute(query)
    ]


def receipt_rows(book: DocumentBook, found: Sequence[Delivered], papers: Mapping[int, NoticePaper]) -> list[list[str]]:
    """The fields of each receipt in the form's order."""
    rows = []
    for one in found:
        paper = papers[one.notice_id]
        deadline = spoken(paper.deadline_on) if paper.deadline_on else ""
        title = book.documents[paper.document].title
        rows.append(
            [
                one.number, title, paper.child, people_of(book, paper), one.way, proof_said(book, one.proof),
                spoken(date.fromisoformat(one.delivered)), one.recorded, deadline, one.recorded_by,
            ]
        )  # fmt: skip
    return rows


def proof_said(book: DocumentBook, facts: Mapping[str, Any]) -> str:
    """What is shown of a proof: names and numbers as they were given."""
    shown = {label: facts[name] for name, label in book.form["proof"].items() if facts.get(name)}
    return "；".join(f"{label}：{value}" if value is not True else label for label, value in shown.items())
