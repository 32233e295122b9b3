"""A whole installation as an operator would run it: real processes, a real database, the real clock, and a Twilio of our own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cases.imports.synthetic import write_demo_data
from storage.crypto import Cipher
from storage.server import Server
from tests.fakes.twilio import FakeTwilio

ROOT = Path(__file__).resolve().parents[2]
OUR_NUMBER = "+15005550006"
EARLY = 8  # the local hour at which the day of these tests begins, whatever the hour is elsewhere
FILES = ("areas", "schools", "people", "roster")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Child:
    """A child of a class, and the number at which its family is asked."""

    student_id: int
    seat: int
    name: str
    family: str


@dataclass(frozen=True)
class ClassRoom:
    """A class, its teacher's number, and the children whose families can be asked one by one."""

    id: int
    teacher: str
    children: tuple[Child, ...]


def zone_of_a_morning(now: datetime) -> str:
    """A time zone in which it is a little after eight: these tests must not depend on the hour at which they run."""
    ahead = (EARLY - now.hour) % 24
    ahead = ahead if ahead <= 14 else ahead - 24
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def morning_plan(now: datetime) -> str:
    """The plan that comes along, on a day that begins this minute, with families asked at once and no absence called a mass."""
    text = (ROOT / "plan" / "linxia.yaml").read_text(encoding="utf-8")
    changes = {
        "time_zone: Asia/Shanghai": f"time_zone: {zone_of_a_morning(now)}",
        'ask_at: "08:30"': f'ask_at: "{EARLY:02}:{now.minute:02}"',
        'remind_at: ["09:30", "10:15"]': 'remind_at: ["12:00", "12:30"]',
        'takeover: {at: "11:00"': 'takeover: {at: "13:00"',
        'digest: {at: "12:00"': 'digest: {at: "13:30"',
        "{template: absence_question, after_minutes: 3}": "{template: absence_question, after_minutes: 0}",
        "mass_absence: {percent: 30": "mass_absence: {percent: 100",
    }
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Running:
    """One process of ours, its output kept in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """As a power cut would: no signal that it could handle."""
        self.process.kill()
        self.process.wait(10)

    def stop(self, seconds: float = 10) -> int:
        """As an operator does; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@dataclass
class Installation:
    """Everything under one folder. `environment` is what its processes see of ours."""

    folder: Path
    home: Path
    twilio: FakeTwilio
    environment: dict[str, str]
    port: int
    processes: list[Running] = field(default_factory=list)
    server: Server | None = None
    cipher: Cipher | None = None
    rooms: list[ClassRoom] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "fanxiao", *words],
            env=self.environment, capture_output=True, encoding="utf-8", timeout=90, check=False,
        )  # fmt: skip

    def start(self, name: str, *words: str, **environment: str) -> Running:
        """Starts a command that stays."""
        log = self.folder / f"{name}-{len(self.processes)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "fanxiao", *words], env=self.environment | environment, stdout=file, stderr=subprocess.STDOUT
            )
        running = Running(name, process, log)
        self.processes.append(running)
        return running

    def worker(self, **environment: str) -> Running:
        return self.start("worker", "worker", **environment)

    def web(self) -> Running:
        return self.start("web", "web", "--port", str(self.port))

    def rows(self, query: str, *values: object) -> list[Row]:
        """Asks the database as its administrator."""
        assert self.server is not None
        with self.server.direct() as connection:
            return connection.execute(query.encode(), values).fetchall()

    async def until(self, what: str, found: Callable[[], object], seconds: float = 15) -> None:
        """Waits until it is so; says what never came, and what the processes said."""
        ends = time.monotonic() + seconds
        while not found():
            assert time.monotonic() < ends, f"{what} within {seconds} s\n" + "\n".join(one.said()[-3000:] for one in self.processes)
            await asyncio.sleep(0.1)

    async def texts(self, number: str, body: str, sid: str | None = None) -> int:
        """A phone writes to us; gives the status of our answer."""
        return await self.twilio.text(f"{self.url}/hooks/twilio_sms/main/inbound", number, OUR_NUMBER, body, sid)

    async def healthy(self) -> bool:
        try:
            async with self.twilio.client.get(f"{self.url}/health") as answer:
                return answer.status == 200
        except OSError:
            return False

    async def until_healthy(self, seconds: float = 60) -> None:
        ends = time.monotonic() + seconds
        while not await self.healthy():
            assert time.monotonic() < ends, "\n".join(one.said() for one in self.processes)
            await asyncio.sleep(0.1)

    def stop(self) -> None:
        """Ends whatever still runs."""
        for running in self.processes:
            if running.process.poll() is None:
                running.kill()

    def private(self) -> set[str]:
        """Every name and number of its people, none of which may stand in a log."""
        assert self.cipher is not None
        names = {row[0] for row in self.rows("select name from person union select name from student")}
        numbers = {self.cipher.decrypt(row[0]) for row in self.rows("select address_encrypted from contact")}
        return {one for one in names if len(one) > 1} | numbers | {number.removeprefix("+86") for number in numbers}


