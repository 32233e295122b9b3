"""Children with a case who were away at a moment, and for how many school days: from the cases' events and the sheets."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text

from cases.calendars import Exceptions, exceptions_between
from cases.history.moment import AsOf
from cases.history.rolls import ROLL_OF_CASES, school_year
from plan.calendar import Calendar
from plan.model import Plan
from storage.rows import as_json
from storage.work import Work

AWAY = """
    , opening as (
        select c.id, c.student_id, c.school_id, c.class_id, c.area_code, c.school_area_code, c.back_on, c.first_absent_on, c.episode,
            last.action, last.facts->>'on' as since, back.action as back
        from case_file c
        left join lateral (
            select action, facts from event e where e.case_id = c.id and e.at <= :until
            and e.action in ('case_opened', 'case_relapsed', 'case_closed') order by e.at desc, e.id desc limit 1
        ) last on true
        left join lateral (
            select action from event e where e.case_id = c.id and e.at <= :until and e.action in
            ('back_at_school', 'return_disputed', 'return_taken_back', 'case_opened', 'case_relapsed') order by e.at desc, e.id desc limit 1
        ) back on true
        where c.opened_at <= :until and (c.state = 'open' or c.closed_at > :until)
    )
    select o.id, o.student_id, roll.name, coalesce(roll.school_id, o.school_id), coalesce(place.area_code, o.school_area_code),
        case when roll.on_roll then roll.class_id else o.class_id end, roll.on_roll,
        coalesce(roll.grade, held.grade, gap.grade, case when roll.birth_date > make_date(:year - 12, 8, 31) then 6 else 7 end),
        case when o.since is null or o.episode = 1 or o.episode = 1 + (
            select count(*) from event e where e.case_id = o.id and e.action = 'case_relapsed' and e.at <= :until
        ) then o.first_absent_on else o.since::date end
    from opening o join roll using (student_id)
    left join school place on place.id = coalesce(roll.school_id, o.school_id)
    left join school_class held on held.id = o.class_id
    left join lateral (select grade from enrolment_gap where case_id = o.id order by id desc limit 1) gap on true
    where o.action is distinct from 'case_closed' and starts_with(coalesce(place.area_code, o.school_area_code), :area)
    and (o.back is null and o.back_on is null or o.back <> 'back_at_school')
    order by o.student_id
"""
RECORDED = """
    select away.case_id,
        array(
            select a."on" from absence a where a.student_id = away.student_id and a."on" between away.since and :last
            and a.state in ('absent', 'excused')
        ),
        array(
            select day::date from leave l cross join lateral
                generate_series(greatest(l.starts_on, away.since)::timestamp, least(l.ends_on, :last)::timestamp, interval '1 day') day
            where l.student_id = away.student_id and l.withdrawn_at is null
        )
    from jsonb_to_recordset(cast(:children as jsonb)) as away (case_id bigint, student_id bigint, since date)
"""
ANSWERED = """
    select unrecorded.case_id, unrecorded.day
    from jsonb_to_recordset(cast(:days as jsonb)) as unrecorded (case_id bigint, class_id bigint, day date)
    join attendance_sheet sheet on sheet.class_id = unrecorded.class_id and sheet."on" = unrecorded.day and sheet.state = 'answered'
"""
"""Of a child away nearly every day is recorded as absent: only for the few others its class's sheet is looked up."""


@dataclass(frozen=True)
class Away:
    """A child away with an open case. `on_roll`: whether it stood on a roll; `area_code`: of its school, else of the case."""

    case_id: int
    student_id: int
    name: str
    school_id: int | None
    area_code: str
    class_id: int | None
    on_roll: bool
    grade: int
    since: date


async def children_away(work: Work, when: AsOf, area_code: str) -> list[Away]:
    """Every child of the schools in an area whose case was open at that moment and who had not come back by then.

    A child on no roll (on its way to another school, never arrived) counts where its case is kept; its stage is that of its
    last grade, else of the grade it belongs in, else of its age.
    """
    values = {"until": when.until, "area": area_code, "year": school_year(when.on)}
    return [Away(*row) for row in await work.session.execute(text(ROLL_OF_CASES + AWAY), values)]


async def absent_days(work: Work, plan: Plan, when: AsOf, children: Sequence[Away]) -> dict[int, int]:
    """Case → school days of the episode on which the child was neither at school nor on leave."""
    if not children:
        return {}
    recorded = await _recorded(work, when, children)
    first = min(child.since for child in children)
    days = _SchoolDays(plan, await exceptions_between(work.session, first, when.last_day), first, when.last_day)
    not_on_leave = {child.case_id: days.of(child) - recorded[child.case_id].on_leave for child in children}
    unrecorded = {child: not_on_leave[child.case_id] - recorded[child.case_id].missed for child in children if child.on_roll}
    present = await _answered(work, unrecorded)
    return {case_id: len(left - present[case_id]) for case_id, left in not_on_leave.items()}


@dataclass(frozen=True)
class _Recorded:
    """Days of a child's episode: on which its class's sheet said that it was away, and on which it was on leave."""

    missed: frozenset[date]
    on_leave: frozenset[date]


async def _recorded(work: Work, when: AsOf, children: Sequence[Away]) -> dict[int, _Recorded]:
    asked = [{"case_id": child.case_id, "student_id": child.student_id, "since": child.since} for child in children]
    rows = await work.session.execute(text(RECORDED), {"children": as_json(asked), "last": when.last_day})
    return {case_id: _Recorded(frozenset(missed), frozenset(on_leave)) for case_id, missed, on_leave in rows}


async def _answered(work: Work, asked: Mapping[Away, Iterable[date]]) -> Mapping[int, set[date]]:
    """Case → those of the days on which the child's class has answered its sheet."""
    found: defaultdict[int, set[date]] = defaultdict(set)
    rows = [{"case_id": child.case_id, "class_id": child.class_id, "day": day} for child, days in asked.items() for day in days]
    if rows:
        for case_id, day in await work.session.execute(text(ANSWERED), {"days": as_json(rows)}):
            found[case_id].add(day)
    return found


class _SchoolDays:
    """The school days between two days, worked out once for all places that keep the same calendar."""

    def __init__(self, plan: Plan, exceptions: Exceptions, first: date, last: date) -> None:
        self._plan, self._exceptions = plan, exceptions
        self._span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        self._days: dict[frozenset[tuple[date, bool]], list[date]] = {}

    def of(self, child: Away) -> set[date]:
        """Those of its episode."""
        days = self._of(self._exceptions.at(child.school_id, child.area_code, child.class_id))
        return set(days[bisect_left(days, child.since) :])

    def _of(self, exceptions: dict[date, bool]) -> list[date]:
        key = frozenset(exceptions.items())
        if key not in self._days:
            calendar = Calendar(self._plan, exceptions)
            self._days[key] = [day for day in self._span if calendar.is_school_day(day)]
        return self._days[key]
