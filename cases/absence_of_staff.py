"""A responsible person is away for some days, and another stands in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select, update

from cases.desk import Desk
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


async def set_away(work: Work, desk: Desk, person_id: int, until: date, substitute_id: int) -> None:
    """From today to `until` the substitute is asked instead, also for what is open now."""
    work.session.add(StandIn(person_id=person_id, substitute_person_id=substitute_id, starts_on=desk.today, ends_on=until))
    held = select(Task).join(TaskHolder).where(TaskHolder.person_id == person_id, TaskHolder.until.is_(None), Task.state.in_(LIVING))
    for task in (await work.session.scalars(held)).all():
        handed_on = update(TaskHolder).where(TaskHolder.task_id == task.id, TaskHolder.person_id == person_id)
        await work.session.execute(handed_on.values(until=work.now))
        task.state, task.acknowledged_at, task.alerted_at = "open", None, work.now
        await add_holders(work, task, [substitute_id], "substitute")
    work.record(
        "stand_in_set",
        f"person:{person_id}",
        area_code=desk.place.area_code,
        actor=f"person:{person_id}",
        until=until.isoformat(),
        substitute=substitute_id,
    )
