"""Aid and complaints as workbooks: payment list, registers, counts. For those who handle them, never to be posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cases.aid_register import aid_rows
from cases.complaint_register import Complaints, complaint_rows, count_by_kind
from cases.names import area_names
from cases.support_words import Form, support_words
from papers.workbook import Cell, Column, Kind, Sheet, workbook
from plan.calendar import Calendar
from plan.model import Plan
from storage.work import Work

_LIST: tuple[tuple[float, Kind], ...] = (
    (6, "count"), (22, "text"), (10, "text"), (22, "text"), (10, "text"), (18, "text"), (10, "money"), (10, "money"), (10, "money"),
    (12, "text"), (12, "date"),
)  # fmt: skip
_REGISTER: tuple[tuple[float, Kind], ...] = (
    (22, "text"), (10, "text"), (20, "text"), (11, "date"), (14, "text"), (18, "text"), (10, "money"), (8, "text"), (11, "date"),
    (10, "text"), (20, "text"), (11, "date"), (10, "money"), (22, "text"),
)  # fmt: skip
_COMPLAINTS: tuple[tuple[float, Kind], ...] = (
    (22, "text"), (12, "text"), (22, "text"), (10, "text"), (16, "moment"), (16, "moment"), (11, "date"), (10, "text"), (12, "text"),
    (16, "moment"),
)  # fmt: skip
_COUNTS: tuple[tuple[float, Kind], ...] = ((16, "text"), *((12, "count"),) * 6)


async def payment_list(work: Work, plan: Plan, area: str, number: str) -> bytes:
    """What stands on the list with this number, with room for signatures."""
    form, rows = support_words().form("payment_list"), [row for row in await aid_rows(work.session, area) if row.list_number == number]
    lines: list[list[Cell]] = [
        [place, row.number, row.student, row.school, row.class_name, plan.aid.label(row.aid_kind), row.amount, row.amount, None, None, None]
        for place, row in enumerate(rows, start=1)
    ]
    sums: list[Cell] = [None] * len(_LIST)
    sums[1] = form.total
    sums[7] = sum((row.amount or Decimal(0) for row in rows), start=Decimal(0))
    return workbook([_sheet(form, await _title(work, form, area, number), _LIST, lines, sums)])


async def aid_register(work: Work, plan: Plan, area: str) -> bytes:
    """Every request of the area and what came of it."""
    calendar, words, form = Calendar(plan), support_words(), support_words().form("aid_register")
    lines: list[list[Cell]] = [
        [
            row.number or form.unnumbered.format(id=row.id), row.student, row.school, calendar.day_of(row.requested_at),
            words.label("states", row.state),
            plan.aid.label(row.aid_kind), row.amount, words.label("per", row.per),
            calendar.day_of(row.decided_at) if row.decided_at else None,
            row.decided_by, row.list_number, row.paid_on, row.paid_amount, row.proof,
        ]
        for row in await aid_rows(work.session, area)
    ]  # fmt: skip
    return workbook([_sheet(form, await _title(work, form, area), _REGISTER, lines)])


async def complaint_register(work: Work, plan: Plan, area: str, query: Complaints) -> bytes:
    """The complaints that `complaints_of` finds in a county, and their counts by kind; no child, no sender, no words."""
    calendar, words = Calendar(plan), support_words()
    form, counts = words.form("complaints"), words.form("complaint_counts")

    def local(moment: datetime | None) -> datetime | None:
        return calendar.local(moment) if moment is not None else None

    lines: list[list[Cell]] = [
        [
            row.number, plan.complaints.label(row.kind), row.school,
            words.label("sources", "anonymous" if row.is_anonymous else "guardian"),
            local(row.received_at), local(row.acknowledged_at), calendar.day_of(row.answer_by), words.label("states", row.state),
            words.label("outcome_names", row.outcome), local(row.answered_at),
        ]
        for row in await complaint_rows(work.session, query)
    ]  # fmt: skip
    totals: list[list[Cell]] = [
        [plan.complaints.label(one.kind), one.received, one.answered, one.substantiated, one.partly, one.unsubstantiated, one.overdue]
        for one in await count_by_kind(work.session, query, work.now)
    ]
    return workbook([
        _sheet(form, await _title(work, form, area), _COMPLAINTS, lines),
        _sheet(counts, await _title(work, counts, area), _COUNTS, totals),
    ])  # fmt: skip


async def _title(work: Work, form: Form, area: str, number: str = "") -> str:
    name = (await area_names(work.session, [area])).get(area, "") if area else ""
    return form.title.format(area=name, number=number)


def _sheet(form: Form, title: str, layout: Sequence[tuple[float, Kind]], rows: list[list[Cell]], sums: list[Cell] | None = None) -> Sheet:
    columns = [Column(name, width, kind) for name, (width, kind) in zip(form.columns, layout, strict=True)]
    return Sheet(form.name, title, columns, rows, [form.note] if form.note else [], sums)
