"""Reports come into being on the last school day of their period, once, also after an outage; what each one needs next is done when due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from cases.plans import plan_in_force
from cases.read_ahead import read_places
from cases.reports.asking import ask_to_confirm, nudge
from cases.reports.counting import count_ahead
from cases.reports.summing import refresh
from cases.responsible import CODE_LENGTH, Place
from plan.calendar import Calendar
from plan.model import Plan
from plan.periods import Period, earlier, last_school_day, period_of
from plan.report_times import due_moment
from plan.reporting import ReportKind
from storage.tables import Event, Report, School, Task
from storage.work import Work

TOGETHER = "rows that many reports need"
"""The session forgets rows that nobody holds."""


class ReportRefused(Exception):
    """A report that cannot be prepared; the text is the name of a refusal in templates/words.yaml."""


async def prepare_reports(work: Work, plan: Plan, day: date) -> None:
    """The newest period of each kind whose time has come. One that ended before the product began is nobody's duty."""
    began = await work.session.scalar(select(Event.at).order_by(Event.id).limit(1))
    calendar = Calendar(plan)
    for name, kind in plan.reports.kinds.items():
        period, on = _newest(kind, day, calendar)
        if on is not None and began is not None and calendar.at(on, plan.reports.prepare_at) >= began:
            await _open(work, name, period, on, "")


def _newest(kind: ReportKind, day: date, calendar: Calendar) -> tuple[Period, date | None]:
    """The period whose report is due to be prepared by this day, and on which day it was."""
    period = period_of(kind.every, day)
    on = last_school_day(period, calendar)
    if on is None or on > day:
        period = earlier(kind.every, period)
        on = last_school_day(period, calendar)
    return period, on


async def prepare(work: Work, name: str, period: Period, area_code: str) -> int:
    """By hand, for one area, before its day or after it; gives how many reports are new.

    Raises ReportRefused for a period that has not begun, one without a school day, or a kind that the plan does not have.
    """
    plan = (await plan_in_force(work.session))[1]
    calendar = Calendar(plan)
    if name not in plan.reports.kinds:
        raise ReportRefused("report_unknown")
    if period.start > calendar.day_of(work.now):
        raise ReportRefused("report_future")
    on = last_school_day(period, calendar)
    if on is None:
        raise ReportRefused("report_no_school")
    return await _open(work, name, period, on, area_code)


async def _open(work: Work, name: str, period: Period, on: date, area_code: str) -> int:
    """Writes the rows that are missing; counting and asking is each row's own step. What is late has its full time."""
    version_id, plan = await plan_in_force(work.session)
    kind, calendar = plan.reports.kinds[name], Calendar(plan)
    there = select(Report.school_id, Report.area_code).where(Report.kind == name, Report.period_start == period.start)
    known = {(school_id, code) for school_id, code in await work.session.execute(there)}
    rows = []
    for stage in kind.stages:
        due = max(due_moment(kind, stage.of, on, plan.reports, calendar), calendar.after(work.now, stage.due))
        waits = kind.beneath(stage.of)
        next_at = max(due_moment(kind, waits.of, on, plan.reports, calendar), work.now) if waits else work.now
        rows += [
            {
                "kind": name, "of": stage.of, "school_id": school_id, "area_code": code, "period_start": period.start,
                "period_end": period.end, "state": "collecting" if waits else "prepared", "plan_version_id": version_id,
                "opened_at": work.now, "due_at": due, "first_due_at": due, "next_at": next_at,
            }
            for school_id, code in await _units(work, stage.of, area_code)
            if (school_id, code) not in known
        ]  # fmt: skip
    if rows:
        await work.session.execute(insert(Report).on_conflict_do_nothing(), rows)
        work.record("reports_prepared", f"report_kind:{name}", area_code=area_code, count=len(rows), period=period.start.isoformat())
    return len(rows)


async def _units(work: Work, of: str, area_code: str) -> Iterable[tuple[int | None, str]]:
    """(school, area) of everybody who reports at this level: schools, and the areas in which there are some."""
    within = School.area_code.startswith(area_code)
    if of == "school":
        found = await work.session.execute(select(School.id, School.area_code).where(within).order_by(School.area_code, School.id))
        return [(school_id, code) for school_id, code in found]
    length = CODE_LENGTH[of]
    code = func.left(School.area_code, length)
    codes = await work.session.scalars(select(code).where(within, func.length(School.area_code) >= length).distinct().order_by(code))
    return [(None, found) for found in codes if found.startswith(area_code)]


async def ahead_of_reports(work: Work, reports: Sequence[Report]) -> None:
    """What many reports need, read together: their schools and tasks, who answers there, and every child away where some are counted."""
    _, plan = await plan_in_force(work.session)
    schools = await work.session.scalars(select(School).where(School.id == func.any([one.school_id for one in reports if one.school_id])))
    tasks = await work.session.scalars(select(Task).where(Task.id == func.any([one.task_id for one in reports if one.task_id])))
    work.session.info[TOGETHER] = [*schools, *tasks]
    await read_places(work, {Place(one.area_code, one.area_code, one.school_id) for one in reports})
    if sum(one.state == "prepared" for one in reports) > 1:
        await count_ahead(work, plan)


async def advance_report(work: Work, report: Report) -> None:
    """What a report wants now: counted and asked for, summed, reminded of. A kind that the plan no longer has rests."""
    plan = (await plan_in_force(work.session))[1]
    kind = plan.reports.kinds.get(report.kind)
    if kind is None or kind.stage(report.of) is None:
        report.next_at = None
    elif report.state == "prepared":
        await ask_to_confirm(work, report)
    elif report.state == "collecting":
        await ask_to_confirm(work, report, "report_sum")
    elif report.state == "submitted":
        await refresh(work, report)
    else:
        await nudge(work, report)
