"""A guardian who may not be told about a child (a court's order, violence): barred at once, and what was asked is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from storage.tables import CaseFile, Contact, Guardianship, PersonContact, Question, Student
from storage.work import Work


@dataclass(frozen=True)
class Relative:
    """One guardian of a child, without name or number. `phones`: how many work; `shared`: those that another guardian has, too."""

    person_id: int
    relation: str
    rank: int
    no_contact: bool
    phones: int
    shared: int


async def student_of_case(work: Work, number: str) -> Student | None:
    """The child of a case, by the case's number."""
    return await work.session.scalar(select(Student).join(CaseFile, CaseFile.student_id == Student.id).where(CaseFile.number == number))


async def student_of_register(work: Work, register_index: bytes) -> Student | None:
    """The child with this register number, given as its blind index."""
    return await work.session.scalar(select(Student).where(Student.register_index == register_index))


async def relatives(work: Work, student_id: int) -> list[Relative]:
    """The child's guardians, in the order in which they are asked."""
    ties = list(await work.session.scalars(select(Guardianship).where(Guardianship.student_id == student_id).order_by(Guardianship.rank)))
    phones = await _phones(work, [tie.person_id for tie in ties])
    return [_relative(tie, phones) for tie in ties]


def _relative(tie: Guardianship, phones: dict[int, set[int]]) -> Relative:
    own = phones.get(tie.person_id, set())
    others = set().union(*(contacts for person, contacts in phones.items() if person != tie.person_id))
    return Relative(tie.person_id, tie.relation, tie.rank, tie.no_contact, len(own), len(own & others))


async def _phones(work: Work, people: Sequence[int]) -> dict[int, set[int]]:
    """Working contacts by person."""
    usable = (
        select(PersonContact.person_id, func.array_agg(PersonContact.contact_id))
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(PersonContact.person_id.in_(people), PersonContact.retired_reason.is_(None), Contact.state == "usable")
        .group_by(PersonContact.person_id)
    )
    return {person: set(contacts) for person, contacts in await work.session.execute(usable)}


async def bar(work: Work, student: Student, person_id: int) -> bool:
    """Nothing about the child goes to this guardian any more; False when the person is no guardian of the child."""
    if not await _set(work, student, person_id, barred=True):
        return False
    open_ones = (Question.person_id == person_id, Question.student_id == student.id, Question.state == "open")
    await work.session.execute(update(Question).where(*open_ones).values(state="withdrawn", ended_at=work.now))
    work.record("no_contact_set", f"student:{student.id}", area_code=student.area_code, actor="operator", person_id=person_id)
    return True


async def lift_bar(work: Work, student: Student, person_id: int) -> bool:
    """The guardian may be told again; False when the person is no guardian of the child."""
    if not await _set(work, student, person_id, barred=False):
        return False
    work.record("no_contact_lifted", f"student:{student.id}", area_code=student.area_code, actor="operator", person_id=person_id)
    return True


async def _set(work: Work, student: Student, person_id: int, *, barred: bool) -> bool:
    tie = update(Guardianship).where(Guardianship.student_id == student.id, Guardianship.person_id == person_id)
    changed = await work.session.scalar(tie.values(no_contact=barred).returning(Guardianship.person_id))
    return changed is not None