def environment(folder: Path, home: Path, port: int, twilio: FakeTwilio) -> dict[str, str]:
    """Nothing of the outer settings, and all that an installation with one Twilio number needs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FANXIAO", "DATABASE", "TWILIO"))}
    return kept | {
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(ROOT),
        "FANXIAO_HOME": str(home),
        "FANXIAO_PLAN": str(folder / "plan.yaml"),
        "FANXIAO_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TWILIO_ACCOUNT_SID": twilio.account,
        "TWILIO_AUTH_TOKEN": twilio.token,
        "TWILIO_API_BASE": twilio.base,
    }


def import_all(installation: Installation, today: date) -> None:
    """One school with four classes, through the command line."""
    data = write_demo_data(installation.folder / "data", schools=1, seed=4, today=today, classes_per_school=4, students_per_class=24)
    for kind in FILES:
        done = installation.command("import", kind, str(getattr(data, kind)))
        assert done.returncode == 0, done.stdout + done.stderr


def add_sender(installation: Installation) -> None:
    """The number that everything leaves from, and comes in at."""
    done = installation.command("channels", "add", "twilio_sms", OUR_NUMBER, "--rate", "20")
    assert done.returncode == 0, done.stdout + done.stderr


def school_today(installation: Installation, now: datetime) -> None:
    """Also on a Sunday, in the holidays and at midnight."""
    days = "(current_timestamp at time zone %s)::date"
    zone = zone_of_a_morning(now)
    installation.rows(
        f"insert into calendar_day (area_code, \"on\", is_school_day, reason) values ('62', {days}, true, 'test') returning id", zone
    )


def class_rooms(installation: Installation) -> list[ClassRoom]:
    """Classes with a teacher who can be reached, and in each the children whose family has a number of its own."""
    assert installation.cipher is not None
    decrypt = installation.cipher.decrypt
    teachers = installation.rows(
        "select r.class_id, c.address_encrypted from responsibility r join person_contact p using (person_id) "
        "join contact c on c.id = p.contact_id where r.role = 'class_teacher' and c.state = 'usable' order by r.class_id"
    )
    by_class: Mapping[int, list[Child]] = {row[0]: [] for row in teachers}
    for class_id, student_id, seat, name, address in installation.rows(LONE_FAMILIES):
        by_class.get(class_id, []).append(Child(student_id, seat, name, decrypt(address)))
    return [ClassRoom(class_id, decrypt(address), tuple(by_class[class_id])) for class_id, address in teachers]


LONE_FAMILIES = """
select s.class_id, s.id, s.seat_number, s.name, min(c.address_encrypted)
from student s join guardianship g on g.student_id = s.id and g.rank = 1
join person_contact p on p.person_id = g.person_id join contact c on c.id = p.contact_id and c.state = 'usable'
where (select count(distinct g2.student_id) from person_contact p2 join guardianship g2 using (person_id) where p2.contact_id = c.id) = 1
  and not exists (select from responsibility r join person_contact p3 using (person_id) where p3.contact_id = c.id)
group by s.class_id, s.id, s.seat_number, s.name having count(distinct c.id) = 1 order by s.class_id, s.seat_number
"""


def traces(said: str) -> list[str]:
    """Lines by which Python tells of its own mishaps."""
    return re.findall(r"^Traceback.*|^\S*(?:Error|Exception)\b: .*", said, re.MULTILINE)


def now() -> datetime:
    return datetime.now(UTC)
