"""Reports in words; the words are data in templates/reports.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from cases.names import area_names
from plan.model import Plan
from plan.reporting import Every
from plan.yaml_text import read_yaml
from storage.tables import Report, School
from storage.work import Work

NAMED = 5
"""So many units that are missing are named in a message; the rest is counted."""
COUNTED = ("of_age", "suspected", "dropout")
"""The plan's three lists, which are kept apart."""


@cache
def report_words() -> Mapping[str, Any]:
    """The words as they stand in the file."""
    data: Mapping[str, Any] = read_yaml(files("templates").joinpath("reports.yaml").read_text(encoding="utf-8"))
    return data


def period_name(every: Every, start: date) -> str:
    """A period as people call it."""
    words = report_words()["periods"][every]
    if every == "week":
        year, week, _ = start.isocalendar()
        return str(words.format(year=year, week=week))
    text = words[start.month] if every == "term" else words
    return str(text.format(year=start.year, next_year=start.year + 1, month=start.month, quarter=(start.month + 2) // 3))


def counts(numbers: Mapping[str, Any]) -> str:
    """The three numbers in a line."""
    return str(report_words()["counts"].format(**{name: numbers[name] for name in COUNTED}))


def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What has changed between two counts."""
    return "、".join(_changed(name, before, after) for name in COUNTED if before[name] != after[name])


def corrected(before: Mapping[str, Any], after: Mapping[str, Any], reasons: Mapping[str, str]) -> str:
    """Which numbers somebody states otherwise than they were computed, and why; those with the same reason together."""
    words = report_words()
    return "；".join(
        words["corrected"].format(change="、".join(_changed(name, before, after) for name in COUNTED if reasons.get(name) == why), why=why)
        for why in dict.fromkeys(reasons[name] for name in COUNTED if name in reasons)
    )


def _changed(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    words = report_words()
    form = words["change"] if before[name] != after[name] else words["unchanged"]
    return str(form.format(name=words["names"][name], before=before[name], after=after[name]))


def some(names: Sequence[str]) -> str:
    """A list of units that fits into a message."""
    if len(names) <= NAMED:
        return "、".join(names)
    return str(report_words()["missing_more"].format(names="、".join(names[:NAMED]), count=len(names)))


async def unit_name(work: Work, report: Report) -> str:
    """The school or area that reports."""
    if report.school_id is not None:
        return (await work.session.get_one(School, report.school_id)).name
    return (await area_names(work.session, [report.area_code])).get(report.area_code, report.area_code)


async def report_name(work: Work, plan: Plan, report: Report) -> str:
    """The report as people call it, with its unit and period."""
    kind = plan.reports.kinds[report.kind]
    unit = await unit_name(work, report)
    return str(report_words()["report"].format(unit=unit, period=period_name(kind.every, report.period_start), kind=kind.zh))
