"""Complaints about a school: taken up at the county under a number, answered in its name, never known to the school (art. 2.3–2.5).

Nothing of it stands under the child, the case or the school's area: task, record and text carry the county's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_, select

from cases.desk import Desk, desk_of_area
from cases.letter_numbers import county_of, next_number
from cases.letters import join_letter, letters_of, mark_read
from cases.outside import ANY_SCHOOL, SCHOOL
from cases.responsible import Place, in_force, standing_in
from cases.support_words import support_words
from cases.tasks import LIVING, NewTask, acknowledge, end_task, open_task
from cases.triage_answers import answer_sender, may_be_answered
from storage.tables import Complaint, Inbound, Responsibility, StandIn, Student, Task
from storage.work import Work

KIND = "complaint"
OPEN = ("received", "acknowledged")
TEMPLATE = "complaint_new"


@dataclass(frozen=True)
class Told:
    """What was said, by whom. `school_id`: the school it is about, None where nobody knows; then every school is kept out."""

    text: str
    area_code: str
    school_id: int | None = None
    student_id: int | None = None
    person_id: int | None = None
    contact_id: int | None = None
    inbound_id: int | None = None
    said_encrypted: bytes | None = None
    kind: str | None = None


def told_by_text(inbound: Inbound, student: Student | None, area_code: str) -> Told:
    """A text as a complaint; who asks not to be known is not kept, only where the answer goes."""
    told = Told(inbound.body, county_of(area_code), contact_id=inbound.contact_id, inbound_id=inbound.id)
    if student is None:
        return told
    told = replace(told, area_code=county_of(student.school_area_code), school_id=student.school_id)
    known = not support_words().is_anonymous(inbound.body)
    return replace(told, student_id=student.id, person_id=inbound.person_id) if known else told


async def take_up(work: Work, told: Told) -> Complaint:
    """Registers a complaint, gives it a number and puts it to the county. What the same sender says of the same kind joins an open one."""
    desk = await _desk(work, told.area_code, told.school_id)
    kind = told.kind or desk.plan.complaints.kind_of(told.text)
    if (known := await _known(work, desk, told, kind)) is not None:
        if told.inbound_id is not None:
            await join_complaint(work, known, await work.session.get_one(Inbound, told.inbound_id))
        return known
    complaint = await _store(work, desk, told, kind)
    if told.inbound_id is not None:
        (await work.session.get_one(Inbound, told.inbound_id)).area_code = complaint.area_code
    task = await _put_to_county(work, desk, complaint)
    complaint.task_id = task.id if task is not None else None
    work.record("complaint_received", f"complaint:{complaint.id}", area_code=complaint.area_code, kind=kind)
    return complaint


async def _desk(work: Work, area_code: str, school_id: int | None) -> Desk:
    return replace(await desk_of_area(work, area_code), place=Place(area_code, area_code, school_id))


async def _known(work: Work, desk: Desk, told: Told, kind: str) -> Complaint | None:
    """The sender's open complaint of this kind about this school; words without a kind of their own are about the newest one."""
    if told.contact_id is None:
        return None
    query = select(Complaint).where(
        Complaint.contact_id == told.contact_id, Complaint.state.in_(OPEN), Complaint.school_id.is_not_distinct_from(told.school_id)
    )
    if kind != desk.plan.complaints.unnamed:
        query = query.where(Complaint.kind == kind)
    return await work.session.scalar(query.order_by(Complaint.id.desc()).limit(1))


async def join_complaint(work: Work, complaint: Complaint, inbound: Inbound) -> None:
    """Further words of whoever complains: read with the complaint, whose sender they may ask not to name."""
    if support_words().is_anonymous(inbound.body):
        complaint.student_id = complaint.person_id = None
    inbound.area_code = complaint.area_code
    task = await work.session.get(Task, complaint.task_id or 0)
    if task is not None:
        await join_letter(work, task, inbound)


async def _store(work: Work, desk: Desk, told: Told, kind: str) -> Complaint:
    rules = desk.plan.complaints
    complaint = Complaint(
        number=await next_number(work, KIND, told.area_code, desk.today.year), kind=kind, area_code=county_of(told.area_code),
        school_id=told.school_id, student_id=told.student_id, person_id=told.person_id, contact_id=told.contact_id,
        inbound_id=told.inbound_id, said_encrypted=told.said_encrypted, state="received", received_at=work.now,
        acknowledge_by=desk.calendar.after(work.now, rules.acknowledge), answer_by=desk.calendar.after(work.now, rules.answer),
    )  # fmt: skip
    work.session.add(complaint)
    await work.session.flush()
    return complaint


async def _put_to_county(work: Work, desk: Desk, complaint: Complaint) -> Task | None:
    """The task names neither the child nor the sender: its message may be read over a shoulder."""
    rules = desk.plan.complaints
    facts = {"complaint_number": complaint.number, "about": rules.kinds[complaint.kind].zh}
    new = NewTask(
        f"complaint:{complaint.id}", KIND, rules.role or desk.plan.holes.role, complaint.answer_by, TEMPLATE,
        outside_school=SCHOOL if complaint.school_id is not None else ANY_SCHOOL, about={"inbound_id": complaint.inbound_id}, facts=facts,
    )  # fmt: skip
    return await open_task(work, desk, new)


