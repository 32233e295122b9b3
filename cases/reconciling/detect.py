"""What does not fit together tonight: one statement a kind over whole tables, whatever their size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text

from cases.history.moment import moment
from cases.rates import Child, listed_at
from cases.reconciling.found import Found
from cases.reconciling.reports import Reported, compare
from cases.reconciling.reports_kept import submitted_reports
from cases.reports.counting import on_lists
from plan.calendar import Calendar
from plan.model import Plan
from plan.reconciling import REPORT_KINDS, DifferenceKind, Reconciliation
from storage.work import Work

OPEN = "exists (select from case_file o where o.student_id = s.id and o.state = 'open')"
ON_ROLL = "s.status in ('enrolled', 'resumed')"
GONE = "('transferred', 'suspended', 'graduated', 'deceased', 'moved_abroad')"
LATEST = "not exists (select from case_file n where n.student_id = c.student_id and n.id > c.id)"
LAST_SHEETS = """
    school_class room cross join lateral (
        select sheet.id, sheet."on" from attendance_sheet sheet
        where sheet.class_id = room.id and sheet.state = 'answered' and sheet."on" >= :since order by sheet."on" desc limit {days}
    ) sheet
"""
SQL: Mapping[DifferenceKind, str] = {
    "absent_without_case": f"""
        select s.school_area_code, s.school_id, s.id, null::bigint, min(sheet."on")
        from {LAST_SHEETS.format(days=":absent_days")}
        join absence a on a.sheet_id = sheet.id and a.state = 'absent' join student s on s.id = a.student_id
        where {ON_ROLL} and s.class_id = room.id and not {OPEN} and not exists (
            select from case_file r where r.student_id = s.id and r.state = 'closed' and r.exit = 'returned' and r.closed_at >= :since_at
        )
        group by s.id having count(*) = :absent_days
    """,
    "back_but_absent": """
        select c.school_area_code, c.school_id, c.student_id, c.id, min(a."on")
        from case_file c join absence a on a.student_id = c.student_id and a.state = 'absent' and a."on" > c.back_on
        where c.state = 'open' and c.back_on is not null group by c.id
    """,
    "closed_but_absent": f"""
        select c.school_area_code, c.school_id, c.student_id, c.id, min(a."on")
        from case_file c join student s on s.id = c.student_id
        join absence a on a.student_id = c.student_id and a.state = 'absent' and a."on" > (c.closed_at at time zone :zone)::date
        where c.state = 'closed' and c.exit = 'returned' and c.closed_at >= :since_at and {ON_ROLL} and not {OPEN} and {LATEST}
        group by c.id
    """,
    "attending_with_case": f"""
        select c.school_area_code, c.school_id, c.student_id, c.id, min(sheet."on")
        from case_file c join student s on s.id = c.student_id join {LAST_SHEETS.format(days=":attended_days")} on room.id = s.class_id
        where c.state = 'open' and c.back_on is null and {ON_ROLL} and sheet."on" > c.first_absent_on and not exists (
            select from absence a where a.student_id = s.id and a."on" = sheet."on" and a.state in ('absent', 'excused')
        ) and not exists (select from arrangement t where t.student_id = s.id and t.kind = 'at_home' and t.until is null)
        group by c.id having count(*) = :attended_days
    """,
    "case_off_rolls": f"""
        select c.school_area_code, c.school_id, c.student_id, c.id, null::date
        from case_file c join student s on s.id = c.student_id
        where c.state = 'open' and s.status in {GONE} and not exists (
            select from enrolment_event e where e.student_id = s.id and e.kind = s.status and e.at <= c.opened_at
        )
    """,
    "case_other_school": f"""
        select s.school_area_code, s.school_id, c.student_id, c.id, null::date
        from case_file c join student s on s.id = c.student_id
        where c.state = 'open' and {ON_ROLL} and c.school_id is distinct from s.school_id
    """,
    "struck_off_on_rolls": f"""
        select s.school_area_code, s.school_id, c.student_id, c.id, null::date
        from case_file c join student s on s.id = c.student_id
        where c.state = 'closed' and c.exit in {GONE} and {ON_ROLL} and {LATEST} and not exists (
            select from enrolment_event e where e.student_id = s.id
            and (e.at > c.closed_at or e.at = c.closed_at and e.kind in ('arrived', 'entered', 'resumed', 'school_changed'))
        )
    """,
}
"""Each gives area, school, child, case, and the first day of what contradicts."""


async def detect(work: Work, plan: Plan, rules: Reconciliation, day: date) -> tuple[list[Found], set[int]]:
    """Every difference of the kinds that the plan looks for, and the ids of the reports that were compared.

    A child struck off as returned that is absent again is that one difference, not also one of being absent without a case.
    """
    calendar, since = Calendar(plan), day - timedelta(days=rules.look_back_days)
    values: dict[str, Any] = {
        "since": since, "since_at": calendar.at(since, time.min), "zone": plan.time_zone, "absent_days": rules.absent_days,
        "attended_days": rules.attended_days,
    }  # fmt: skip
    found = [one for kind in SQL if kind in rules.differences for one in await _of_kind(work, kind, values)]
    reports = await submitted_reports(work, since, day - timedelta(days=1)) if set(REPORT_KINDS) & set(rules.differences) else []
    found += [one for one in await _of_reports(work, plan, reports) if one.kind in rules.differences]
    return found, {report.report_id for report in reports}


async def _of_kind(work: Work, kind: DifferenceKind, values: Mapping[str, Any]) -> list[Found]:
    used = {name: value for name, value in values.items() if f":{name}" in SQL[kind]}
    rows = await work.session.execute(text(SQL[kind]), used)
    return [
        Found(kind, area, school, student, case, facts={"since": since.isoformat()} if since else {})
        for area, school, student, case, since in rows
    ]


async def _of_reports(work: Work, plan: Plan, reports: Sequence[Reported]) -> list[Found]:
    """Each moment at which reports were counted is counted once more, from what is known today, for all schools."""
    by_moment: defaultdict[datetime, list[Reported]] = defaultdict(list)
    for report in reports:
        by_moment[report.at].append(report)
    found: list[Found] = []
    for at, said in by_moment.items():
        schools: defaultdict[int | None, list[Child]] = defaultdict(list)
        for child in await listed_at(work, plan, "", moment(plan, at)):
            schools[child.away.school_id].append(child)
        for report in said:
            found += compare(report, on_lists(schools[report.school_id]))
    return found
