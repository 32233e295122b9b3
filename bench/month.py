"""How long a simulated day of one prefecture takes in the ticks, and how that grows with its size.

    python -m bench.month [students] [days]

Without more words a school week of the month; 30 days take about half an hour of two cores.
Children stay away and come back as they do in a month (3,000 cases over 350,000 children), and classes are reported by their teachers,
but for a few that nobody answers for. Nobody answers a task or a report, so that every case climbs and everybody is reminded: the most
that the ticks can have to do. The sheets of classes that a case or an absence concerns are taken as the dialogs take them, the others
by one statement (`bench.morning` measures those); handing messages to providers is not part of it (see `bench.delivery`). The
reference, in the same run, is a plain scan of every table that the ticks read, once for each moment at which a tick was due.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import select, text, update

from bench._costs import used
from bench._county import County, installed
from bench._prefecture import people_prefecture
from cases.attendance import Missing, SheetAnswer, record_sheet
from cases.plans import install_plan, plan_in_force
from fanxiao.files import PLAN, TEMPLATES
from fanxiao.running import run
from plan.calendar import Calendar
from plan.model import Plan
from scheduler.ticks import next_time, run_periodic, tick
from storage.tables import AttendanceSheet, CaseFile, Student
from storage.work import working

STUDENTS, SMALL, CASES, DAYS = 350_000, 10_000, 3_000, 5
BEGINS = date(2026, 10, 12)  # a Monday: the five days end with the weekly reports; the question about every post follows on the ninth
ANSWERED = timedelta(hours=8, minutes=40)
SCHOOL_DAYS = 22  # over which the month's cases come
STAYS = 12  # school days that a child is away, on average
UNANSWERED = 50  # of so many classes one, another each day, has no answer
TABLES = ("attendance_sheet", "absence", "student", "case_file", "case_level", "case_step", "task", "task_holder", "intent", "question")
TABLES += ("report", "post_check", "event")


@dataclass
class Cost:
    """Seconds that passed, and seconds of the processors: of this process and the database together."""

    passed: float = 0.0
    worked: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.passed + other.passed, self.worked + other.worked)

    def __str__(self) -> str:
        return f"{self.passed:6.1f} s ({self.worked:6.1f} of CPU)"


@dataclass
class Spent:
    """What one simulated day took."""

    day: date
    ticks: Cost = field(default_factory=Cost)
    answers: Cost = field(default_factory=Cost)
    scans: Cost = field(default_factory=Cost)
    moments: int = 0

    @property
    def whole(self) -> Cost:
        return self.ticks + self.answers


@dataclass
class Life:
    """Who is away on which day."""

    students: int
    random: Random = field(default_factory=lambda: Random(1))
    away: dict[int, int] = field(default_factory=dict)

    def next_day(self) -> None:
        """Some come back, some begin to stay away."""
        self.away = {child: left - 1 for child, left in self.away.items() if left > 1}
        for _ in range(max(1, round(CASES * self.students / STUDENTS / SCHOOL_DAYS))):
            child = self.random.randrange(1, self.students + 1)
            self.away.setdefault(child, 1 + int(self.random.expovariate(1 / STAYS)))


class Prefecture:
    """An installation whose days are lived one by one."""

    def __init__(self, county: County, plan: Plan, life: Life) -> None:
        self._county = county
        self._database = county.database()
        self._calendar = Calendar(plan)
        self._life = life

    @contextmanager
    def _measured(self, cost: Cost) -> Iterator[None]:
        begun, worked = time.perf_counter(), sum(used(self._county.home).values())
        yield
        cost.passed += time.perf_counter() - begun
        cost.worked += sum(used(self._county.home).values()) - worked

    async def live(self, days: int) -> list[Spent]:
        spent = []
        try:
            for number in range(days):
                spent.append(await self._day(BEGINS + timedelta(days=number)))
                last = spent[-1]
                print(f"{last.day} ticks {last.ticks}, answers {last.answers}, plain scans {last.scans}, {last.moments} moments, "
                      f"{len(self._life.away)} away", flush=True)  # fmt: skip
        finally:
            await self._database.close()
        return spent

    async def _day(self, day: date) -> Spent:
        spent, at = Spent(day), self._calendar.at
        now, ends = at(day, datetime.min.time()), at(day + timedelta(days=1), datetime.min.time())
        answered = now + ANSWERED if self._calendar.is_school_day(day) else None
        self._county.rows("analyze")  # as the database does by itself, in less hurried days
        while now < ends:
            if answered is not None and now >= answered:
                answered = None
                self._life.next_day()
                with self._measured(spent.answers):
                    await self._answer(day, now)
            await self._moment(spent, now)
            async with self._database.session() as session:
                now = await next_time(session, now)
            now = min(now, answered or now)
        return spent

    async def _moment(self, spent: Spent, now: datetime) -> None:
        with self._measured(spent.ticks):
            while await tick(self._database, now):
                pass
            await run_periodic(self._database, now)
        with self._measured(spent.scans):
            async with self._database.session() as session:
                for table in TABLES:
                    await session.execute(text(f"select count(*), max(ctid::text) from {table}"))
        async with working(self._database, now) as work:  # the worker has taken what is due
            await work.session.execute(text("update intent set state = 'queued' where state = 'pending' and due_at <= :now"), {"now": now})
        spent.moments += 1

    async def _answer(self, day: date, now: datetime) -> None:
        """Every class's sheet but some; where nobody is away, and nobody has an open case, it needs no thought."""
        async with working(self._database, now) as work:
            concerned = select(Student.id, Student.class_id).outerjoin(CaseFile, CaseFile.student_id == Student.id)
            concerned = concerned.where((CaseFile.state == "open") | Student.id.in_(self._life.away))
            rooms: dict[int, int] = dict((await work.session.execute(concerned)).all())
            others = update(AttendanceSheet).where(AttendanceSheet.on == day, AttendanceSheet.class_id.not_in(set(rooms.values())))
            others = others.where((AttendanceSheet.class_id + day.toordinal()) % UNANSWERED != 0)
            await work.session.execute(others.values(state="answered", answered_at=now, answered_by=1, next_at=None))
        by_room: dict[int, list[int]] = {room: [] for room in rooms.values() if (room + day.toordinal()) % UNANSWERED}
        for child in self._life.away:
            if rooms[child] in by_room:
                by_room[rooms[child]].append(child)
        for room, children in by_room.items():
            await self._take(room, children, day, now)

    async def _take(self, room: int, children: list[int], day: date, now: datetime) -> None:
        async with working(self._database, now) as work:
            wanted = select(AttendanceSheet).where(AttendanceSheet.on == day, AttendanceSheet.class_id == room)
            sheet = await work.session.scalar(wanted.with_for_update())
            if sheet is not None:
                await record_sheet(work, sheet, SheetAnswer([Missing(child) for child in children]), by=1)


