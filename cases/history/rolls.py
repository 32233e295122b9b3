"""Who was on the rolls at a moment, in which school and grade: today's register, read back through the enrolment history.

What the history names wins: a child that was moved since stands where it stood then. A child without any history counts as having
been there always: the register holds no day on which it was first written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from cases.history.moment import AsOf
from storage.work import Work

ROLL = """
    with later as (
        select distinct on (student_id) student_id, kind, facts->>'from_status' as left_as from enrolment_event
        where at > :until and kind not in ('class_changed', 'released') order by student_id, at, id
    ), prior as (
        select distinct on (e.student_id) e.student_id, e.kind from enrolment_event e join later using (student_id)
        where e.at <= :until and e.kind not in ('class_changed', 'released') order by e.student_id, e.at desc, e.id desc
    ), moved as (
        select distinct on (student_id) student_id, (facts->>'from_school_id')::bigint as school_id,
            (facts->>'from_class_id')::bigint as class_id, (facts->>'grade')::int as grade,
            facts ? 'from_school_id' as says_school, facts ? 'from_class_id' as says_class
        from enrolment_event where at > :until and (facts ? 'from_school_id' or facts ? 'grade') order by student_id, at, id
    ), roll as materialized (
        select s.id as student_id, s.name, s.birth_date,
            case when moved.says_school then moved.school_id else s.school_id end as school_id,
            case when moved.says_class then moved.class_id else s.class_id end as class_id, coalesce(room.grade, moved.grade) as grade,
            case when later.kind is null then s.status in ('enrolled', 'resumed')
                when later.left_as is not null then later.left_as in ('enrolled', 'resumed')
                when prior.kind is not null then prior.kind in ('entered', 'arrived', 'enrolled', 'resumed', 'school_changed')
                else later.kind not in ('entered', 'arrived', 'enrolled', 'resumed', 'found') end as on_roll
        from student s
        left join later on later.student_id = s.id left join prior on prior.student_id = s.id
        left join moved on moved.student_id = s.id
        left join school_class room on room.id = case when moved.says_class then moved.class_id else s.class_id end
        /* which */
    )
"""
"""`roll`: every child with the school, class and grade of that moment, and whether it was on a roll then."""

ROLL_OF_CASES = ROLL.replace(
    "/* which */",
    "where s.id in (select student_id from case_file where opened_at <= :until and (state = 'open' or closed_at > :until))",
)
"""The same, only of children who may have had an open case at that moment."""

COUNTED = """
    select place.id, place.area_code, roll.grade, count(*),
        count(*) filter (where roll.birth_date > make_date(:year - 12, 8, 31) and roll.birth_date <= make_date(:year - 6, 8, 31)),
        count(*) filter (where roll.birth_date > make_date(:year - 15, 8, 31) and roll.birth_date <= make_date(:year - 12, 8, 31))
    from roll join school place on place.id = roll.school_id
    where roll.on_roll and roll.grade is not null and starts_with(place.area_code, :area)
    group by place.id, place.area_code, roll.grade
"""


COUNTED_NOW = """
    with counted as (
        select s.school_id, s.class_id, count(*) as children/* ages */
        from student s where s.status in ('enrolled', 'resumed') and s.class_id is not null
        and (:area = '' or s.school_id = any(array(select id from school where starts_with(area_code, :area))))
        group by s.school_id, s.class_id
    )
    select place.id, place.area_code, room.grade, sum(children)::bigint/* sums */
    from counted join school place on place.id = counted.school_id join school_class room on room.id = counted.class_id
    group by place.id, place.area_code, room.grade
"""
"""The same of this very moment: nothing can have happened since, so that the history need not be read."""

AGED_NOW = COUNTED_NOW.replace(
    "/* ages */",
    """,
            count(*) filter (where s.birth_date > make_date(:year - 12, 8, 31)
                and s.birth_date <= make_date(:year - 6, 8, 31)) as of_primary,
            count(*) filter (where s.birth_date > make_date(:year - 15, 8, 31)
                and s.birth_date <= make_date(:year - 12, 8, 31)) as of_junior""",
).replace("/* sums */", ", sum(of_primary)::bigint, sum(of_junior)::bigint")


@dataclass(frozen=True)
class Counted:
    """One grade of one school: children on the roll, and of those the ones of primary (6–11) and of junior (12–14) age on 31 August.

    The two last only where they were asked for.
    """

    school_id: int
    area_code: str
    grade: int
    children: int
    of_primary_age: int = 0
    of_junior_age: int = 0


def school_year(on: date) -> int:
    """The calendar year in which the school year of a day began (1 September)."""
    return on.year if on.month >= 9 else on.year - 1


async def counted_rolls(work: Work, when: AsOf, area_code: str, *, ages: bool = True) -> Sequence[Counted]:
    """Children on the rolls by school and grade, of the schools in an area; without `ages` in two thirds of the time."""
    if when.until < work.now:
        values = {"area": area_code, "year": school_year(when.on), "until": when.until}
        return [Counted(*row) for row in await work.session.execute(text(ROLL + COUNTED), values)]
    if ages:
        return [Counted(*row) for row in await work.session.execute(text(AGED_NOW), {"area": area_code, "year": school_year(when.on)})]
    return [Counted(*row) for row in await work.session.execute(text(COUNTED_NOW), {"area": area_code})]
