"""Random life of two schools of one county, through the use cases and the real ticks; every word may be refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import select

from cases.aid import decide_aid, request_aid
from cases.answers import take_answer
from cases.attendance import Missing, SheetAnswer, record_sheet
from cases.closures import Closing, close_school
from cases.complaints import Told, take_up
from cases.enrolment_words import NotTaken
from cases.matter import Said as Heard
from cases.plans import plan_in_force
from cases.registers import set_category
from cases.reports.answering import NOTHING_ELSE, Stated, confirm, sign
from cases.said import Said, said_by
from cases.school_roll import enter, leave_for_good, resume, suspend
from cases.transfers import Destination, arrive, transfer_out
from plan.calendar import Calendar
from plan.model import Plan
from scheduler.ticks import tick
from storage.tables import Area, AttendanceSheet, Report, School, SchoolClass, Student
from storage.work import Work, working
from tests.fanxiao.rows import add_pupils, add_school, put
from tests.stories.county import County

AREA = "622926"
BORN = date(2017, 5, 1)
ASKED, SAID, NOON, REPORTED, SIGNED, EVENING = time(8, 1), time(9), time(12, 5), time(15, 5), time(16), time(19, 5)
NIGHT = time(5, 35)
ANSWERS = ("returned", "refuses_school", "sick", "hardship", "migrated", "promise", "transferred", "wrong_number", "unknown", "family_care")
CATEGORIES = ("left_behind", "migrant", "poor", "single_parent")


@dataclass
class Life:
    """`away`: who stays away, and for how many more school days; `rewritten`: whose earlier days somebody has since told otherwise."""

    county: County
    random: Random
    day: date
    away: dict[int, int] = field(default_factory=dict)
    rewritten: set[int] = field(default_factory=set)
    categories: set[tuple[int, str]] = field(default_factory=set)
    restated: set[int] = field(default_factory=set)  # reports with other numbers than the computed ones
    happened: list[str] = field(default_factory=list)
    plan: Plan = field(init=False)
    rooms: list[int] = field(default_factory=list)

    async def begin(self) -> None:
        """Two schools in two places, sixteen children in three classes."""
        await self.county.begin(f"{self.day} 05:00")
        for number in range(4):
            await self.county.student(f"童{number}", guardians=[f"father{number}"])
        await put(self.county, Area(code="622926101", name="达板镇", level="township", parent_code=AREA))
        one = await add_school(self.county, "2162000011", "锁南九年制学校", "622926100201", [3, 7])
        other = await add_school(self.county, "2162000012", "达板九年制学校", "622926101", [5])
        for grade, room in {**one, **other}.items():
            await add_pupils(self.county, room, 4, f"生{grade}", BORN)
        self.rooms = [self.county.class_id, *one.values(), *other.values()]
        async with self.county.database.session() as session:
            self.plan = (await plan_in_force(session))[1]

    def at(self, hour: time) -> datetime:
        """A local hour of the present day."""
        return Calendar(self.plan).at(self.day, hour)

    async def tick(self, hour: time) -> None:
        while await tick(self.county.database, self.at(hour)):
            pass

    async def live(self) -> None:
        """One day, as far as its evening."""
        for hour, what in (
            (NIGHT, None),
            (ASKED, None),
            (SAID, self._morning),
            (NOON, None),
            (REPORTED, None),
            (SIGNED, self._reports),
            (EVENING, None),
        ):
            if what is not None:
                await what()
            await self.tick(hour)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    async def _morning(self) -> None:
        await self._sheets()
        for _ in range(self.random.randrange(3)):
            await self._word(self.random.choice(WORDS))

    async def _word(self, name: str) -> None:
        """A refused word changes nothing; it is a part of life like the others."""
        try:
            async with working(self.county.database, self.at(SAID)) as work:
                student = await self._somebody(work)
                said = await said_by(work, self.plan, self._by(name), today=self.day, evidence="学籍系统截图")
                await getattr(self, f"_{name}")(work, said, student)
        except NotTaken as refused:
            self.happened.append(f"{self.day} {name} refused: {refused}")
        else:
            self.happened.append(f"{self.day} {name} {student.id}")

    def _by(self, name: str) -> int:
        role = "enrolment_manager" if name in {"arriving", "gone", "entering"} else "county_officer"
        return self.county.people[role if name != "category" else "attendance_officer"]

    async def _somebody(self, work: Work) -> Student:
        ids = list(await work.session.scalars(select(Student.id).order_by(Student.id)))
        return await work.session.get_one(Student, self.random.choice(ids), with_for_update=True)

    async def _room(self, work: Work) -> SchoolClass:
        return await work.session.get_one(SchoolClass, self.random.choice(self.rooms))

    async def _sheets(self) -> None:
        """Most classes answer; some say more later, and some were wrong yesterday."""
        self.away = {child: left - 1 for child, left in self.away.items() if left > 1}
        async with self.county.database.session() as session:
            today = AttendanceSheet.on == self.day, AttendanceSheet.state.not_in(("answered", "withdrawn"))
            sheets = (await session.execute(select(AttendanceSheet.id, AttendanceSheet.class_id).where(*today))).all()
        for sheet_id, room in sheets:
            if self.chance(0.9):
                await self._sheet(sheet_id, room)
        if self.chance(0.15):
            await self._correction()

    async def _sheet(self, sheet_id: int, room: int) -> None:
        async with working(self.county.database, self.at(SAID)) as work:
            on_roll = Student.class_id == room, Student.status.in_(("enrolled", "resumed"))
            pupils = list(await work.session.scalars(select(Student.id).where(*on_roll).order_by(Student.id)))
            for child in pupils:
                if self.chance(0.05):
                    self.away.setdefault(child, self.random.choice((1, 2, 4, 9, 20)))
            absent = [Missing(child, *self._reason()) for child in pupils if child in self.away]
            sheet = await work.session.get_one(AttendanceSheet, sheet_id, with_for_update=True)
            await record_sheet(work, sheet, SheetAnswer(absent), by=self.county.people["class_teacher"])

    def _reason(self) -> tuple[str | None, date | None]:
        if self.chance(0.9):
            return None, None
        return ("sick", None) if self.chance(0.5) else ("leave", self.day + timedelta(days=self.random.randrange(1, 6)))

    async def _correction(self) -> None:
        """The teacher was wrong about a child, on a day of this week."""
        async with working(self.county.database, self.at(SAID)) as work:
            recent = AttendanceSheet.state == "answered", AttendanceSheet.on >= self.day - timedelta(days=3)
            sheet = await work.session.scalar(
                select(AttendanceSheet).where(*recent).order_by(AttendanceSheet.id).limit(1).with_for_update()
            )
            if sheet is None:
                return
            pupils = select(Student.id).where(Student.class_id == sheet.class_id, Student.status == "enrolled").order_by(Student.id)
            child = self.random.choice(list(await work.session.scalars(pupils)) or [0])
            if child:
                self.rewritten.add(child)
                arrived, absent = ((child,), ()) if self.chance(0.5) else ((), (Missing(child),))
                await record_sheet(work, sheet, SheetAnswer(absent, arrived, "correction"), by=self.county.people["class_teacher"])
                self.happened.append(f"{self.day} correction of {sheet.on}: {child} {'arrived' if arrived else 'absent'}")

    async def _leaving(self, work: Work, said: Said, student: Student) -> None:
        school = await work.session.get_one(School, (await self._room(work)).school_id)
        await transfer_out(work, said, student, Destination(school.name, school) if self.chance(0.7) else Destination("兰州市第一小学"))

    async def _arriving(self, work: Work, said: Said, student: Student) -> None:
        await arrive(work, said, student, await self._room(work))

    async def _suspending(self, work: Work, said: Said, student: Student) -> None:
        await suspend(work, said, student, self.day + timedelta(days=self.random.choice((3, 30))))

    async def _resuming(self, work: Work, said: Said, student: Student) -> None:
        await resume(work, said, student)

    async def _entering(self, work: Work, said: Said, student: Student) -> None:
        await enter(work, said, student, await self._room(work))

    async def _gone(self, work: Work, said: Said, student: Student) -> None:
        await leave_for_good(work, said, student, "moved_abroad")

    async def _category(self, work: Work, said: Said, student: Student) -> None:
        category = self.random.choice(CATEGORIES)
        present = (student.id, category) not in self.categories
        await set_category(work, said, student, category, present=present)
        (self.categories.add if present else self.categories.discard)((student.id, category))

    async def _answering(self, work: Work, said: Said, student: Student) -> None:
        father = self.county.people[f"father{self.random.randrange(4)}"]
        await take_answer(work, Heard(student.id, father, self.random.choice(ANSWERS)))

    async def _aid(self, work: Work, said: Said, student: Student) -> None:
        await request_aid(work, student, None)
        await decide_aid(work, student.id, granted=self.chance(0.5), by=said.by, note="符合条件")

    async def _complaining(self, work: Work, said: Said, student: Student) -> None:
        await take_up(work, Told("学校乱收费", AREA, student.school_id, student.id))

    async def _closing(self, work: Work, said: Said, student: Student) -> None:
        room = await self._room(work)
        last = self.day + timedelta(days=self.random.randrange(3))
        school = await work.session.get_one(School, room.school_id)
        await close_school(work, self.plan, Closing(school, room.id, self.day, last, "大雪", said.by), self.day)

    async def _reports(self) -> None:
        """Most of what is owed is confirmed or corrected, and signed."""
        async with self.county.database.session() as session:
            owed = select(Report.id).where(Report.state.in_(("asked", "confirmed"))).order_by(Report.id)
            ids = list(await session.scalars(owed))
        for report_id in ids:
            if self.chance(0.8):
                await self._report(report_id)

    async def _report(self, report_id: int) -> None:
        async with working(self.county.database, self.at(SIGNED)) as work:
            report = await work.session.get_one(Report, report_id, with_for_update=True)
            kind = self.plan.reports.kinds[report.kind]
            stage = kind.stage(report.of)
            if stage is None or report.school_id not in {None, self.county.school_id}:
                return
            if report.state == "confirmed" and stage.signs is not None:
                await sign(work, report, self.county.people[stage.signs])
            elif self.chance(0.2):
                refused = await confirm(work, report, self.county.people[stage.confirms], Stated({"suspected": 1}, "家访核实"))
                self.restated |= {report_id} if refused is None else set()
            else:
                await confirm(work, report, self.county.people[stage.confirms], NOTHING_ELSE)


WORDS = (
    "leaving", "arriving", "arriving", "suspending", "resuming", "entering", "gone", "category", "category", "answering", "answering",
    "aid", "complaining", "closing",
)  # fmt: skip