async def complaint_of(work: Work, task: Task) -> Complaint | None:
    """The complaint that a task is about, locked for this use case."""
    if task.kind != KIND:
        return None
    return await work.session.scalar(select(Complaint).where(Complaint.task_id == task.id).with_for_update())


async def note_acknowledged(work: Work, task: Task, by: int) -> None:
    """The county's officer has it; nothing happens for any other kind of task."""
    complaint = await complaint_of(work, task)
    if complaint is not None and complaint.state == "received":
        _acknowledge(work, complaint, by)


def _acknowledge(work: Work, complaint: Complaint, by: int) -> None:
    complaint.state, complaint.acknowledged_at, complaint.acknowledged_by = "acknowledged", work.now, by
    work.record("complaint_acknowledged", f"complaint:{complaint.id}", area_code=complaint.area_code, actor=f"person:{by}")


async def read_by(work: Work, complaint: Complaint, by: int) -> None:
    """Who reads the words has it from now on, and that they did is kept."""
    work.record("complaint_read", f"complaint:{complaint.id}", area_code=complaint.area_code, actor=f"person:{by}")
    if complaint.state == "received":
        _acknowledge(work, complaint, by)
        task = await work.session.get(Task, complaint.task_id or 0)
        if task is not None and task.state in LIVING:
            await acknowledge(work, task, by)
    await _mark_read(work, complaint)


async def texts_of(work: Work, complaint: Complaint) -> Sequence[Inbound]:
    """The text that it began with, and what its sender wrote after that; none where an officer took it down."""
    task = await work.session.get(Task, complaint.task_id or 0)
    if task is not None:
        return await letters_of(work, task)
    return (await work.session.scalars(select(Inbound).where(Inbound.id == complaint.inbound_id))).all()


async def _mark_read(work: Work, complaint: Complaint) -> None:
    task, texts = await work.session.get(Task, complaint.task_id or 0), await texts_of(work, complaint)
    if task is not None and texts:
        mark_read(task, texts[-1])


def settle_complaint(work: Work, complaint: Complaint, *, outcome: str, words: str, by: int) -> None:
    """A person found it true, partly true or untrue, and answers for that; the task ends elsewhere."""
    if complaint.state == "received":
        _acknowledge(work, complaint, by)
    complaint.state, complaint.outcome, complaint.answer = "answered", outcome, words
    complaint.answered_at, complaint.answered_by = work.now, by
    work.record("complaint_answered", f"complaint:{complaint.id}", area_code=complaint.area_code, actor=f"person:{by}", outcome=outcome)


async def withdraw_complaint(work: Work, complaint_id: int, why: str) -> None:
    """The sender took it back, before anybody answered."""
    complaint = await work.session.get(Complaint, complaint_id, with_for_update=True)
    if complaint is None or complaint.state not in OPEN:
        return
    complaint.state = "withdrawn"
    work.record("complaint_withdrawn", f"complaint:{complaint.id}", area_code=complaint.area_code, why=why)
    task = await work.session.get(Task, complaint.task_id or 0)
    if task is not None and task.state in LIVING:
        end_task(work, task, "cancelled", reason=why)


async def numbered(work: Work, number: str) -> Complaint | None:
    """The complaint with this number, locked for this use case."""
    return await work.session.scalar(select(Complaint).where(Complaint.number == number).with_for_update())


async def answer_complaint(work: Work, complaint: Complaint, *, outcome: str, words: str, by: int) -> bool:
    """Answers, ends the task and writes back in the county's name; whether somebody could be written to."""
    task = await work.session.get(Task, complaint.task_id or 0, with_for_update=True)
    letter = await work.session.get(Inbound, complaint.inbound_id or 0)
    settle_complaint(work, complaint, outcome=outcome, words=words, by=by)
    if task is None:
        return False
    if task.state in LIVING:
        end_task(work, task, "done", by=by, result=words)
    if letter is None or await may_be_answered(work, task, letter) is not None:
        return False
    await answer_sender(work, task, letter, by, words)
    return True


async def schools_of(work: Work, person_id: int, area_code: str) -> frozenset[int]:
    """The schools in which this person has a post, or stands in for somebody who has: complaints about them are not for their eyes."""
    today = (await desk_of_area(work, area_code)).today
    post = Responsibility
    away = select(StandIn.person_id).where(StandIn.substitute_person_id == person_id, *standing_in(today))
    theirs = or_(*(column == person_id for column in HOLDERS), *(column.in_(away) for column in HOLDERS))
    query = select(post.school_id).where(post.school_id.in_(select(Complaint.school_id)), theirs, *in_force(today)).distinct()
    return frozenset(school_id for school_id in await work.session.scalars(query) if school_id is not None)


HOLDERS = (Responsibility.person_id, Responsibility.substitute_person_id)
