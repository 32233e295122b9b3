"""A child enters, is suspended, comes back, finishes: what a school or the bureau says of its enrolment (art. 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import select

from cases.casework import close_case, open_case_of
from cases.desk import desk_of_student
from cases.enrolment import leave_the_rolls
from cases.enrolment_words import NotTaken, state_name
from cases.gaps import ARRIVED, close_gap, gap_of, open_gap
from cases.rolls import ON_ROLLS
from cases.said import Said, check_day, may_say, may_say_at, note_event, place_left
from plan.calendar import Calendar
from plan.enrolment import day_in
from storage.tables import School, SchoolClass, Student
from storage.work import Work

NOON = time(12)
ENTERING = ("unenrolled", "graduated", "transferred", "moved_abroad")
"""States from which a child enters a school anew."""


@dataclass(frozen=True)
class NewChild:
    """A child that no file has named: its numbers are encrypted already. `index`: blind index of the register number."""

    name: str
    name_pinyin: str
    birth_date: date | None
    sex: str | None
    index: bytes
    number_encrypted: bytes
    id_encrypted: bytes | None
    id_index: bytes | None


async def enter_new(work: Work, said: Said, child: NewChild, room: SchoolClass) -> Student:
    """A child that was in no register enters a class. Raises NotTaken."""
    school = await work.session.get_one(School, room.school_id)
    may_say_at(said, "enter", school.id, school.area_code)
    check_day(said, child.birth_date)
    known = (Student.register_index == child.index) | (Student.id_number_index == child.id_index if child.id_index else False)
    if await work.session.scalar(select(Student.id).where(known).limit(1)) is not None:
        raise NotTaken("number_known")
    student = Student(
        register_index=child.index, register_number_encrypted=child.number_encrypted, id_number_encrypted=child.id_encrypted,
        id_number_index=child.id_index, name=child.name, name_pinyin=child.name_pinyin, birth_date=child.birth_date, sex=child.sex,
        school_id=school.id, class_id=room.id, area_code=school.area_code, school_area_code=school.area_code,
    )  # fmt: skip
    work.session.add(student)
    await work.session.flush()
    note_event(work, said, student, "entered", school=school.code, class_id=room.id)
    return student


async def enter(work: Work, said: Said, student: Student, room: SchoolClass) -> None:
    """A known child that is on no roll (never enrolled, out of primary school, once gone) enters a class. Raises NotTaken."""
    school = await work.session.get_one(School, room.school_id)
    may_say_at(said, "enter", school.id, school.area_code)
    check_day(said, student.birth_date)
    if student.status not in ENTERING:
        raise NotTaken("already_enrolled", child=student.name)
    left = place_left(student)
    await take_place(work, said, student, school, room)
    note_event(work, said, student, "entered", school=school.code, class_id=room.id, **left)


async def take_place(work: Work, said: Said, student: Student, school: School, room: SchoolClass) -> None:
    """The child is on this class's roll from now on; what was open about its missing place ends."""
    student.school_id, student.class_id, student.school_area_code = school.id, room.id, school.area_code
    student.status, student.seat_number, student.row_digest = "enrolled", None, None
    await work.session.flush()
    if (case := await open_case_of(work, student.id)) is not None:
        case.school_id, case.class_id, case.school_area_code = school.id, room.id, school.area_code
    if (gap := await gap_of(work, student.id)) is not None:
        gap.received_at, gap.received_by, gap.to_school_id = work.now, said.by, school.id
        await close_gap(work, gap, ARRIVED, by=said.by, evidence=said.evidence)


