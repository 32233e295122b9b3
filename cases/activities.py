"""Activities offline (art. 3.4): slogans, posters, broadcasts, performances, each with its day, place and photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from cases.responsible import in_force
from plan.model import Plan
from plan.publicity import Activities
from storage.tables import Activity, ActivityPlan, Inbound, Photo, Responsibility
from storage.work import Work

LONGEST_PLACE = 60
MOST_PLANNED = 1000


class ActivityRefused(Exception):
    """Nothing was recorded; `reason` names the sentence (templates/words.yaml, refusals)."""

    def __init__(self, reason: str, **facts: Any) -> None:
        self.reason, self.facts = reason, {name: str(value) for name, value in facts.items()}
        super().__init__(reason)


@dataclass(frozen=True)
class Where:
    """A school, or an area (without `school_id`)."""

    area_code: str
    school_id: int | None = None


@dataclass(frozen=True)
class Held:
    """An activity as somebody tells of it. `kind`: key of the plan file."""

    kind: str
    held_on: date
    place: str
    where: Where
    by: int
    inbound_id: int | None = None


def kind_named(rules: Activities, said: str) -> tuple[str, str] | None:
    """(kind, the word) whose name, or one of whose words, stands in the text; the longest one."""
    words = [(word, key) for key, kind in rules.kinds.items() for word in (kind.zh, *kind.words) if word in said]
    return max(((key, word) for word, key in words), key=lambda found: len(found[1]), default=None)


def places_of(plan: Plan, staff: Sequence[Responsibility]) -> list[Where]:
    """For which schools and areas somebody may record; nobody but the plan's roles may."""
    rows = [row for row in staff if row.role in plan.publicity.activities.by]
    return list(dict.fromkeys(Where(row.area_code, row.school_id) for row in rows))


async def may_record(work: Work, plan: Plan, person_id: int, where: Where, today: date) -> bool:
    """Whether somebody records for this place: for itself, or for an area that holds it."""
    return covers_place(await recorded_places(work, plan, person_id, today), where)


async def recorded_places(work: Work, plan: Plan, person_id: int, today: date) -> list[Where]:
    """For which schools and areas this person records."""
    held = select(Responsibility).where(Responsibility.person_id == person_id, *in_force(today))
    return places_of(plan, list(await work.session.scalars(held)))


def covers_place(own: Sequence[Where], where: Where) -> bool:
    """Whether one of these places is this one, or an area that holds it."""
    return any(place == where or (place.school_id is None and where.area_code.startswith(place.area_code)) for place in own)


async def add_activity(work: Work, plan: Plan, held: Held, today: date) -> Activity:
    """Records it. Raises ActivityRefused for an unknown kind, a day that is not over, or one too long ago."""
    rules = plan.publicity.activities
    if held.kind not in rules.kinds:
        raise ActivityRefused("activity_kind", kinds="、".join(kind.zh for kind in rules.kinds.values()))
    if held.held_on > today:
        raise ActivityRefused("activity_ahead")
    if held.held_on < today - timedelta(days=rules.days_back):
        raise ActivityRefused("activity_old", days=rules.days_back)
    if not 0 < len(held.place) <= LONGEST_PLACE:
        raise ActivityRefused("activity_place", most=LONGEST_PLACE)
    activity = Activity(
        kind=held.kind, area_code=held.where.area_code, school_id=held.where.school_id, held_on=held.held_on, place=held.place,
        recorded_by=held.by, inbound_id=held.inbound_id, recorded_at=work.now,
    )  # fmt: skip
    work.session.add(activity)
    await work.session.flush()
    work.record(
        "activity_recorded", f"activity:{activity.id}", area_code=activity.area_code, actor=f"person:{held.by}", kind=held.kind,
        on=held.held_on.isoformat(),
    )  # fmt: skip
    return activity


async def latest_activity(work: Work, plan: Plan, person_ids: Sequence[int]) -> Activity | None:
    """The one that these persons recorded last, while photographs of it are still taken."""
    since = work.now - timedelta(hours=plan.publicity.activities.photo_hours)
    query = select(Activity).where(
        Activity.recorded_by.in_(person_ids), Activity.recorded_at >= since, Activity.withdrawn_at.is_(None)
    )  # fmt: skip
    return await work.session.scalar(query.order_by(Activity.id.desc()).limit(1))


async def withdraw_activity(work: Work, activity: Activity, by: int) -> None:
    """It was told by mistake: no longer counted, and kept for the record. Raises ActivityRefused when that was done before."""
    if activity.withdrawn_at is not None:
        raise ActivityRefused("activity_withdrawn_before")
    activity.withdrawn_at = work.now
    work.record("activity_withdrawn", f"activity:{activity.id}", area_code=activity.area_code, actor=f"person:{by}")


async def take_activity_photo(work: Work, plan: Plan, activity: Activity, by: int, inbound: Inbound) -> bool:
    """A photograph that came by chat; the worker fetches it. False when there are enough of them."""
    if await photos_of(work, activity.id) >= plan.publicity.activities.photos:
        return False
    work.session.add(Photo(activity_id=activity.id, inbound_id=inbound.id, person_id=by, received_at=inbound.received_at, next_at=work.now))
    work.record("photo_received", f"activity:{activity.id}", area_code=activity.area_code, actor=f"person:{by}")
    return True


async def keep_activity_photo(work: Work, activity: Activity, by: int, content_encrypted: bytes, media_type: str, size: int) -> None:
    """A photograph that was handed in as a file."""
    work.session.add(
        Photo(
            activity_id=activity.id, person_id=by, state="stored", media_type=media_type, size=size, content_encrypted=content_encrypted,
            received_at=work.now, stored_at=work.now, next_at=work.now,
        )
    )  # fmt: skip
    work.record("photo_stored", f"activity:{activity.id}", area_code=activity.area_code, actor=f"person:{by}")


async def photos_of(work: Work, activity_id: int) -> int:
    """How many there are, those that are still to be fetched included."""
    kept = select(func.count()).select_from(Photo).where(Photo.activity_id == activity_id, Photo.state != "refused")
    return await work.session.scalar(kept) or 0


async def set_planned(work: Work, plan: Plan, where: Where, year: int, kind: str, number: int, by: int) -> None:
    """How many are to be held in the school year, of a kind or (empty) of any. Raises ActivityRefused."""
    if kind and kind not in plan.publicity.activities.kinds:
        raise ActivityRefused("activity_kind", kinds="、".join(one.zh for one in plan.publicity.activities.kinds.values()))
    if not 0 <= number <= MOST_PLANNED:
        raise ActivityRefused("activity_number", most=MOST_PLANNED)
    told = {"number": number, "set_by": by, "set_at": work.now}
    row = insert(ActivityPlan).values(area_code=where.area_code, school_id=where.school_id, year=year, kind=kind, **told)
    place: Any = ["area_code", text("coalesce(school_id, 0)"), "year", "kind"]  # as the index has them
    await work.session.execute(row.on_conflict_do_update(index_elements=place, set_=told))
    subject = f"school:{where.school_id}" if where.school_id else f"area:{where.area_code}"
    work.record("activities_planned", subject, area_code=where.area_code, actor=f"person:{by}", year=year, kind=kind, number=number)
