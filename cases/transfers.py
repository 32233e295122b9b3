"""A child goes to another school: both schools say so, and a child that does not arrive becomes a case (art. 2.6)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from cases.casework import open_case_of, pause_case
from cases.desk import desk_of_area, desk_of_school, desk_of_student
from cases.enrolment_words import NotTaken, state_name
from cases.gaps import open_gap
from cases.responsible import CODE_LENGTH
from cases.rolls import ON_ROLLS
from cases.said import Said, check_day, may_say, may_say_at, note_event, place_left
from cases.school_roll import take_place
from cases.tasks import NewTask, open_task
from storage.tables import EnrolmentEvent, EnrolmentGap, School, SchoolClass, Student
from storage.work import Work

ON_THE_WAY = ("transferring", "graduated", "unenrolled", "transferred")


@dataclass(frozen=True)
class Destination:
    """The other school: one that we know, or only its name."""

    name: str
    school: School | None = None


async def transfer_out(work: Work, said: Said, student: Student, to: Destination) -> EnrolmentGap:
    """The child has left for another school. That school's enrolment manager is asked whether it has arrived. Raises NotTaken."""
    may_say(said, said.rules.by.get("transfer", []), student)
    check_day(said, student.birth_date)
    if student.status not in ON_ROLLS:
        raise NotTaken("not_enrolled", child=student.name, status=state_name(student.status))
    if to.school is not None and to.school.id == student.school_id:
        raise NotTaken("same_school")
    rules = said.rules.transfer
    desk = await desk_of_student(work, student)
    due = desk.calendar.after(desk.calendar.at(said.on, desk.calendar.local(work.now).time()), rules.arrives_within)
    room = await work.session.get(SchoolClass, student.class_id)
    gap = await open_gap(work, student, "transfer", due, by=said.by, grade=room.grade if room is not None else None)
    gap.to_school_id, gap.to_name = to.school.id if to.school else None, to.name
    gap.released_at, gap.released_by = work.now, said.by
    left = place_left(student)
    student.status, student.class_id = "transferring", None
    note_event(work, said, student, "transferred_out", to=to.school.code if to.school else to.name, **left)
    if (case := await open_case_of(work, student.id)) is not None:
        await pause_case(work, case, due, "transferring")
    await _ask_receiving(work, said, student, gap, to)
    return gap


async def _ask_receiving(work: Work, said: Said, student: Student, gap: EnrolmentGap, to: Destination) -> None:
    """The other school; where that is not one of ours, the county's enrolment manager finds it in the enrolment system."""
    if to.school is not None:
        desk = await desk_of_school(work, to.school)
    else:
        desk = await desk_of_area(work, student.school_area_code[: CODE_LENGTH["county"]])
    left = await work.session.scalar(select(School.name).where(School.id == gap.from_school_id)) or ""
    new = NewTask(
        f"gap:{gap.id}:arrival", "transfer_arrival", said.rules.transfer.role, gap.due_at, "transfer_arriving",
        about={"student_id": student.id}, facts={"from_school": left, "to_school": to.name},
    )  # fmt: skip
    await open_task(work, desk, new)


async def arrive(work: Work, said: Said, student: Student, room: SchoolClass) -> None:
    """The receiving school has the child in this class. Where the other school has not said that it left, it is asked. Raises NotTaken."""
    school = await work.session.get_one(School, room.school_id)
    may_say_at(said, "arrive", school.id, school.area_code)
    check_day(said, student.birth_date)
    if student.school_id == school.id and student.status in (*ON_ROLLS, "suspended"):
        raise NotTaken("same_school")
    if student.status not in (*ON_THE_WAY, *ON_ROLLS):
        raise NotTaken("not_enrolled", child=student.name, status=state_name(student.status))
    unannounced = student.status in ON_ROLLS
    if unannounced:
        await _announce(work, said, student, school)
    left = place_left(student)
    await take_place(work, said, student, school, room)
    note_event(work, said, student, "arrived", school=school.code, class_id=room.id, **left)


async def _announce(work: Work, said: Said, student: Student, to: School) -> None:
    """The child came before anybody said that it left: its former school confirms that."""
    desk = await desk_of_student(work, student)
    until = desk.calendar.after(work.now, said.rules.transfer.arrives_within)
    gap = await open_gap(work, student, "transfer", until, by=said.by, grade=None)
    gap.to_school_id, gap.to_name = to.id, to.name
    duty = desk.plan.duties["transfer_release"]
    due = desk.calendar.after(work.now, duty.due)
    new = NewTask(
        f"gap:{gap.id}:release", "transfer_release", duty.role, due, duty.template, about={"student_id": student.id},
        facts={"to_school": to.name, "gap_id": gap.id},
    )  # fmt: skip
    await open_task(work, desk, new)


async def acknowledge_release(work: Work, gap_id: int, by: int, words: str) -> None:
    """The former school says that the child has left it."""
    gap = await work.session.get_one(EnrolmentGap, gap_id)
    gap.released_at, gap.released_by = work.now, by
    student = await work.session.get_one(Student, gap.student_id)
    work.session.add(EnrolmentEvent(student_id=student.id, kind="released", at=work.now, by_person_id=by, facts={"evidence": words}))
    work.record("enrolment_released", f"student:{student.id}", area_code=student.area_code, actor=f"person:{by}")
