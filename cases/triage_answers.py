"""The owner of a text answers its sender in the county's name, or says whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pypinyin import lazy_pinyin
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert

from cases.desk import desk_of_area
from cases.responsible import usable
from cases.tasks import LIVING, end_task
from cases.triage import FURTHER
from storage import queue
from storage.tables import Contact, Guardianship, Inbound, Person, PersonContact, SchoolClass, Student, Task
from storage.work import Work

ON_ROLLS = ("enrolled", "resumed", "suspended")
COUNTY = 6
"""Digits of a county's area code."""


@dataclass(frozen=True)
class Kin:
    """A child, and what the sender is to it. `called`: the officer's own word for that."""

    student_id: int
    relation: str
    called: str


async def letter_of(work: Work, task: Task) -> Inbound | None:
    """The text that the task is about."""
    return await work.session.get(Inbound, task.inbound_id) if task.inbound_id is not None else None


async def texts_of(work: Work, task: Task) -> list[str]:
    """All that its sender wrote of it, the first text first."""
    ids = [task.inbound_id, *task.facts.get(FURTHER, [])]
    return list(await work.session.scalars(select(Inbound.body).where(Inbound.id.in_(ids)).order_by(Inbound.id)))


async def may_be_answered(work: Work, task: Task, letter: Inbound) -> str | None:
    """What forbids an answer (templates/words.yaml, refusals): a dead number, or a guardian who is barred from the child."""
    contact = await work.session.get(Contact, letter.contact_id) if letter.contact_id is not None else None
    if contact is None or contact.state != "usable":
        return "sender_gone"
    barred = select(Guardianship.person_id).where(
        Guardianship.student_id == task.student_id, Guardianship.person_id == letter.person_id, Guardianship.no_contact
    )
    return "sender_barred" if await work.session.scalar(barred) is not None else None


async def answer_sender(work: Work, task: Task, letter: Inbound, by: int, words: str) -> None:
    """Sends the words to where the text came from, signed by the county, outside the quiet hours.

    It names no child: what cannot be delivered must not be told to another guardian, nor made good by the school.
    """
    desk = await desk_of_area(work, task.area_code)
    due = desk.calendar.quiet_end(work.now) if desk.calendar.is_quiet(work.now) else work.now
    work.say(
        f"triage:{task.id}:answer:{letter.id}", letter.person_id, "triage_reply", area_code=task.area_code, facts={"words": words},
        due_at=due, contact_id=letter.contact_id,
    )  # fmt: skip
    work.record("triage_answered", f"task:{task.id}", area_code=task.area_code, case_id=task.case_id, actor=f"person:{by}")


async def children_named(work: Work, area_code: str, name: str) -> list[tuple[Student, str]]:
    """Children of the county with exactly this name, and their classes."""
    within: ColumnElement[bool] = Student.area_code.startswith(area_code[:COUNTY]) | Student.school_area_code.startswith(area_code[:COUNTY])
    query = select(Student, func.coalesce(SchoolClass.name, "")).outerjoin(SchoolClass, SchoolClass.id == Student.class_id)
    found = await work.session.execute(query.where(Student.name == name, Student.status.in_(ON_ROLLS), within).order_by(Student.id))
    return [(student, room) for student, room in found]


async def link_sender(work: Work, letter: Inbound, kin: Kin, by: int, today: date) -> None:
    """The number becomes that of a guardian of the child: of the one in the register whom nobody could reach, else of a new one."""
    if letter.contact_id is None:
        raise ValueError("a text is linked only once its contact is known")
    student = await work.session.get_one(Student, kin.student_id)
    person_id = await _unreached(work, kin, today) or await _new_guardian(work, student, kin)
    link = insert(PersonContact).values(person_id=person_id, contact_id=letter.contact_id)
    anew = {"retired_reason": None, "valid_from": None, "valid_until": None}
    again = link.on_conflict_do_update(index_elements=["person_id", "contact_id"], set_=anew)
    await work.session.execute(again)
    work.record(
        "guardian_linked", f"student:{student.id}", area_code=student.area_code, actor=f"person:{by}", person_id=person_id,
        contact_id=letter.contact_id,
    )  # fmt: skip


async def _unreached(work: Work, kin: Kin, today: date) -> int | None:
    reached = select(PersonContact.person_id).join(Contact, Contact.id == PersonContact.contact_id).where(*usable(today))
    query = select(Guardianship.person_id).where(
        Guardianship.student_id == kin.student_id, Guardianship.relation == kin.relation, Guardianship.no_contact.is_(False),
        Guardianship.person_id.not_in(reached),
    )  # fmt: skip
    return await work.session.scalar(query.order_by(Guardianship.rank).limit(1))


async def _new_guardian(work: Work, student: Student, kin: Kin) -> int:
    name = f"{student.name}{kin.called}"
    person = Person(name=name, name_pinyin="".join(lazy_pinyin(name)), area_code=student.area_code)
    work.session.add(person)
    await work.session.flush()
    last = select(Guardianship.rank).where(Guardianship.student_id == student.id).order_by(Guardianship.rank.desc()).limit(1)
    rank = (await work.session.scalar(last) or 0) + 1
    row = Guardianship(student_id=student.id, person_id=person.id, relation=kin.relation, rank=rank, is_guardian=False)
    work.session.add(row)
    await work.session.flush()
    return person.id


async def read_again(work: Work, letter: Inbound, by: int) -> int:
    """Everything that waits from this sender is handled anew, now that we know whose it is; gives how many texts."""
    waiting = select(Task, Inbound).join(Inbound, Inbound.id == Task.inbound_id)
    waiting = waiting.where(Task.kind == "triage_unknown", Task.state.in_(LIVING), Inbound.contact_id == letter.contact_id)
    rows = (await work.session.execute(waiting.order_by(Inbound.id))).all()
    for task, text in rows:
        end_task(work, task, "done", by=by, reason="sender_known")
        text.handled_at = text.outcome = text.area_code = text.person_id = None
        group = text.address_index.hex()
        await queue.send(work.session, queue.INBOUND, {"inbound_id": text.id}, group=group)
    return len(rows)
