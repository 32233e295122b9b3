"""A school's own system says who was absent: a class's sheet for a day, and corrections. The same use case as a teacher's message."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, Tag
from sqlalchemy import select, update

from cases.attendance import Missing, SheetAnswer, correction_day, record_sheet
from cases.calendars import calendar_for
from cases.new_child import number_indexes
from cases.rolls import ON_ROLLS, taught_at_home
from cases.rooms import room_named
from cases.sheet_asking import sheet_before_asking, sheet_of
from console.api.caller import Attending, Caller, Once
from console.api.fields import Body, Day, Number, RoomRef, SchoolRef, Seat, meaning, with_field
from console.api.problems import Problem, Row
from storage.tables import AttendanceSheet, Question, SchoolClass, Student
from storage.work import Work

MOST = 200


class BySeat(Body):
    """A pupil by the number within the class."""

    seat: Seat


class ByRegister(Body):
    """A pupil by register or identity number."""

    number: Number


class AbsentSeat(BySeat):
    """Absent, with what is known of it."""

    reason: Literal["sick", "leave"] | None = None
    until: Day | None = Field(default=None, description=meaning("until"))


class AbsentNumber(ByRegister):
    """Absent, with what is known of it."""

    reason: Literal["sick", "leave"] | None = None
    until: Day | None = Field(default=None, description=meaning("until"))


BY = with_field("number", "seat")
Absent = Annotated[Annotated[AbsentSeat, Tag("@seat")] | Annotated[AbsentNumber, Tag("@number")], BY]
Pupil = Annotated[Annotated[BySeat, Tag("@seat")] | Annotated[ByRegister, Tag("@number")], BY]


class Sheet(Body):
    """A class, a day, and who was absent. Nobody in `absent` with mode full: all were present."""

    school: SchoolRef
    room: RoomRef = Field(alias="class")
    on: Day = Field(description=meaning("day_of_sheet"))
    mode: Literal["full", "correction"] = Field(default="full", description=meaning("mode"))
    absent: list[Absent] = Field(default_factory=list, max_length=MOST)
    arrived: list[Pupil] = Field(default_factory=list, max_length=MOST, description=meaning("arrived"))


class SheetTaken(Body):
    """What became of it. `held`: so many are absent that the principal confirms first. `at_home`: named, but taught at home: left out."""

    sheet_id: int
    absent: int
    excused: int
    held: bool
    at_home: int = 0


router = APIRouter(prefix="/attendance", tags=["attendance"])


@router.post("")
async def push_sheet(call: Attending, sheet: Sheet, once: Once) -> SheetTaken:
    """考勤 · A class's sheet for a day, or a correction of it."""
    school = await call.seen_school(sheet.school)

    async def use(work: Work) -> dict[str, Any]:
        room = await room_named(work, call.plan, sheet.room, [school])
        kept = await _sheet_of(work, call, room, sheet.on)
        _must_be_answered(kept, sheet)
        answer, at_home = await _answer(work, call, room, sheet)
        receipt = await record_sheet(work, kept, answer, call.key.person_id)
        asked = update(Question).where(Question.sheet_id == kept.id, Question.state == "open")
        await work.session.execute(asked.values(state="withdrawn", ended_at=work.now))
        return {
            "sheet_id": kept.id, "absent": len(receipt.absent_ids), "excused": len(receipt.excused_ids), "held": receipt.held,
            "at_home": at_home,
        }  # fmt: skip

    return SheetTaken(**await call.once(once, sheet, use))


async def _sheet_of(work: Work, call: Caller, room: SchoolClass, on: date) -> AttendanceSheet:
    """Today's, also before it is asked for, or that of the last school day. Raises Problem."""
    calendar = await calendar_for(work.session, call.plan, room.school_id, room.area_code, room.id)
    if on == call.today:
        kept = await sheet_of(work, room.id, on) or await sheet_before_asking(work, call.plan, room.id, on)
        if kept is None or kept.state == "withdrawn":
            raise Problem("cannot_be", rows=[Row(0, "on", "no_school")])
        return kept
    if on != correction_day(calendar, call.today):
        raise Problem("cannot_be", rows=[Row(0, "on", "bad_day")])
    kept = await sheet_of(work, room.id, on)
    if kept is None or kept.state == "withdrawn":
        raise Problem("cannot_be", rows=[Row(0, "on", "no_sheet")])
    return kept


def _must_be_answered(kept: AttendanceSheet, sheet: Sheet) -> None:
    """A correction says nothing of those whom it does not name: nobody may count as present by it. Raises Problem."""
    if sheet.mode == "correction" and kept.answered_at is None:
        raise Problem("cannot_be", rows=[Row(0, "mode", "nothing_to_correct")])


async def _answer(work: Work, call: Caller, room: SchoolClass, sheet: Sheet) -> tuple[SheetAnswer, int]:
    """Every row is looked at before any is taken; how many name a child that no sheet asks for, since it is taught at home.

    Raises Problem rows_refused, naming each row.
    """
    roll = await _Roll.of(work, call, room)
    wrong: list[Row] = []
    named: set[int] = set()
    absent, arrived = [], []
    for place, one in enumerate(sheet.absent, start=1):
        student_id = roll.find(one, place, "absent", named, wrong)
        if one.until is not None and one.until < sheet.on:
            wrong.append(Row(place, "until", "until_past", "absent"))
        absent.append(Missing(student_id or 0, one.reason, one.until))
    for place, pupil in enumerate(sheet.arrived, start=1):
        arrived.append(roll.find(pupil, place, "arrived", named, wrong) or 0)
    if wrong:
        raise Problem("rows_refused", rows=wrong)
    asked = SheetAnswer(
        [one for one in absent if one.student_id not in roll.at_home], [one for one in arrived if one not in roll.at_home], sheet.mode
    )
    return asked, len(named & roll.at_home)


class _Roll:
    """Who is in the class, by seat and by number."""

    def __init__(self, call: Caller) -> None:
        self._cipher = call.parts.cipher
        self._seats: dict[int, list[int]] = {}
        self._numbers: dict[bytes, int] = {}
        self.at_home: set[int] = set()

    @classmethod
    async def of(cls, work: Work, call: Caller, room: SchoolClass) -> _Roll:
        columns = (Student.id, Student.seat_number, Student.register_index, Student.id_number_index, taught_at_home())
        roll = cls(call)
        for student_id, seat, register, citizen, at_home in await work.session.execute(
            select(*columns).where(Student.class_id == room.id, Student.status.in_(ON_ROLLS))
        ):
            roll.at_home |= {student_id} if at_home else set()
            roll._numbers |= {index: student_id for index in (register, citizen) if index is not None}
            if seat is not None:
                roll._seats.setdefault(seat, []).append(student_id)
        return roll

    def find(self, pupil: Absent | Pupil, place: int, of: str, named: set[int], wrong: list[Row]) -> int | None:
        """The pupil of a row; what is wrong with it is added to `wrong`."""
        if isinstance(pupil, BySeat):
            field, found = "seat", self._seats.get(pupil.seat, [])
        else:
            field, found = "number", self._by_number(pupil.number)
        if len(found) != 1:
            wrong.append(Row(place, field, "no_pupil", of))
            return None
        if found[0] in named:
            wrong.append(Row(place, field, "twice", of))
        named.add(found[0])
        return found[0]

    def _by_number(self, said: str) -> list[int]:
        return list({self._numbers[index] for index in number_indexes(self._cipher, said) if index in self._numbers})
