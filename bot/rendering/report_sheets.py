"""From rows of reports to the sheets that are printed."""

from __future__ import annotations

from collections.abc import Sequence

from cases.names import area_names
from cases.reports.listing import ReportRow
from cases.reports.roster import RosterRow
from cases.reports.words import COUNTED, corrected, report_words
from papers.reports import CountLine, RosterLine, count_sheet, roster_sheet
from papers.workbook import workbook
from plan.calendar import Calendar
from plan.model import Plan
from plan.reporting import UNITS
from storage.work import Work

ROOT = 4
"""Digits of the prefecture's code."""


async def reports_book(work: Work, plan: Plan, kind: str, area: str, rows: Sequence[ReportRow]) -> bytes:
    """A sheet for each level that reports, the highest first."""
    words, label = report_words()["sheet"], plan.reports.kinds[kind].zh
    name = await _area_name(work, area or rows[0].area_code[:ROOT])
    title = words["title"].format(area=name, period=rows[0].period, kind=label)
    levels = [of for of in reversed(UNITS) if any(row.of == of for row in rows)]
    return workbook(
        [
            count_sheet(
                f"{label}·{plan_unit(of)}", title, words["columns"], [_line(plan, row) for row in rows if row.of == of],
                _notes(work, plan, "notes", "count_notes"), words["total"],
            )
            for of in levels
        ]
    )  # fmt: skip


def plan_unit(of: str) -> str:
    """A level as a sheet is named."""
    return str(report_words()["units"][of])


def _line(plan: Plan, row: ReportRow) -> CountLine:
    stated, computed, local = row.stated or {}, row.computed, Calendar(plan).local
    numbers = {name: stated.get(name) for name in COUNTED} | {f"computed_{name}": computed.get(name) for name in COUNTED}
    return CountLine(
        row.unit, **numbers, reason=corrected(computed, stated, row.reasons) if stated else "",
        counted=local(row.computed_at) if row.computed_at else None, confirmed=row.confirmed_by or "", signed=row.signed_by or "",
        at=local(row.submitted_at) if row.submitted_at else None, state=report_words()["states"][row.state], version=row.version,
    )  # fmt: skip


def _notes(work: Work, plan: Plan, *lists: str) -> list[str]:
    """Those of these lists, and the line for the signatures."""
    words, rule = report_words()["sheet"], plan.lists
    facts = {
        "suspected_after": rule.suspected_after_school_days, "dropout_after": rule.dropout_after_school_days,
        "as_of": f"{Calendar(plan).local(work.now):%Y-%m-%d %H:%M}",
    }  # fmt: skip
    return [*(note.format(**facts) for name in lists for note in words[name]), "", words["signatures"]]


async def roster_book(work: Work, plan: Plan, area: str, rows: Sequence[RosterRow]) -> bytes:
    """One sheet of children."""
    words = report_words()["sheet"]
    title = words["roster_title"].format(area=await _area_name(work, area) if area else "")
    notes = _notes(work, plan, "roster_notes", "notes")
    return workbook([roster_sheet(words["roster_name"], title, words["roster"], [_child(plan, row) for row in rows], notes)])


def _child(plan: Plan, row: RosterRow) -> RosterLine:
    words, rung = report_words()["sheet"], plan.at_level(row.level)
    cause = plan.causes.get(row.cause or "")
    owner = "、".join(dict.fromkeys(plan.role_name(step.role) for step in rung.owed))
    return RosterLine(
        words["lists"][row.listed], row.name, words["sex"].get(row.sex or "", ""), row.born, row.school, row.class_name, row.home,
        row.since, row.days, row.number, f"{row.level} {rung.name.zh}", words["kept"] if row.is_kept else cause.zh if cause else "", owner,
    )  # fmt: skip


async def _area_name(work: Work, code: str) -> str:
    return (await area_names(work.session, [code])).get(code, code)
