"""The numbers of a report, from the rolls and the open cases, with the children behind each; or the sum of those beneath."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from cases.history.moment import moment
from cases.rates import Child, listed_at
from cases.reports.words import COUNTED
from cases.responsible import CODE_LENGTH
from cases.rolls import ON_ROLLS
from plan.model import Plan
from storage.tables import Facts, Report, ReportVersion, SchoolClass, Student
from storage.work import Work

AHEAD = "children away, counted ahead"
GRADES = range(1, 10)
"""Compulsory schooling: primary and junior middle school."""


@dataclass(frozen=True)
class Count:
    """`computed` and `children` as a version keeps them."""

    computed: Facts
    children: Facts


async def count(work: Work, plan: Plan, report: Report) -> Count:
    """A unit's own count, or the sum of the reports beneath it, as things stand now."""
    beneath = plan.reports.kinds[report.kind].beneath(report.of)
    return await _own(work, plan, report) if beneath is None else await _sum(work, report, beneath.of)


async def _own(work: Work, plan: Plan, report: Report) -> Count:
    """of_age: every child on the rolls of grades 1 to 9; the two other lists by the plan's thresholds, each child on one of them."""
    where = _children_of(report)
    enrolled = (
        select(Student.id)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .where(where, Student.status.in_(ON_ROLLS), SchoolClass.grade.in_(GRADES))
    )
    mine = [child for child in await _away(work, plan, report.area_code) if report.school_id in {None, child.away.school_id}]
    children: dict[str, list[int]] = {
        "of_age": list(await work.session.scalars(enrolled.order_by(Student.id))),
        **on_lists(mine),
    }
    return Count({name: len(children[name]) for name in COUNTED}, children)


async def count_ahead(work: Work, plan: Plan) -> None:
    """Every child away, once for the many reports that are counted in this transaction and change nothing about a case."""
    work.session.info[AHEAD] = await listed_at(work, plan, "", moment(plan, work.now))


async def _away(work: Work, plan: Plan, area_code: str) -> list[Child]:
    ahead: list[Child] | None = work.session.info.get(AHEAD)
    if ahead is None:
        return await listed_at(work, plan, area_code, moment(plan, work.now))
    return [child for child in ahead if child.away.area_code.startswith(area_code)]


def on_lists(away: Iterable[Child]) -> dict[str, list[int]]:
    """The two lists of a report, of these children: those of compulsory schooling, by their ids."""
    pupils = [child for child in away if child.away.grade in GRADES]
    return {name: [child.away.student_id for child in pupils if child.listed == name] for name in ("suspected", "dropout")}


def _children_of(report: Report) -> ColumnElement[bool]:
    if report.school_id is not None:
        return Student.school_id == report.school_id
    return Student.school_area_code.startswith(report.area_code)


async def reports_beneath(work: Work, report: Report, of: str) -> Sequence[Report]:
    """Those that a sum is made of; a school that lies in no area of that level reports to the sum itself."""
    level = Report.of == of if of == "school" else or_(Report.of == of, _outside(of))
    query = select(Report).where(
        Report.kind == report.kind, Report.period_start == report.period_start, Report.area_code.startswith(report.area_code), level
    )
    return (await work.session.scalars(query.order_by(Report.area_code, Report.id))).all()


def _outside(of: str) -> ColumnElement[bool]:
    return (Report.of == "school") & (func.length(Report.area_code) < CODE_LENGTH[of])


async def latest(work: Work, report: Report) -> ReportVersion | None:
    """The newest version; None before the report was counted."""
    return await work.session.get(ReportVersion, (report.id, report.version))


async def submitted_version(work: Work, report: Report) -> ReportVersion | None:
    """The newest version that counts above; an older one while a correction waits for its signature."""
    done = select(ReportVersion).where(ReportVersion.report_id == report.id, ReportVersion.submitted_at.is_not(None))
    return await work.session.scalar(done.order_by(ReportVersion.version.desc()).limit(1))


async def _sum(work: Work, report: Report, of: str) -> Count:
    computed: dict[str, Any] = dict.fromkeys(COUNTED, 0)
    children: dict[str, list[int]] = {"suspected": [], "dropout": []}
    missing: list[int] = []
    for below in await reports_beneath(work, report, of):
        version = await submitted_version(work, below)
        if version is None or version.stated is None:
            missing.append(below.id)
            continue
        for name in COUNTED:
            computed[name] += version.stated[name]
        for name, ids in children.items():
            ids += version.children.get(name, [])
    return Count({**computed, "missing": missing}, children)