async def suspend(work: Work, said: Said, student: Student, until: date) -> None:
    """The bureau suspends a child until a day; not back so long after it, the child becomes a case. Raises NotTaken."""
    may_say(said, said.rules.by.get("suspend", []), student)
    check_day(said, student.birth_date)
    _must_be_enrolled(student)
    if until <= said.today:
        raise NotTaken("past")
    if (until - said.on).days > said.rules.suspension.longest_days:
        raise NotTaken("too_long", days=said.rules.suspension.longest_days)
    left = place_left(student)
    student.status = "suspended"
    note_event(work, said, student, "suspended", until=until.isoformat(), **left)
    if (case := await open_case_of(work, student.id)) is not None:
        await close_case(work, case, "suspended", {"evidence": {"approval": said.evidence}}, by=said.by)
    desk = await desk_of_student(work, student)
    due = desk.calendar.after(desk.calendar.at(until, NOON), said.rules.suspension.grace)
    await open_gap(work, student, "suspension", due, by=said.by, grade=None)


def _must_be_enrolled(student: Student) -> None:
    if student.status not in ON_ROLLS:
        raise NotTaken("not_enrolled", child=student.name, status=state_name(student.status))


async def resume(work: Work, said: Said, student: Student, room: SchoolClass | None = None) -> None:
    """A suspended child is back, in its class or in another of its school. Raises NotTaken."""
    may_say(said, said.rules.by.get("resume", []), student)
    check_day(said, student.birth_date)
    if student.status != "suspended":
        raise NotTaken("not_suspended", child=student.name)
    if room is not None and room.school_id != student.school_id:
        raise NotTaken("other_class", said=room.name)
    left = place_left(student)
    student.status = "resumed"
    student.class_id = room.id if room is not None else student.class_id
    note_event(work, said, student, "resumed", class_id=student.class_id, **left)
    if (gap := await gap_of(work, student.id)) is not None:
        await close_gap(work, gap, ARRIVED, by=said.by, evidence=said.evidence)


async def graduate_class(work: Work, said: Said, room: SchoolClass) -> list[Student]:
    """The class finishes its stage. Primary leavers are expected on a junior school's roll by the plan's day. Raises NotTaken."""
    rules = said.rules.leavers
    school = await work.session.get_one(School, room.school_id)
    may_say_at(said, "graduate", school.id, school.area_code)
    check_day(said, None)
    if room.grade not in (rules.last_grade, rules.final_grade):
        raise NotTaken("not_last_grade")
    pupils = select(Student).where(Student.class_id == room.id, Student.status.in_(ON_ROLLS)).order_by(Student.id).with_for_update()
    leaving = list((await work.session.scalars(pupils)).all())
    if not leaving:
        raise NotTaken("nobody_there")
    for student in leaving:
        await _graduate(work, said, student, room.grade)
    return leaving


async def _graduate(work: Work, said: Said, student: Student, grade: int) -> None:
    """A case that is open goes on for a primary leaver: finishing a stage brings no child to school."""
    if grade == said.rules.leavers.final_grade:
        await leave_the_rolls(work, student.id, "graduated", by=said.by, evidence={"enrolment_record": said.evidence})
        student.class_id = None
        return
    note_event(work, said, student, "graduated", grade=grade, **place_left(student))
    calendar = Calendar(said.plan)
    due = next(day for year in (said.on.year, said.on.year + 1) if (day := day_in(year, said.rules.leavers.due)) > said.on)
    await open_gap(work, student, "leaver", calendar.at(due, NOON), by=said.by, grade=grade + 1)
    student.status, student.class_id = "graduated", None


async def leave_for_good(work: Work, said: Said, student: Student, kind: str) -> None:
    """Deceased, or moved abroad: with the paper that proves it. Raises NotTaken."""
    may_say(said, said.rules.by.get("deceased" if kind == "deceased" else "moved_abroad", []), student)
    check_day(said, student.birth_date)
    if student.status in ("deceased", "moved_abroad"):
        raise NotTaken("not_enrolled", child=student.name, status=state_name(student.status))
    evidence = dict.fromkeys(said.plan.exits[kind].evidence, said.evidence)
    await leave_the_rolls(work, student.id, kind, by=said.by, evidence={**evidence, "on": said.on.isoformat()})
