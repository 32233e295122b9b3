"""What an operator does from the command line, and what comes of it for families and officers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.tables import CalendarDay, Event, Student
from tests.fanxiao.conftest import Terminal
from tests.stories.county import PLAN, County

SCHOOL = "2162000001"


async def events(database: Database, action: str) -> list[Event]:
    async with database.session() as session:
        return list(await session.scalars(select(Event).where(Event.action == action)))


async def away(county: County, until: str, name: str = "马小龙") -> None:
    """A child is reported absent on Monday 2 November, and nobody answers."""
    await county.begin("2026-11-02 07:00")
    await county.student(name, guardians=["father", "mother"])
    await county.others(9)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.to(until)


async def test_a_snow_day_is_no_school_day(county: County, terminal: Terminal, database: Database) -> None:
    """The case would be at level 3 on the second school day at noon; school is closed, and it is one day later."""
    await away(county, "2026-11-02 20:00")
    done = await terminal("calendar", "add", "--area", "622926", "--on", "2026-11-03", "--closed", "--reason", "大雪停课")
    assert (done.exit_code, "东乡族自治县" in done.stdout, "no school" in done.stdout) == (0, True, True)
    await county.to("2026-11-03 15:00")
    assert (await county.case("马小龙")).level < 3
    await county.to("2026-11-04 12:01")
    assert (await county.case("马小龙")).level == 3
    (event,) = await events(database, "calendar_set")
    assert (event.actor, event.area_code, event.facts) == ("operator", "622926", {"on": "2026-11-03", "until": "2026-11-03", "open": False})
    assert "大雪停课" in (await terminal("calendar", "list", "--since", "2026-11-01")).stdout


async def test_a_day_is_entered_again_and_taken_back(county: County, terminal: Terminal, database: Database) -> None:
    await county.begin("2026-11-02 07:00")
    days = ("--school", SCHOOL, "--on", "2026-12-05", "--until", "2026-12-06")
    for side in ("--closed", "--open"):
        assert (await terminal("calendar", "add", *days, side, "--reason", "补课")).exit_code == 0
    async with database.session() as session:
        assert [day.is_school_day for day in await session.scalars(select(CalendarDay))] == [True, True]
    assert (await terminal("calendar", "remove", *days)).exit_code == 0
    again = await terminal("calendar", "remove", *days)
    assert (again.exit_code, "There is no exception" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--on", "2026-12-05", "--closed"), "Give one of"),
        (("--area", "622926", "--on", "2026-12-05"), "Give --closed or --open"),
        (("--area", "999999", "--on", "2026-12-05", "--closed"), "no such code"),
        (("--area", "622926", "--on", "2026-12-05", "--until", "2026-12-01", "--closed"), "before --on"),
    ],
)
async def test_a_day_that_cannot_be_entered(words: tuple[str, ...], said: str, county: County, terminal: Terminal) -> None:
    await county.begin("2026-11-02 07:00")
    refused = await terminal("calendar", "add", *words, "--reason", "雪")
    assert (refused.exit_code, said in refused.stderr, len(refused.stderr.splitlines())) == (1, True, 2)


async def test_a_barred_guardian_hears_nothing_more(county: County, terminal: Terminal) -> None:
    await away(county, "2026-11-02 12:00")
    number, father = (await county.case("马小龙")).number, county.people["father"]
    await county.phones["father"].new()
    await county.phones["mother"].new()
    barred = await terminal("no-contact", "--case", number, "--person", str(father), "--on")
    assert (barred.exit_code, "是 yes" in barred.stdout, "马" in barred.stdout) == (0, True, False)
    await county.to("2026-11-02 20:00")
    await county.phones["father"].expects_nothing()
    assert await county.phones["mother"].new()
    lifted = await terminal("no-contact", "--case", number, "--person", str(father), "--off")
    assert "是 yes" not in lifted.stdout


async def test_a_bar_says_what_it_cannot_do(county: County, terminal: Terminal, database: Database) -> None:
    """A shared phone still shows what the other guardian is sent; without anybody left, somebody must know."""
    await county.begin("2026-11-02 07:00")
    await county.person("father", "马父")
    student_id = await county.student("马小龙", guardians=["father", "mother"], shares="father")
    async with database.session() as session, session.begin():
        (await session.get_one(Student, student_id)).register_index = county.cipher.index("student:L62292600012")
    one = await terminal("no-contact", "--student", "l6229 2600012", "--person", str(county.people["father"]), "--on")
    assert "shares a phone" in one.stderr
    both = await terminal("no-contact", "--student", "L62292600012", "--person", str(county.people["mother"]), "--on")
    assert "no guardian is left" in both.stderr
    stranger = await terminal("no-contact", "--student", "L62292600012", "--person", str(county.people["mother"] + 99), "--on")
    unknown = await terminal("no-contact", "--student", "L0")
    half = await terminal("no-contact", "--student", "L0", "--on")
    assert [result.exit_code for result in (stranger, unknown, half)] == [1, 1, 1]


async def test_a_case_moves_to_the_plan_now_in_force(county: County, terminal: Terminal, database: Database, tmp_path: Path) -> None:
    """Under the old plan level 4 comes on the fourth school day; under the new one on the third."""
    await away(county, "2026-11-03 13:00")
    number = (await county.case("马小龙")).number
    file = tmp_path / "new.yaml"
    file.write_text(PLAN.replace("absent_school_day: 4,", "absent_school_day: 3,"), encoding="utf-8")
    assert (await terminal("move-case", number)).exit_code == 1
    installed = await terminal("plan", str(file))
    assert (installed.exit_code, "1 running cases keep their plan" in installed.stdout) == (0, True)
    await county.to("2026-11-04 12:01")
    assert (await county.case("马小龙")).level == 3
    moved = await terminal("move-case", number)
    assert (moved.exit_code, number in moved.stdout) == (0, True)
    await county.to("2026-11-04 12:30")
    case = await county.case("马小龙")
    assert case.level == 4
    assert {task.plan_version_id for task in await county.tasks() if task.case_id == case.id} == {case.plan_version_id}
    assert [notice.kind for notice in await county.notices()] == ["first"]
    (event,) = await events(database, "case_moved_to_plan")
    assert (event.actor, event.case_id, event.area_code) == ("operator", case.id, case.area_code)


async def test_a_level_that_lacks_in_the_new_plan_keeps_the_case_where_it_is(county: County, terminal: Terminal, tmp_path: Path) -> None:
    await away(county, "2026-11-05 13:00")
    before = await county.case("马小龙")
    file = tmp_path / "short.yaml"
    file.write_text(PLAN.replace("- level: 4\n", "- level: 9\n").replace("      level: 4\n", "      level: 3\n"), encoding="utf-8")
    assert (await terminal("plan", str(file))).exit_code == 0
    refused = await terminal("move-case", before.number)
    assert (refused.exit_code, "no level 4" in refused.stderr) == (1, True)
    assert (await county.case("马小龙")).plan_version_id == before.plan_version_id
    assert (await terminal("move-case", "nothing")).exit_code == 1


async def test_the_queue_of_texts_shows_owners_and_due_times_but_no_words_and_no_number(county: County, terminal: Terminal) -> None:
    await county.begin("2026-11-02 09:00")
    await county.receive("+8613912345678", "请问学校啥时候发通知")
    await county.stage.settle()
    shown = await terminal("triage", "--area", "622926", "--json")
    (row,) = json.loads(shown.stdout)
    assert (row["kind"], row["owners"], row["sender"]) == ("triage_unknown", ["孙科长"], "139******78")
    assert "通知" not in shown.stdout
    plain = await terminal("triage")
    assert ("孙科长" in plain.stdout, "139******78" in plain.stdout, "13912345678" in plain.stdout) == (True, True, False)
    assert (await terminal("triage", "--area", "999999")).exit_code == 1