async def _month(county: County, students: int, days: int) -> list[Spent]:
    database = county.database()
    try:
        async with working(database, datetime.combine(BEGINS - timedelta(days=1), datetime.min.time(), UTC)) as work:
            names = [path.stem for path in (TEMPLATES / "messages").glob("*.yaml")]
            await install_plan(work, PLAN.read_text(encoding="utf-8"), names)
            _, plan = await plan_in_force(work.session)
    finally:
        await database.close()
    people_prefecture(county, students)
    return await Prefecture(county, plan, Life(students)).live(days)


def _measure(folder: Path, students: int, days: int) -> Cost:
    """Prints each day; gives what a school day takes on average."""
    with installed(folder / str(students)) as county:
        spent = run(_month(county, students, days))
        cases, tasks = county.rows("select (select count(*) from case_file), (select count(*) from task)")[0]
    lived = [day.whole for day in spent if day.answers.passed]
    total, longest = sum(lived, Cost()), max(lived, key=lambda cost: cost.passed)
    mean = Cost(total.passed / len(lived), total.worked / len(lived))
    ratio = sum(day.scans.passed for day in spent) / sum(day.whole.passed for day in spent)
    print(f"{students} students, {days} days, {cases} cases, {tasks} tasks: a school day {mean}, longest {longest}, ratio={ratio:.2f}",
          flush=True)  # fmt: skip
    return mean


def main() -> None:
    """A small prefecture, then the large one."""
    given = [int(word) for word in sys.argv[1:]]
    students, days = [*given, *(STUDENTS, DAYS)[len(given) :]]
    with tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        small, large = _measure(Path(folder), SMALL, days), _measure(Path(folder), students, days)
    times = students / SMALL
    print(
        f"month growth={large.passed / small.passed / times:.2f} of linear ({large.worked / small.worked / times:.2f} by CPU), day={large}"
    )


if __name__ == "__main__":
    main()
