"""How fast those who owe something answer and finish it, by person, school and area: only what was really theirs (art. 3.3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from cases.rates import Unit
from cases.responsible import CODE_LENGTH
from plan.model import Plan
from storage.work import Work

OWED = """
    with held as (
        select t.id, t.role, t.area_code, t.school_id, t.due_at, t.postponed, h.person_id, greatest(t.opened_at, h.since) as since,
            case when t.ended_at <= :until then t.state else 'living' end as state,
            case when t.ended_at <= :until then t.ended_at end as ended_at, t.ended_by,
            case when t.acknowledged_at <= :until and t.acknowledged_by = h.person_id then t.acknowledged_at end as heard_at,
            t.acknowledged_by, h.until as handed_on
        from task t join task_holder h on h.task_id = t.id
        where t.opened_at >= :since and t.opened_at <= :until and starts_with(t.area_code, :area) and h.since <= :until
        and h.why in ('holder', 'substitute', 'delegate') and t.facts->>'quiet' is null and t.facts->>'outside_school' is null
        and (cast(:roles as text[]) is null or t.role = any(:roles))
    ), owed as (
        select *, least(heard_at, case when state = 'done' then ended_at end) as answered_at, case
            when state = 'done' and ended_by = person_id then case when ended_at <= due_at then 'in_time' else 'late' end
            when state = 'done' or (handed_on is not null and handed_on <= :until) then 'not_theirs'
            when acknowledged_by is not null and acknowledged_by <> person_id then 'not_theirs'
            when state = 'missed' then 'missed'
            when state = 'cancelled' then case when ended_at > due_at then 'late' else 'not_owed' end
            when due_at < :until then 'overdue' else 'pending' end as outcome
        from held
    )
"""
COUNTS = """
    count(*) filter (where outcome in ('in_time', 'late', 'missed', 'overdue')), count(*) filter (where outcome = 'in_time'),
    count(*) filter (where outcome = 'late'), count(*) filter (where outcome = 'missed'), count(*) filter (where outcome = 'overdue'),
    count(*) filter (where outcome = 'pending'), coalesce(sum(postponed) filter (where outcome not in ('not_theirs', 'not_owed')), 0),
    percentile_cont(0.5) within group (order by extract(epoch from answered_at - since) / 3600)
        filter (where outcome not in ('not_theirs', 'not_owed')),
    percentile_cont(0.9) within group (order by extract(epoch from answered_at - since) / 3600)
        filter (where outcome not in ('not_theirs', 'not_owed')),
    percentile_cont(0.5) within group (order by extract(epoch from ended_at - since) / 3600) filter (where state = 'done'
        and ended_by = person_id),
    percentile_cont(0.9) within group (order by extract(epoch from ended_at - since) / 3600) filter (where state = 'done'
        and ended_by = person_id)
"""
BY_PERSON = (
    f"select person_id::text, (select name from person p where p.id = person_id), string_agg(distinct role, ','), {COUNTS} from owed"
)
BY_UNIT = """
    , once as (
        select distinct on (id) * from owed where outcome not in ('not_theirs', 'not_owed')
        order by id, (outcome in ('in_time', 'late')) desc, person_id
    )
"""


@dataclass(frozen=True)
class Times:
    """`owed` = in time + late + missed + overdue; `pending` is not due yet and counts nowhere. Medians and p90 in hours.

    `key`: the person's id, the school's id or the area's code; `roles`: in which the person owed it.
    """

    key: str
    name: str
    roles: tuple[str, ...]
    owed: int
    in_time: int
    late: int
    missed: int
    overdue: int
    pending: int
    postponed: int
    answer_median: float | None
    answer_p90: float | None
    finish_median: float | None
    finish_p90: float | None

    @property
    def share(self) -> float | None:
        """Of what was owed, so much in time, in per cent."""
        return 100 * self.in_time / self.owed if self.owed else None


@dataclass(frozen=True)
class Span:
    """From one moment to another: what was opened in between, as it stood at the end."""

    since: datetime
    until: datetime


async def times_of_people(work: Work, area_code: str, span: Span, roles: Collection[str] | None = None) -> list[Times]:
    """Everybody who owed something in an area, in the order of their ids."""
    statement = f"{OWED} {BY_PERSON} where outcome not in ('not_theirs', 'not_owed') group by person_id order by person_id"
    return await _read(work, statement, area_code, span, roles)


async def times_of_units(work: Work, plan: Plan, area_code: str, span: Span, unit: Unit) -> list[Times]:
    """Each school, township or county: what its own people and those beneath them owed, every step once."""
    key = "school_id::text" if unit == "school" else f"left(area_code, {CODE_LENGTH[unit]})"
    kept = f"where {key} is not null" if unit == "school" else f"where length(area_code) >= {CODE_LENGTH[unit]}"
    statement = f"{OWED} {BY_UNIT} select {key}, '', '', {COUNTS} from once {kept} group by 1 order by 1"
    return await _read(work, statement, area_code, span, unit_roles(plan, unit))


def unit_roles(plan: Plan, unit: Unit) -> list[str]:
    """Roles that answer at this unit or beneath it: nobody is counted for what others owe."""
    beneath = {"school": {"class", "school"}, "township": {"class", "school", "village", "township"}}
    levels = beneath.get(unit, {"class", "school", "village", "township", "county"} | ({"prefecture"} if unit == "prefecture" else set()))
    return [name for name, role in plan.roles.items() if role.scope[-1] in levels]


async def _read(work: Work, statement: str, area_code: str, span: Span, roles: Collection[str] | None) -> list[Times]:
    values = {"area": area_code, "since": span.since, "until": span.until, "roles": list(roles) if roles is not None else None}
    rows = await work.session.execute(text(statement), values)
    return [
        Times(key, name, tuple(part for part in roles_said.split(",") if part), *map(int, numbers[:7]), *map(_hours, numbers[7:]))
        for key, name, roles_said, *numbers in rows
    ]


def _hours(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)


def ranked(found: Sequence[Times], least: int) -> dict[str, int]:
    """Key → place, for those who owed at least so many: by the share in time, then by the median answer; equals share a place."""
    order = sorted((one for one in found if one.owed >= least), key=_merit)
    places: dict[tuple[float, float], int] = {}
    for place, one in enumerate(order, start=1):
        places.setdefault(_merit(one), place)
    return {one.key: places[_merit(one)] for one in order}


def _merit(one: Times) -> tuple[float, float]:
    return -(one.share or 0), one.answer_median if one.answer_median is not None else float("inf")
