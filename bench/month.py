"""How long a simulated day of one prefecture takes in the ticks, and how that grows with its size.

    python -m bench.month [students] [days]

Nobody answers a task, so that every case climbs: the most that the ticks can have to do. Teachers' sheets are answered, as the dialogs
would have them recorded; handing messages to providers is not part of it (see `bench.delivery`). The reference, in the same run, is a
plain scan of every table that the ticks read, once for each moment at which a tick was due.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select, text, update

from bench._county import County, installed
from bench._prefecture import people_prefecture
from cases.attendance import Missing, SheetAnswer, record_sheet
from cases.plans import install_plan, plan_in_force
from fanxiao.files import PLAN, TEMPLATES
from plan.calendar import Calendar
from plan.model import Plan
from scheduler.ticks import next_time, run_periodic, tick
from storage.database import Database
from storage.tables import AttendanceSheet, Student
from storage.work import working

STUDENTS, SMALL, CASES, DAYS = 350_000, 10_000, 3_000, 30
BEGINS = date(2026, 10, 8)
ANSWERED = timedelta(hours=8, minutes=40)
SCHOOL_DAYS = 22  # over which the cases come
STAYS = 12  # school days that a child is away, on average
TABLES = ("attendance_sheet", "absence", "student", "case_file", "case_level", "case_step", "task", "task_holder", "intent", "question")


@dataclass
class Spent:
    """Seconds of one simulated day."""

    day: date
    ticks: float = 0.0
    answers: float = 0.0
    scans: float = 0.0
    moments: int = 0


@dataclass
class Life:
    """Who is away on which day."""

    students: int
    random: Random = field(default_factory=lambda: Random(1))
    away: dict[int, int] = field(default_factory=dict)
    had: set[int] = field(default_factory=set)

    def next_day(self) -> None:
        """Some come back, some begin to stay away."""
        self.away = {child: left - 1 for child, left in self.away.items() if left > 1}
        for _ in range(max(1, round(CASES * self.students / STUDENTS / SCHOOL_DAYS))):
            child = self.random.randrange(1, self.students + 1)
            self.away.setdefault(child, 1 + int(self.random.expovariate(1 / STAYS)))
            self.had.add(child)


async def _live(database: Database, plan: Plan, life: Life, days: int) -> list[Spent]:
    calendar, spent = Calendar(plan), []
    for number in range(days):
        day = BEGINS + timedelta(days=number)
        spent.append(await _one_day(database, calendar, life, day))
        print(f"{day} {spent[-1].ticks:6.1f} s ticks ({spent[-1].moments} moments), {spent[-1].answers:5.1f} s answers, "
              f"{spent[-1].scans:5.1f} s plain scans, {len(life.away)} away", flush=True)  # fmt: skip
    return spent


async def _one_day(database: Database, calendar: Calendar, life: Life, day: date) -> Spent:
    spent, now, ends = Spent(day), calendar.at(day, datetime.min.time()), calendar.at(day + timedelta(days=1), datetime.min.time())
    answered = now + ANSWERED
    is_answered = not calendar.is_school_day(day)
    while now < ends:
        if not is_answered and now >= answered:
            is_answered = True
            life.next_day()
            spent.answers += await _answer(database, life, day, now)
        begun = time.perf_counter()
        while await tick(database, now):
            pass
        await run_periodic(database, now)
        spent.ticks += time.perf_counter() - begun
        spent.scans += await _scan(database)
        spent.moments += 1
        async with database.session() as session:
            now = await next_time(session, now)
        if not is_answered and now > answered:
            now = answered
    return spent


async def _answer(database: Database, life: Life, day: date, now: datetime) -> float:
    """Every class's sheet; those with nobody away, and nobody who was, need no thought."""
    begun = time.perf_counter()
    async with working(database, now) as work:
        rooms = dict((await work.session.execute(select(Student.id, Student.class_id).where(Student.id.in_(life.had)))).all())
        plain = update(AttendanceSheet).where(AttendanceSheet.on == day, AttendanceSheet.class_id.not_in(set(rooms.values())))
        await work.session.execute(plain.values(state="answered", answered_at=now, answered_by=1, next_at=None))
    by_room: dict[int, list[int]] = {room: [] for room in rooms.values()}
    for child in life.away:
        by_room[rooms[child]].append(child)
    for room, children in by_room.items():
        async with working(database, now) as work:
            wanted = select(AttendanceSheet).where(AttendanceSheet.on == day, AttendanceSheet.class_id == room)
            sheet = await work.session.scalar(wanted.with_for_update())
            if sheet is not None:
                await record_sheet(work, sheet, SheetAnswer([Missing(child) for child in children]), by=1)
    return time.perf_counter() - begun


async def _scan(database: Database) -> float:
    begun = time.perf_counter()
    async with database.session() as session:
        for table in TABLES:
            await session.execute(text(f"select count(*), max(ctid::text) from {table}"))
    return time.perf_counter() - begun


async def _month(county: County, students: int, days: int) -> list[Spent]:
    database = county.database()
    begins = datetime.combine(BEGINS - timedelta(days=1), datetime.min.time(), UTC)
    try:
        async with working(database, begins) as work:
            names = [path.stem for path in (TEMPLATES / "messages").glob("*.yaml")]
            await install_plan(work, PLAN.read_text(encoding="utf-8"), names)
            _, plan = await plan_in_force(work.session)
        people_prefecture(county, students)
        return await _live(database, plan, Life(students), days)
    finally:
        await database.close()


def _measure(folder: Path, students: int, days: int) -> float:
    """Prints each day; gives the seconds of a school day on average."""
    with installed(folder / str(students)) as county:
        spent = asyncio.run(_month(county, students, days))
        cases, tasks = county.rows("select (select count(*) from case_file), (select count(*) from task)")[0]
    lived = [day for day in spent if day.answers]
    mean, longest = sum(day.ticks + day.answers for day in lived) / len(lived), max(day.ticks + day.answers for day in lived)
    ratio = sum(day.scans for day in spent) / sum(day.ticks + day.answers for day in spent)
    print(
        f"{students} students, {cases} cases, {tasks} tasks: {mean:.1f} s a school day, longest {longest:.1f} s, ratio={ratio:.2f}",
        flush=True,
    )
    return mean


def main() -> None:
    """A small prefecture, then the large one."""
    given = [int(word) for word in sys.argv[1:]]
    students, days = [*given, *(STUDENTS, DAYS)[len(given) :]]
    with tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        small, large = _measure(Path(folder), SMALL, days), _measure(Path(folder), students, days)
    print(f"month growth={large / small / (students / SMALL):.2f} of linear, day={large:.1f} s")


if __name__ == "__main__":
    main()
