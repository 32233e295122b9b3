"""One case: where it stands and what comes next, its story, what was said to and by the family, notices, tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from starlette.responses import Response

from cases.declining import why_declined
from cases.reply_corrections import Reply, correct_reply
from cases.tasks import LIVING
from cases.triage_list import masked
from console.acts import CONFIRM_FIRST
from console.pages.home_visits import home_visits_of
from console.pages.photos import may_picture, pictures_of
from console.pages.tasks import LONGEST, few_colleagues
from console.security import require_csrf_form
from console.telling import tell
from console.visit import Blank, Visit, Visiting, gone, place_of, see_other
from console.words import page_data
from storage.tables import (
    CaseFile,
    CaseLevel,
    Contact,
    GuardianAnswer,
    Guardianship,
    Inbound,
    Intent,
    Message,
    Notice,
    Person,
    PersonContact,
    School,
    SchoolClass,
    Student,
    Task,
    TaskHolder,
)  # fmt: skip
from storage.work import Work

router = APIRouter(prefix="/cases")


@dataclass(frozen=True)
class Said:
    """One text of the thread. `is_ours`: we said it; `state` says how far it came; `reply_id` and `read_as`: of what a family answered."""

    at: datetime
    who: str
    text: str
    is_ours: bool
    state: str
    reply_id: int | None = None
    read_as: str = ""


@dataclass(frozen=True)
class Relative:
    """Somebody of the family, with masked numbers: (contact id, ends of the number, state)."""

    person: Person
    relation: str
    is_barred: bool
    numbers: Sequence[tuple[int, str, str]]


@router.get("/{case_id}")
async def show(visit: Visiting, case_id: int) -> Response:
    case = await visit.session.get(CaseFile, case_id)
    if case is None:
        raise gone()
    child = await visit.session.get_one(Student, case.student_id)
    (living, ended), notices = await _tasks(visit, case_id), await _notices(visit, case_id)
    photographed = [task.id for task, _ in living] + [task.id for task in ended]
    return await visit.show(
        "case", case=case, child=child, school=await place_of(visit, School, case.school_id),
        room=await place_of(visit, SchoolClass, case.class_id), levels=await _levels(visit, case), living=living, ended=ended,
        family=await family_of(visit, child.id), thread=await _thread(visit, case), notices=notices,
        declined=await _declined(visit, notices),
        story=await tell(visit.session, visit.plan, case_id, visit.me.language), crumbs=await visit.crumbs(case.school_area_code),
        pictures=await pictures_of(visit, photographed), photo_rights=await may_picture(visit), visits=await home_visits_of(visit, case_id),
        colleagues=await few_colleagues(visit), longest=LONGEST, typed="", confirm_first=CONFIRM_FIRST,
        never_later=visit.plan.postponing.never, meanings=page_data("story")["intents"],
    )  # fmt: skip


@router.post("/{case_id}/meant", dependencies=[Depends(require_csrf_form)])
async def meant(
    visit: Visiting, case_id: int, reply: Annotated[int, Form()], intent: Annotated[str, Form(max_length=40)] = "",
    on: Annotated[Blank[date | None], Form()] = None,
) -> Response:  # fmt: skip
    """What a reply meant that was read wrongly: kept for the next reader. What was recorded stays: the family is asked, or a task done."""
    answers = select(GuardianAnswer.inbound_id).where(GuardianAnswer.case_id == case_id)
    given = select(Inbound.id).where(Inbound.id == reply, Inbound.id.in_(answers))
    case = await visit.session.get(CaseFile, case_id)
    if case is None or await visit.session.scalar(given) is None or intent not in page_data("story")["intents"]:
        raise gone()
    async with visit.acting() as work:
        about = Reply(reply, case.student_id, case.area_code)
        await correct_reply(work, about, by=visit.me.person_id, meant=intent, on=on)
    return see_other(f"/cases/{case_id}", said="meaning_kept")


async def _levels(visit: Visit, case: CaseFile) -> dict[int, CaseLevel]:
    entered = select(CaseLevel).where(CaseLevel.case_id == case.id, CaseLevel.episode == case.episode)
    return {entry.level: entry for entry in await visit.session.scalars(entered)}


async def _tasks(visit: Visit, case_id: int) -> tuple[list[tuple[Task, list[tuple[int, str]]]], list[Task]]:
    """Living tasks with (id, name) of who is asked, and those that have ended, the newest first."""
    found = (await visit.session.scalars(select(Task).where(Task.case_id == case_id).order_by(Task.due_at, Task.id))).all()
    held = (
        select(TaskHolder.task_id, Person.id, Person.name)
        .join(Person, Person.id == TaskHolder.person_id)
        .where(TaskHolder.task_id.in_([task.id for task in found]), TaskHolder.until.is_(None))
    )
    people: dict[int, list[tuple[int, str]]] = {}
    for task_id, person_id, name in await visit.session.execute(held):
        people.setdefault(task_id, []).append((person_id, name))
    owed = [(task, people.get(task.id, [])) for task in found if task.state in LIVING]
    living = [one for one in owed if not one[0].facts.get("quiet")] or owed  # nobody is asked for a quiet one, yet somebody has it
    return living, sorted((task for task in found if task.ended_at), key=lambda task: task.ended_at or visit.now, reverse=True)


async def family_of(visit: Visit, student_id: int) -> list[Relative]:
    """Those who answer for the child, the one who is asked first at the top."""
    bonds = select(Guardianship, Person).join(Person, Person.id == Guardianship.person_id)
    rows = (await visit.session.execute(bonds.where(Guardianship.student_id == student_id).order_by(Guardianship.rank))).all()
    numbers = await numbers_of(visit, [person.id for _, person in rows])
    return [Relative(person, bond.relation, bond.no_contact, numbers.get(person.id, ())) for bond, person in rows]


async def numbers_of(visit: Visit, person_ids: Sequence[int]) -> dict[int, list[tuple[int, str, str]]]:
    """Person → (contact id, masked address, state)."""
    query = (
        select(PersonContact.person_id, Contact.id, Contact.address_encrypted, Contact.state)
        .join(Contact, Contact.id == PersonContact.contact_id)
        .where(PersonContact.person_id.in_(person_ids), PersonContact.retired_reason.is_(None))
        .order_by(PersonContact.preference, Contact.id)
    )
    found: dict[int, list[tuple[int, str, str]]] = {}
    for person_id, contact_id, address, state in await visit.session.execute(query):
        found.setdefault(person_id, []).append((contact_id, masked(visit.parts.cipher.decrypt(address)), state))
    return found


async def _thread(visit: Visit, case: CaseFile) -> list[Said]:
    """What was said to and by the family since the case opened, oldest first."""
    family = select(Guardianship.person_id).where(Guardianship.student_id == case.student_id)
    ours = (
        select(Message, Person.name)
        .join(Person, Person.id == Message.person_id)
        .where(Message.person_id.in_(family), Message.id.in_(select(Intent.message_id).where(Intent.case_id == case.id)))
    )
    theirs = (
        select(Inbound, Person.name, func.array_agg(aggregate_order_by(GuardianAnswer.intent, GuardianAnswer.id)))
        .join(Person, Person.id == Inbound.person_id)
        .join(GuardianAnswer, GuardianAnswer.inbound_id == Inbound.id)
        .where(GuardianAnswer.case_id == case.id)
        .group_by(Inbound.id, Person.name)
    )
    out = [Said(one.queued_at, name, one.body, True, one.state) for one, name in await visit.session.execute(ours)]
    back = [Said(one.received_at, name, one.body, False, "", one.id, read[-1]) for one, name, read in await visit.session.execute(theirs)]
    return sorted((*out, *back), key=lambda said: said.at)


async def _notices(visit: Visit, case_id: int) -> Sequence[Notice]:
    return (await visit.session.scalars(select(Notice).where(Notice.case_id == case_id).order_by(Notice.id))).all()


async def _declined(visit: Visit, notices: Sequence[Notice]) -> dict[int, str]:
    """Notice → why its officer did not issue it."""
    reading = Work(visit.session, visit.now)
    return {notice.id: why for notice in notices if (why := await why_declined(reading, notice))}
