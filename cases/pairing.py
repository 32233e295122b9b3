"""A child and the person who looks after it (结对帮扶): paired, asked once a month, and what they answer kept as that month's contact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select

from cases.desk import desk_of_student
from cases.enrolment_words import NotTaken
from cases.read_ahead import read_places
from cases.registers import check_day, check_end, register_rules
from cases.responsible import Place
from cases.said import ACCOUNT, Said, may_say
from cases.tasks import LIVING, NewTask, end_task, open_task
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import PairContact, Pairing, Person, Student, Task
from storage.work import Work


async def pair(work: Work, said: Said, student: Student, person: Person) -> Pairing:
    """The person is paired with the child from now on, in the place of whoever was before. Raises NotTaken."""
    may_say(said, register_rules(said.plan).by, student)
    check_day(said, student)
    now = await pairing_of(work, student.id)
    if now is not None and now.person_id == person.id:
        raise NotTaken("paired_already", who=person.name)
    if now is not None:
        await _end(work, now, said.on)
        _tell(work, said, student, now, "pair_ended")
    made = Pairing(student_id=student.id, person_id=person.id, since=said.on, made_by=said.by, evidence=said.evidence or None)
    work.session.add(made)
    await work.session.flush()
    work.record("paired", f"student:{student.id}", area_code=student.area_code, actor=f"person:{said.by}", person_id=person.id)
    _tell(work, said, student, made, "pair_told", from_day=register_rules(said.plan).contact.from_day)
    return made


async def unpair(work: Work, said: Said, student: Student) -> str:
    """Nobody is paired with the child any more; gives the name of whoever was. Raises NotTaken."""
    may_say(said, register_rules(said.plan).by, student)
    check_day(said, student)
    now = await pairing_of(work, student.id)
    if now is None:
        raise NotTaken("not_paired", child=student.name)
    await _end(work, now, said.on)
    work.record("unpaired", f"student:{student.id}", area_code=student.area_code, actor=f"person:{said.by}", person_id=now.person_id)
    _tell(work, said, student, now, "pair_ended")
    return (await work.session.get_one(Person, now.person_id)).name


def _tell(work: Work, said: Said, student: Student, pairing: Pairing, template: str, **facts: Any) -> None:
    """The paired person, unless it is who says it."""
    if pairing.person_id != said.by:
        work.say(
            f"pair:{pairing.id}:{template}", pairing.person_id, template, area_code=student.area_code, student_id=student.id, facts=facts
        )  # fmt: skip


async def pairing_of(work: Work, student_id: int) -> Pairing | None:
    """Who is paired with the child now."""
    return await work.session.scalar(select(Pairing).where(Pairing.student_id == student_id, Pairing.until.is_(None)).with_for_update())


async def _end(work: Work, pairing: Pairing, on: date) -> None:
    check_end(pairing.since, on)
    pairing.until = on
    await work.session.flush()
    asked = select(Task).where(Task.student_id == pairing.student_id, Task.key.startswith(f"pair:{pairing.id}:"), Task.state.in_(LIVING))
    for task in await work.session.scalars(asked):
        end_task(work, task, "cancelled", reason="pairing_ended")


async def ask_for_contacts(work: Work, plan: Plan, day: date) -> None:
    """Once a month, on the first school day from the plan's day on: every paired person is asked. Late, it is made good; never twice."""
    rules = plan.registers.contact if plan.registers is not None else None
    if rules is None or day.month in rules.not_in_months or day.day < rules.from_day or not Calendar(plan).is_school_day(day):
        return
    month = day.replace(day=1)
    known = exists().where(PairContact.pairing_id == Pairing.id, PairContact.month == month)
    asked = exists().where(Task.key == func.concat("pair:", Pairing.id, f":{month:%Y-%m}"))
    on_rolls = Student.status.not_in(("deceased", "moved_abroad", "transferred"))
    query = select(Pairing, Student).join(Student, Student.id == Pairing.student_id)
    query = query.where(Pairing.until.is_(None), Pairing.since <= day, on_rolls, ~known, ~asked).order_by(Pairing.id)
    rows = (await work.session.execute(query)).all()
    places = [Place(student.area_code, student.school_area_code, student.school_id, student.class_id) for _, student in rows]
    await read_places(work, places)
    for pairing, student in rows:
        await _ask(work, plan, pairing, student, month)


async def _ask(work: Work, plan: Plan, pairing: Pairing, student: Student, month: date) -> None:
    desk = await desk_of_student(work, student)
    rules = register_rules(plan).contact
    new = NewTask(
        f"pair:{pairing.id}:{month:%Y-%m}", "pair_contact", rules.role, desk.calendar.after(work.now, rules.due), rules.template,
        holder_ids=(pairing.person_id,), about={"student_id": student.id}, facts={"month": f"{month.month}月", "pairing_id": pairing.id},
    )  # fmt: skip
    await open_task(work, desk, new)


async def keep_contact(work: Work, task: Task, by: int, words: str, today: date) -> bool:
    """What the paired person answered is the month's contact. False where it tells nothing."""
    if len(words) < ACCOUNT:
        return False
    month = date.fromisoformat(f"{task.key.rsplit(':', 1)[1]}-01")
    contact = PairContact(
        pairing_id=task.facts["pairing_id"], month=month, recorded_on=today, said=words, recorded_by=by, task_id=task.id
    )  # fmt: skip
    work.session.add(contact)
    work.record("pair_contact_kept", f"student:{task.student_id}", area_code=task.area_code, actor=f"person:{by}", month=month.isoformat())
    return True


async def contacts_of(work: Work, student_id: int) -> Sequence[tuple[PairContact, str]]:
    """(contact, who) of a child, the newest first."""
    query = (
        select(PairContact, Person.name)
        .join(Pairing, Pairing.id == PairContact.pairing_id)
        .join(Person, Person.id == PairContact.recorded_by)
        .where(Pairing.student_id == student_id)
        .order_by(PairContact.month.desc(), PairContact.id.desc())
    )
    return [(contact, name) for contact, name in (await work.session.execute(query)).all()]
