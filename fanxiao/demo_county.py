"""The county that the demo plays: real areas, invented people, simulated phones, a clock that steps."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from bot.channels import simulator
from bot.outbox.senders import ensure_sender
from cases.imports.run import import_file
from cases.imports.synthetic import DemoData, write_demo_data
from cases.responsible import CODE_LENGTH
from console.demo.colleagues import Colleagues
from console.demo.players import Players
from console.demo.scripts import Script
from console.demo.stand import Stand
from fanxiao.engine import Engine, build_engine, load_catalogue, put_plan_in_force, simulated_channels
from fanxiao.files import PLAN
from fanxiao.plan_file import load_plan
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from scheduler.stage import Stage
from storage import server
from storage.clock import SteppedClock, SystemClock
from storage.tables import Area, Person, School, SchoolClass, Task

BEGINS_AT = time(8, 25)
PREPARED = timedelta(hours=2)
"""The files went in so long before the demo begins."""
SEED = 7
PLAYED_GRADE = 3
NUMBER = "1069000000"


@dataclass(frozen=True)
class Size:
    """How many schools (over three townships), classes in each and children in each class."""

    schools: int
    classes: int
    children: int


PAGE = Size(6, 4, 22)
STORY = Size(3, 2, 16)


@dataclass(frozen=True)
class DemoCounty:
    """The demo, ready to be played."""

    engine: Engine
    stage: Stage
    stand: Stand


def demo_settings(settings: Settings, home: Path | None) -> Settings:
    """Its own folder and its own database, whatever the environment says of the real ones."""
    return settings.model_copy(
        update={"home": home or settings.home / "demo", "database_url": None, "worker_url": None, "web_url": None, "keys": None}
    )


def start_over(home: Path) -> None:
    """Forgets the demo that was played in `home`; its server is stopped first."""
    if (home / "postgres").exists():
        server.start(home).close()
        shutil.rmtree(home / "postgres")


async def open_county(storage: Storage, settings: Settings) -> DemoCounty:
    """Makes the county at the first start, and goes on where it was at any other."""
    clock = SteppedClock(storage.worker)
    if not await is_made(clock):
        plan = load_plan(settings.plan or PLAN)
        await _make(storage, settings, clock, first_morning(plan, await SystemClock().now()), PAGE)
    engine = await _engine(storage, settings, clock)
    plan, catalogue = engine.plan, engine.catalogue
    area_code, played = await _prefecture(storage), await _played_classes(storage)
    watched, scripts = set(played[:1]), dict[int, Script]()
    players = Players(scripts, Calendar(plan))
    stage = Stage(storage.worker, clock, Colleagues(engine.worker, storage.web, storage.cipher, area_code, watched, players))
    await stage.settle()
    lines = [channel for channel in engine.channels.values() if isinstance(channel, simulator.Simulator)]
    stand = Stand(storage.web, storage.cipher, stage, plan, catalogue, area_code, played, watched, lines, scripts)
    return DemoCounty(engine, stage, stand)


async def open_played_county(storage: Storage, settings: Settings, begins: datetime) -> tuple[Engine, Stage]:
    """A smaller county whose clock begins at this local time; nobody but the caller moves it."""
    clock = SteppedClock(storage.worker)
    if not await is_made(clock):
        plan = load_plan(settings.plan or PLAN)
        await _make(storage, settings, clock, begins.replace(tzinfo=plan.zone).astimezone(UTC), STORY)
    engine = await _engine(storage, settings, clock)
    return engine, Stage(storage.worker, clock, engine.worker)


async def _engine(storage: Storage, settings: Settings, clock: SteppedClock) -> Engine:
    catalogue = load_catalogue()
    plan = await put_plan_in_force(storage, settings, catalogue, await clock.now())
    return await build_engine(storage, plan, catalogue, clock, simulated_channels())


async def is_made(clock: SteppedClock) -> bool:
    """The clock is set last, so that a start which was broken off begins again."""
    try:
        await clock.now()
    except LookupError:
        return False
    return True


async def _make(storage: Storage, settings: Settings, clock: SteppedClock, begins: datetime, size: Size) -> None:
    plan = await put_plan_in_force(storage, settings, load_catalogue(), begins - PREPARED)
    with TemporaryDirectory() as folder:
        made = await asyncio.to_thread(
            write_demo_data, Path(folder), schools=size.schools, seed=SEED, today=Calendar(plan).day_of(begins),
            classes_per_school=size.classes, students_per_class=size.children,
        )  # fmt: skip
        await _import(storage, plan, made, begins - PREPARED)
    async with storage.worker.session() as session, session.begin():
        for capabilities in (simulator.SMS, simulator.VOICE, simulator.CHAT):
            await ensure_sender(session, capabilities.name, NUMBER, rate_per_second=5000)
        await session.execute(update(Person).values(welcomed_at=begins - PREPARED))  # told at enrolment, before the demo begins
    await clock.set(begins)


def first_morning(plan: Plan, now: datetime) -> datetime:
    """Five minutes before the sheets go out, on the first school day from today on."""
    calendar = Calendar(plan)
    return calendar.at(calendar.nth_school_day(calendar.day_of(now), 1), BEGINS_AT)


async def _import(storage: Storage, plan: Plan, made: DemoData, now: datetime) -> None:
    """Through the same importers as real files."""
    for kind, path in (("areas", made.areas), ("schools", made.schools), ("people", made.people), ("roster", made.roster)):
        await import_file(storage.worker, storage.cipher, plan, kind, path, now=now)


async def _prefecture(storage: Storage) -> str:
    async with storage.worker.session() as session:
        return (await session.scalars(select(Area.code).where(Area.level == "prefecture").order_by(Area.code).limit(1))).one()


async def _played_classes(storage: Storage) -> list[int]:
    """One class in each township: with the fewest numbers to find, of the third grade or the nearest to it."""
    township = func.left(SchoolClass.area_code, CODE_LENGTH["township"])
    errands = select(func.count()).where(Task.class_id == SchoolClass.id, Task.kind == "find_contact").scalar_subquery()
    query = (
        select(SchoolClass.id)
        .join(School, School.id == SchoolClass.school_id)
        .ext(distinct_on(township))
        .order_by(township, errands, func.abs(SchoolClass.grade - PLAYED_GRADE), School.code, SchoolClass.id)
    )
    async with storage.worker.session() as session:
        return list(await session.scalars(query))
