"""A responsible person is away for some days, and another stands in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select, update

from cases.desk import Desk
from cases.sheet_asking import hand_sheets_over
from cases.tasks import LIVING, add_holders
from storage.tables import Person, PersonContact, Responsibility, StandIn, Task, TaskHolder
from storage.work import Work


async def colleague_named(work: Work, person_id: int, words: str) -> int | None:
    """The one reachable colleague of the same county whose name these words give ("马主任" by the family name where only one fits)."""
    own = await work.session.scalar(select(func.left(Person.area_code, 6)).where(Person.id == person_id))
    staff = select(Person.id, Person.name).where(
        Person.id.in_(select(Responsibility.person_id)), Person.id != person_id, Person.area_code.startswith(own or ""),
        Person.id.in_(select(PersonContact.person_id).where(PersonContact.retired_reason.is_(None))),
    )  # fmt: skip
    people = (await work.session.execute(staff)).all()
    exact = [found for found, name in people if name in words]
    family = [found for found, name in people if words.startswith(name[0])]
    for candidates in (exact, family):
        if len(candidates) == 1:
            return candidates[0]
    return None


async def colleagues_at_school(work: Work, person_id: int, words: str) -> list[tuple[int, str]]:
    """Reachable colleagues of the same school whom these words may mean (马老师: everybody of that family name); a full name first."""
    schools = select(Responsibility.school_id).where(Responsibility.person_id == person_id, Responsibility.school_id.is_not(None))
    staff = select(Person.id, Person.name).where(
        Person.id.in_(select(Responsibility.person_id).where(Responsibility.school_id.in_(schools))), Person.id != person_id,
        Person.id.in_(select(PersonContact.person_id).where(PersonContact.retired_reason.is_(None))),
    )  # fmt: skip
    people = [(found, name) for found, name in await work.session.execute(staff.order_by(Person.id))]
    return [one for one in people if one[1] in words] or [one for one in people if words.startswith(one[1][0])]


async def set_away(work: Work, desk: Desk, person_id: int, until: date, substitute_id: int, since: date | None = None) -> None:
    """From `since` (today) to `until` the substitute is asked instead; what is open goes over on the day on which it begins."""
    first = since or desk.today
    work.session.add(StandIn(person_id=person_id, substitute_person_id=substitute_id, starts_on=first, ends_on=until))
    await work.session.flush()
    if first <= desk.today:
        await _hand_on(work, person_id, substitute_id)
        await hand_sheets_over(work, person_id, desk.today)
    work.record(
        "stand_in_set",
        f"person:{person_id}",
        area_code=desk.place.area_code,
        actor=f"person:{person_id}",
        since=first.isoformat(),
        until=until.isoformat(),
        substitute=substitute_id,
    )


async def _hand_on(work: Work, person_id: int, substitute_id: int) -> None:
    held = select(Task).join(TaskHolder).where(TaskHolder.person_id == person_id, TaskHolder.until.is_(None), Task.state.in_(LIVING))
    for task in (await work.session.scalars(held)).all():
        handed_on = update(TaskHolder).where(TaskHolder.task_id == task.id, TaskHolder.person_id == person_id)
        await work.session.execute(handed_on.values(until=work.now))
        task.state, task.acknowledged_at, task.alerted_at = "open", None, work.now
        await add_holders(work, task, [substitute_id], "substitute")
