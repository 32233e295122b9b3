"""How fast a morning goes: sheets opened at half past eight, sent, answered, understood, and families asked.

    python -m bench.morning [classes]

Prints for each step how long 1,000 sheets took. The reference, in the same run, inserts the very rows that the morning wrote into
empty tables of the same shape: the ratio is that time divided by the morning's.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import MetaData, insert, text

from bot.channels import simulator
from bot.channels.base import Incoming
from bot.dialogs.route import route
from bot.inbox.receive import receive
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.senders import ensure_sender
from bot.outbox.settings import OutboxSettings
from bot.outbox.wording import county_signatures
from bot.rendering import Catalogue
from bot.worker import Worker
from cases.imports.run import import_file
from cases.imports.synthetic import write_demo_data
from cases.plans import install_plan, plan_in_force
from fanxiao.engine import plan_labels
from fanxiao.files import PLAN, TEMPLATES
from plan.model import Plan
from scheduler.ticks import tick
from storage import server
from storage.clock import SteppedClock
from storage.crypto import Cipher
from storage.database import Database
from storage.keys import new_key
from storage.migrate import migrate
from storage.roles import Role
from storage.server import Server
from storage.tables import Base
from storage.work import working

HALF_PAST_EIGHT = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
CLASSES, CLASS, SCHOOL = 1800, 30, 6
AWAY = 0.03
SENDERS, RATE = 2, 100_000.0  # simulated phones take whatever comes
TABLES = ("attendance_sheet", "intent", "message", "attempt", "delivery_status", "question", "inbound", "absence", "case_file")
TABLES += ("case_level", "task", "task_holder", "event")
TEACHERS = """
select r.class_id, min(c.address_encrypted) from responsibility r join person_contact p using (person_id)
join contact c on c.id = p.contact_id and c.state = 'usable' where r.role = 'class_teacher' and r.class_id is not null group by r.class_id
"""
SEATS = "select class_id, array_agg(seat_number order by seat_number) from student where seat_number is not null group by class_id"


@dataclass
class Morning:
    """The installation and what each step took, in seconds."""

    server: Server
    cipher: Cipher
    worker_database: Database
    web_database: Database
    worker: Worker
    took: dict[str, float] = field(default_factory=dict)

    async def step(self, name: str, doing: Any) -> None:
        begun = time.perf_counter()
        await doing
        self.took[name] = time.perf_counter() - begun

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.server.direct() as connection:
            return connection.execute(query.encode()).fetchall()


async def _county(database: Database, cipher: Cipher, folder: Path, classes: int) -> Plan:
    """Schools, people and children through the importers."""
    data = write_demo_data(folder, schools=max(1, classes // SCHOOL), seed=1, today=HALF_PAST_EIGHT.date(), students_per_class=CLASS)
    templates = [path.stem for path in (TEMPLATES / "messages").glob("*.yaml")]
    async with working(database, HALF_PAST_EIGHT - timedelta(hours=12)) as work:
        await install_plan(work, PLAN.read_text(encoding="utf-8"), templates)
        _, plan = await plan_in_force(work.session)
    for kind in ("areas", "schools", "people", "roster"):
        await import_file(database, cipher, plan, kind, getattr(data, kind), now=HALF_PAST_EIGHT - timedelta(hours=12))
    print(f"{data.class_count} classes, {data.student_count} children in {data.school_count} schools", flush=True)
    return plan


async def _worker(database: Database, cipher: Cipher, plan: Plan) -> Worker:
    catalogue = Catalogue.load(TEMPLATES)
    async with database.session() as session, session.begin():
        for number in range(SENDERS):
            await ensure_sender(session, "simulator", f"+8610000000{number}", rate_per_second=RATE)
        signatures = await county_signatures(session, catalogue)
    settings = OutboxSettings(
        policy=DeliveryPolicy.of(plan), catalogue=catalogue, cipher=cipher,
        channels={("simulator", "main"): simulator.Simulator(simulator.SMS)}, labels=plan_labels(plan), signatures=signatures,
    )  # fmt: skip
    return Worker(database, SteppedClock(database), settings, route(cipher))


@asynccontextmanager
async def _prepared(home: Path, data: Path, classes: int) -> AsyncIterator[Morning]:
    cipher, started = Cipher([new_key()]), server.start(home)
    migrate(started, cipher)
    worker_database, web_database = Database(started.url(Role.WORKER)), Database(started.url(Role.WEB))
    try:
        plan = await _county(worker_database, cipher, data, classes)
        yield Morning(started, cipher, worker_database, web_database, await _worker(worker_database, cipher, plan))
    finally:
        await worker_database.close()
        await web_database.close()
        started.close()


async def _answer(morning: Morning) -> None:
    """Every teacher writes who is absent, as the web process stores it."""
    random, seats = Random(1), dict(morning.rows(SEATS))
    at = HALF_PAST_EIGHT + timedelta(minutes=5)
    for number, (class_id, address) in enumerate(morning.rows(TEACHERS)):
        absent = [str(seat) for seat in seats.get(class_id, ()) if random.random() < AWAY]
        incoming = Incoming(f"bench-{number}", morning.cipher.decrypt(address), "+86100000000", " ".join(absent) or "0")
        await receive(morning.web_database, morning.cipher, simulator.SMS, incoming, at)


async def _play(morning: Morning) -> None:
    answered, asked = HALF_PAST_EIGHT + timedelta(minutes=5), HALF_PAST_EIGHT + timedelta(minutes=9)
    await morning.step("open", tick(morning.worker_database, HALF_PAST_EIGHT))
    await morning.step("send", morning.worker.drain(HALF_PAST_EIGHT))
    await morning.step("receive", _answer(morning))
    await morning.step("handle", morning.worker.drain(answered))
    await morning.step("tick", tick(morning.worker_database, asked))
    await morning.step("ask", morning.worker.drain(asked))


async def _reference(morning: Morning) -> float:
    """Seconds for writing the same rows again, each table in one go of single inserts, without any thought."""
    total = 0.0
    async with morning.worker_database.session() as session:
        for table in TABLES:
            copy = f"create temp table again_{table} (like {table} including defaults including indexes)"
            await session.execute(text(copy))
            rows = [dict(row) for row in (await session.execute(text(f"select * from {table}"))).mappings()]
            if rows:
                total += await _again(session, table, rows)
        await session.rollback()
    return total


async def _again(session: Any, table: str, rows: list[dict[str, Any]]) -> float:
    target = Base.metadata.tables[table].to_metadata(MetaData(), name=f"again_{table}")
    begun = time.perf_counter()
    for row in rows:
        await session.execute(insert(target).values(row))
    return time.perf_counter() - begun


async def _measure(home: Path, data: Path, classes: int) -> None:
    async with _prepared(home, data, classes) as morning:
        await _play(morning)
        sheets = morning.rows("select count(*), count(*) filter (where state = 'answered') from attendance_sheet")[0]
        cases, sent = morning.rows("select (select count(*) from case_file), (select count(*) from message where state <> 'queued')")[0]
        print(f"{sheets[0]} sheets, {sheets[1]} answered, {cases} cases opened, {sent} messages")
        for name, seconds in morning.took.items():
            print(f"{name:8} {seconds:7.1f} s {seconds * 1000 / sheets[0]:7.2f} s per 1,000 sheets")
        total, bare = sum(morning.took.values()), await _reference(morning)
        print(f"{'inserts':8} {bare:7.1f} s {bare * 1000 / sheets[0]:7.2f} s per 1,000 sheets")
        print(f"morning ratio={bare / total:.2f} sheets/s={sheets[0] / total:.0f}")


def main() -> None:
    """Runs it in a folder of its own."""
    classes = int(sys.argv[1]) if len(sys.argv) > 1 else CLASSES
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder) / "home", Path(folder) / "data", classes))


if __name__ == "__main__":
    main()
