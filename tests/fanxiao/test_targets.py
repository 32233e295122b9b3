"""A small county counted by hand, on any day; and the same numbers however they are asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from cases.plans import plan_in_force
from cases.rates import Count, StageRate, count, rates_of_units
from storage.tables import Area, EnrolmentEvent, OfficialFigure, SchoolClass, Student
from storage.work import working
from tests.fanxiao.conftest import Terminal
from tests.fanxiao.rows import add_case, add_event, add_pupils, add_school, add_sheet, at, put
from tests.fanxiao.test_reconciling import spoil
from tests.stories.county import County

NINE, THIRTEEN, FIFTEEN = date(2017, 5, 1), date(2013, 5, 1), date(2011, 5, 1)


def nov(day: int) -> date:
    return date(2026, 11, day)


@dataclass
class Made:
    """The county, and the children whose story is told."""

    county: County
    away: int  # since Monday the 2nd
    returned: int  # away from the 2nd, back on the 10th, struck off on the 13th
    relapsed: int  # away from the 3rd, struck off on the 6th, away again from the 16th
    never_arrived: int  # transferred on the 20th, a case since the 23rd
    moved: int  # from the first school to the second on the 24th


@pytest.fixture
async def made(county: County) -> Made:
    """10 children in grade 3 and 8 in grade 7 of one township; 6 in grade 7 of the other, of whom one has left the rolls."""
    await county.begin("2026-11-30 19:00")
    await put(county, Area(code="622926101", name="达板镇", level="township", parent_code="622926"))
    first = await add_school(county, "2162000011", "锁南九年制学校", "622926100201", [3, 7])
    second = await add_school(county, "2162000012", "达板九年制学校", "622926101", [7])
    threes = await add_pupils(county, first[3], 10, "三", NINE)
    sevens = await add_pupils(county, first[7], 8, "七", THIRTEEN)
    others = [*await add_pupils(county, second[7], 5, "达", THIRTEEN), *await add_pupils(county, second[7], 1, "大", FIFTEEN)]
    await add_case(county, threes[0], nov(2))
    back = await add_case(county, sevens[0], nov(2), state="closed", exit="returned", closed_at=at(nov(13)), back_on=nov(10))
    await add_event(county, back, "back_at_school", at(nov(10)), on="2026-11-10")
    await add_event(county, back, "case_closed", at(nov(13)), exit="returned")
    again = await add_case(county, sevens[1], nov(3), episode=2)
    await add_event(county, again, "case_closed", at(nov(6)), exit="returned")
    await add_event(county, again, "case_relapsed", at(nov(16)), on="2026-11-16")
    await spoil(county, update(type(again)).where(type(again).id == again.id).values(first_absent_on=nov(16)))
    await spoil(county, update(Student).where(Student.id == others[0]).values(status="transferred"))
    await put(county, EnrolmentEvent(student_id=others[0], kind="transferred", at=at(nov(20)), facts={}))
    await add_case(county, others[0], nov(23))
    async with county.database.session() as session:
        room = await session.get_one(SchoolClass, first[7])
    facts = {"from_school_id": room.school_id, "from_class_id": first[7]}
    await put(county, EnrolmentEvent(student_id=others[1], kind="school_changed", at=at(nov(24)), facts=facts))
    return Made(county, threes[0], sevens[0], sevens[1], others[0], others[1])


async def counted(made: Made, on: date | None = None) -> tuple[Count, list[StageRate]]:
    async with working(made.county.database, await made.county.stage.now()) as work:
        _, plan = await plan_in_force(work.session)
        found = await count(work, plan, "622926", on)
        return found, found.stages(plan)


async def test_any_day_is_counted_as_it_was(made: Made) -> None:
    for on, primary, junior in (
        (nov(1), (10, 0, 0), (14, 0, 0)),
        (nov(3), (10, 0, 0), (14, 0, 0)),  # two school days away are not yet suspicious
        (nov(5), (10, 0, 1), (14, 0, 2)),
        (nov(9), (10, 0, 1), (14, 0, 1)),  # one of the juniors was struck off on the 6th
        (nov(10), (10, 0, 1), (14, 0, 0)),  # the other came back
        (nov(18), (10, 0, 1), (14, 0, 1)),  # the first is away again, for three school days
        (nov(20), (10, 0, 1), (13, 0, 1)),  # one left the rolls
        (nov(26), (10, 0, 1), (14, 0, 2)),  # and should be at school: four school days of its case
        (nov(27), (10, 1, 0), (14, 0, 2)),  # the twentieth school day of the primary child
    ):
        _, stages = await counted(made, on)
        assert [(one.expected, len(one.dropouts), len(one.suspected)) for one in stages] == [primary, junior], on
    _, (primary_now, junior_now) = await counted(made)
    assert (primary_now.dropouts, primary_now.rate, primary_now.at_risk) == ((made.away,), 10.0, True)
    assert (junior_now.on_rolls, junior_now.off_rolls) == (13, (made.never_arrived,))
    assert set(junior_now.suspected) == {made.relapsed, made.never_arrived}


async def test_a_day_at_school_or_on_leave_is_no_absent_day_and_a_closed_school_has_none(made: Made, shell: Terminal) -> None:
    async with made.county.database.session() as session:
        class_id = await session.scalar(select(Student.class_id).where(Student.id == made.away))
    assert class_id is not None
    await add_sheet(made.county, class_id, nov(12), [])
    assert (await counted(made, nov(27)))[1][0].dropouts == ()  # it was there on one day
    assert (await counted(made, nov(30)))[1][0].dropouts == (made.away,)
    done = await shell("admin", "calendar", "add", "--area", "622926", "--on", "2026-11-18", "--closed", "--reason", "大雪")
    assert done.exit_code == 0
    assert (await counted(made, nov(30)))[1][0].dropouts == ()


async def test_every_unit_adds_up_and_every_number_has_its_list_on_every_day(made: Made) -> None:
    async with working(made.county.database, await made.county.stage.now()) as work:
        _, plan = await plan_in_force(work.session)
        for number in range(31):
            on = date(2026, 10, 31) + timedelta(days=number)
            whole = (await rates_of_units(work, plan, "6229", "prefecture", on))[0].stages
            for unit in ("school", "township", "county"):
                units = await rates_of_units(work, plan, "6229", unit, on)  # type: ignore[arg-type]
                for index, stage in enumerate(whole):
                    mine = [one.stages[index] for one in units]
                    assert sum(one.on_rolls for one in mine) == stage.on_rolls, (on, unit)
                    for name in ("dropouts", "suspected", "off_rolls"):
                        listed = [child for one in mine for child in getattr(one, name)]
                        assert len(listed) == len(set(listed))
                        assert set(listed) == set(getattr(stage, name)), (on, unit, name)


async def test_the_command_shows_units_and_the_file_the_children(made: Made, shell: Terminal, tmp_path: Path) -> None:
    listed = await shell("targets", "--area", "6229", "--per", "township")
    assert listed.exit_code == 0, listed.exception
    shown = listed.stdout
    assert "锁南镇" in shown
    assert "辍学率未低于目标" in shown
    found = json.loads((await shell("targets", "--area", "622926", "--on", "2026-11-27", "--json")).stdout)
    primary = found[0]
    assert (primary["unit"], primary["focus"], primary["dropouts"], primary["rate"]) == ("东乡族自治县", True, 1, 10.0)
    assert primary["children_behind"]["dropouts"] == [made.away]
    book = tmp_path / "目标.xlsx"
    assert (await shell("targets", "--per", "school", "--out", str(book))).exit_code == 0
    rows = CalamineWorkbook.from_path(book).get_sheet_by_index(1).to_python()
    assert [row[2] for row in rows[2:5]] == ["三0", "七1", "达0"]
    assert rows[4][-1] == "是"
    paper = tmp_path / "targets.pdf"
    assert (await shell("targets", "--out", str(paper))).exit_code == 0
    assert "应在校人数" in PdfReader(paper).pages[0].extract_text()


async def test_net_enrolment_against_the_provincial_average(made: Made, shell: Terminal) -> None:
    """Of the 13 juniors on the rolls 12 are of junior age; 16 live in the county."""
    figure = ("targets", "figure", "--stage", "junior", "--year", "2026", "--source", "省教育厅2026年统计公报")
    average = (*figure, "--kind", "provincial_average", "--area", "6229", "--by", "冯处长", "--value")
    assert (await shell(*average, "99")).exit_code == 0
    assert (await shell(*average, "98.5")).exit_code == 0
    assert (await shell(*figure, "--kind", "children_of_age", "--area", "622926", "--by", "孙科长", "--value", "16")).exit_code == 0
    junior = json.loads((await shell("targets", "--area", "622926", "--json")).stdout)[1]
    assert (junior["of_age"], junior["children"], junior["net"], junior["average"], junior["net_behind"]) == (12, 16, 75.0, 98.5, True)
    async with made.county.database.session() as session:
        kept = (await session.scalars(select(OfficialFigure).order_by(OfficialFigure.id))).all()
    assert [(str(one.value), one.replaced_at is None) for one in kept] == [("99", False), ("98.5", True), ("16", True)]


async def test_what_is_wrong_is_refused_in_words(county: County, shell: Terminal) -> None:
    await county.begin("2026-11-30 19:00")
    good = {"--kind": "children_of_age", "--stage": "junior", "--year": "2026", "--value": "16", "--source": "统计公报", "--area": "622926"}
    for changed, said in (
        ({"--kind": "average"}, "provincial_average or"),
        ({"--stage": "senior"}, "primary or junior"),
        ({"--year": "2027"}, "year is wrong"),
        ({"--value": "16.5"}, "whole number"),
        ({"--value": "-3"}, "whole number"),
        ({"--value": "NaN"}, "no number"),
        ({"--value": "很多"}, "no number"),
        ({"--kind": "provincial_average", "--value": "101"}, "percentage"),
        ({"--source": "?"}, "source"),
        ({"--area": "999"}, "no such area"),
        ({"--area": "6229"}, "may not enter"),
        ({"--by": "王校长"}, "may not enter"),
        ({"--by": "无此人"}, "No responsible person"),
    ):
        words = [word for pair in {**good, "--by": "孙科长", **changed}.items() for word in pair]
        refused = await shell("targets", "figure", *words)
        assert (refused.exit_code, said in refused.stderr) == (1, True), (changed, refused.output)
    for words, said in (
        (("--on", "2026-12-01"), "has not come yet"),
        (("--per", "village"), "--per is school"),
        (("--area", "622926", "--per", "prefecture"), "wider than the area"),
        (("--area", "999999"), "no such area"),
        (("--out", "a.txt"), "must end in"),
    ):
        refused = await shell("targets", *words)
        assert (refused.exit_code, said in refused.stderr) == (1, True), (words, refused.output)
    async with county.database.session() as session:
        assert (await session.scalars(select(OfficialFigure))).all() == []
