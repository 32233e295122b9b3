"""Ledger, reports, targets, registers, reconciliation and the event log, on every day of some random weeks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from cases.history.moment import moment
from cases.ledger import Wanted, ledger_rows
from cases.ledger_counts import ledger_tally
from cases.rates import Count, count, count_at, rates_of_units
from cases.register_lists import InRegister, register
from cases.reports.counting import on_lists
from cases.rolls import ON_ROLLS
from storage.crypto import Cipher
from storage.database import Database
from storage.roles import Role
from storage.server import Server
from storage.tables import Difference, Event, Report, ReportVersion, School, Student
from storage.work import Work, working
from tests.agreement.life import AREA, CATEGORIES, EVENING, Life
from tests.emptying import Emptier
from tests.stories.county import County

BEGINS = date(2026, 11, 25)  # some days before the reports of a week and of a month
FROM_REPORTS = ("report_child_missing", "report_child_added")


@dataclass
class Evening:
    """What was told on that evening: the rolls by school and grade, who was away and where, and on which list."""

    at: datetime
    rolls: Counter[tuple[int, int]]
    away: dict[int, tuple[int | None, bool]]
    lists: dict[int, str]


def evening(at: datetime, counted: Count) -> Evening:
    rolls = Counter({(row.school_id, row.grade): row.children for row in counted.rolls})
    return Evening(at, rolls, {one.away.student_id: (one.away.school_id, one.away.on_roll) for one in counted.children},
                   {one.away.student_id: one.listed for one in counted.children})  # fmt: skip


def same(told: Mapping[int, str], now: Mapping[int, str], but: set[int]) -> bool:
    """The same lists, of all whose earlier days nobody has told otherwise since."""
    return {one: on for one, on in told.items() if one not in but} == {one: on for one, on in now.items() if one not in but}


async def check(life: Life, past: list[Evening]) -> None:
    now = life.at(EVENING)
    async with working(life.county.database, now) as work:
        counted = await count(work, life.plan, AREA)
        today = evening(now, counted)
        await rates_add_up(work, life, counted)
        await ledger_agrees(work, life, today)
        await registers_agree(work, life, today)
        await reports_agree(work, life)
        await nothing_is_found(work, life)
        for told in [*past[-1:], *past[:1], today]:
            await is_read_back(work, life, told)
    past.append(today)


async def is_read_back(work: Work, life: Life, told: Evening) -> None:
    """Later, that evening is told as it was told then."""
    back = evening(told.at, await count_at(work, life.plan, AREA, moment(life.plan, told.at)))
    assert back.rolls == told.rolls, (told.at, back.rolls - told.rolls, told.rolls - back.rolls)
    assert back.away == told.away, told.at
    assert same(told.lists, back.lists, life.rewritten), (told.at, told.lists, back.lists)


async def rates_add_up(work: Work, life: Life, counted: Count) -> None:
    """County, townships and schools: the same children, each once."""
    whole = counted.stages(life.plan, AREA)
    for unit in ("county", "township", "school"):
        rates = await rates_of_units(work, life.plan, AREA, unit)
        for number, stage in enumerate(whole):
            parts = [one.stages[number] for one in rates]
            assert sum(part.on_rolls for part in parts) == stage.on_rolls, unit
            for name in ("dropouts", "suspected", "off_rolls"):
                assert sorted(child for part in parts for child in getattr(part, name)) == sorted(getattr(stage, name)), (unit, name)


async def ledger_agrees(work: Work, life: Life, today: Evening) -> None:
    """Open cases by the ledger, by its counts and by the event log; and nobody away without one."""
    rows = await ledger_rows(work.session, Wanted(AREA, state="open"))
    tally = await ledger_tally(work, life.plan, AREA)
    kinds = ("case_opened", "case_relapsed", "case_closed")
    events = select(Event.case_id, Event.action).where(Event.action.in_(kinds)).order_by(Event.at, Event.id)
    last = dict((await work.session.execute(events)).all())
    assert {row.case_id for row in rows} == {case for case, action in last.items() if action != "case_closed"}
    assert set(today.away) <= {row.student_id for row in rows}
    assert (tally.open, tally.back) == (len(rows), len(rows) - len(today.away))
    assert sum(number for _, number in tally.levels) == tally.open
    on = Counter(today.lists.values())
    assert (tally.suspected, tally.dropouts) == (on["suspected"], on["dropout"])


async def registers_agree(work: Work, life: Life, today: Evening) -> None:
    """Each group holds whom somebody said, at the school that has the child; the rolls hold every enrolled child."""
    names = dict((await work.session.execute(select(School.id, School.name))).all())
    for category in CATEGORIES:
        entries = await register(work, InRegister(category, AREA))
        said = {child for child, named in life.categories if named == category}
        gone = {child for child in said if (await work.session.get_one(Student, child)).status == "moved_abroad"}
        assert {entry.student.id for entry in entries} == said - gone
        assert all(entry.school == names.get(entry.student.school_id, "") for entry in entries)
    enrolled = await work.session.scalars(select(Student).where(Student.status.in_(ON_ROLLS)))
    assert Counter(child.school_id for child in enrolled) == sum((Counter({s: n}) for (s, _), n in today.rolls.items()), Counter())


async def reports_agree(work: Work, life: Life) -> None:
    """A school's version holds the children that the rates name for the moment at which it was counted."""
    query = select(Report, ReportVersion).join(ReportVersion, ReportVersion.report_id == Report.id).where(Report.of == "school")
    rows = (await work.session.execute(query)).all()
    moments = {version.computed_at for _, version in rows}
    at = {one: await count_at(work, life.plan, AREA, moment(life.plan, one)) for one in moments}
    for report, version in rows:
        counted = at[version.computed_at]
        there = on_lists(one for one in counted.children if one.away.school_id == report.school_id)
        for name, children in there.items():
            assert set(version.children[name]) ^ set(children) <= life.rewritten, (report.kind, name)
        assert version.computed["of_age"] == sum(row.children for row in counted.rolls if row.school_id == report.school_id)


async def nothing_is_found(work: Work, life: Life) -> None:
    """A difference is a real one: of a child whose days were told otherwise later, and then a number that was stated before that."""
    found = (await work.session.scalars(select(Difference).where(Difference.state == "open"))).all()
    moved = {one.report_id for one in found if one.kind in FROM_REPORTS}
    for one in found:
        if one.kind == "report_number":
            assert one.report_id in life.restated & moved
        else:
            assert one.kind in FROM_REPORTS, (one.kind, one.student_id, one.facts)
            assert one.student_id in life.rewritten


async def live(server: Server, cipher: Cipher, seed: int, days: int) -> None:
    worker, web = Database(server.url(Role.WORKER)), Database(server.url(Role.WEB))
    life, past = Life(County(worker, web, cipher), Random(seed), BEGINS), []
    try:
        await life.begin()
        for _ in range(days):
            if life.chance(0.06):
                life.day += timedelta(days=life.random.randrange(1, 3))  # an outage: nothing ran
            await life.live()
            await check(life, past)
            life.day += timedelta(days=1)
    except BaseException as error:
        error.add_note("\n".join(life.happened))
        raise
    finally:
        await worker.close()
        await web.close()


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_every_number_agrees_on_every_day(server: Server, emptier: Emptier, cipher: Cipher, seed: int) -> None:
    emptier.empty()
    asyncio.run(live(server, cipher, seed, days=8))


@pytest.mark.long
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_every_number_agrees_for_months(server: Server, emptier: Emptier, cipher: Cipher, seed: int) -> None:
    emptier.empty()
    asyncio.run(live(server, cipher, seed, days=25))
