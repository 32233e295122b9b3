"""Supervision as an officer reads it: only what was really owed, facts without a verdict, the same sample from the same seed."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select

from cases.supervising.sampling import draw, shares
from cases.supervising.times import Times, ranked
from storage.tables import Assessment, InspectionItem, PlanVersion, Report, ReportVersion, Task, TaskHolder
from tests.fanxiao.conftest import Terminal
from tests.fanxiao.rows import add_case, add_pupils, add_sheet, at
from tests.stories.county import County

MONDAY = date(2026, 11, 2)
OPENED, DUE = at(MONDAY, 9), at(MONDAY, 18)


def hours(number: float) -> datetime:
    return OPENED + timedelta(hours=number)


async def owe(county: County, *holders: str, state: str = "open", until: datetime | None = None, **columns: Any) -> None:
    """A step that these people were asked for on Monday at 9, due at 18."""
    async with county.database.session() as session, session.begin():
        plan = await session.scalar(select(PlanVersion.id))
        number = len((await session.scalars(select(Task.id))).all())
        values = {"due_at": DUE, "facts": {}, "role": "principal", "kind": "principal_contact", **columns}
        task = Task(
            key=f"made:{number}", code="A2", area_code="622926100201", school_id=county.school_id, plan_version_id=plan, state=state,
            opened_at=OPENED, alerted_at=OPENED, **values,
        )  # fmt: skip
        session.add(task)
        await session.flush()
        for name in holders:
            session.add(TaskHolder(task_id=task.id, person_id=county.people[name], why="holder", since=OPENED, until=until))


@pytest.fixture
async def owing(county: County) -> County:
    """What the principal was asked for: one step of each fate. Wednesday evening."""
    await county.begin("2026-11-04 19:00")
    head, village = county.people["principal"], county.people["village_committee"]
    await owe(county, "principal", state="done", ended_at=hours(3), ended_by=head, acknowledged_at=hours(1), acknowledged_by=head)
    await owe(county, "principal", state="done", ended_at=hours(30), ended_by=head, postponed=1)
    await owe(county, "principal", state="missed", ended_at=hours(20))
    await owe(county, "principal")
    await owe(county, "principal", due_at=at(date(2026, 11, 30)))
    await owe(county, "principal", state="cancelled", ended_at=hours(2))
    await owe(county, "principal", "village_committee", state="done", ended_at=hours(5), ended_by=village)
    await owe(county, "principal", until=hours(1))
    await owe(county, "principal", facts={"quiet": True})
    await owe(county, "principal", facts={"outside_school": "school"})
    return county


async def add_reports(county: County) -> None:
    """September's was in on the 7th of October and corrected later; October's, due on the 3rd of November, is not in."""
    await owe_report(county, date(2026, 9, 1), date(2026, 10, 8), [at(date(2026, 10, 7)), at(date(2026, 10, 20))])
    await owe_report(county, date(2026, 10, 1), date(2026, 11, 3), [])


async def owe_report(county: County, start: date, due: date, submitted: list[datetime]) -> None:
    async with county.database.session() as session, session.begin():
        plan = await session.scalar(select(PlanVersion.id))
        report = Report(
            kind="monthly", of="school", school_id=county.school_id, area_code="622926100201", period_start=start, period_end=due,
            state="submitted" if submitted else "asked", version=len(submitted), plan_version_id=plan, opened_at=at(due, 8),
            due_at=at(due, 18), first_due_at=at(due, 18),
        )  # fmt: skip
        session.add(report)
        await session.flush()
        for version, moment in enumerate(submitted, start=1):
            counted = {"of_age": 10, "suspected": 0, "dropout": 0}
            session.add(
                ReportVersion(
                    report_id=report.id, version=version, computed=counted, stated=counted, children={}, computed_at=moment,
                    submitted_at=moment,
                )
            )  # fmt: skip


async def test_only_what_was_really_theirs_is_counted(owing: County, shell: Terminal) -> None:
    found = {one["name"]: one for one in json.loads((await shell("supervision", "times", "--json")).stdout)}
    head, village = found["王校长"], found["马主任"]
    assert [head[name] for name in ("owed", "in_time", "late", "missed", "overdue", "pending", "postponed")] == [4, 1, 1, 1, 1, 1, 1]
    assert (head["share"], head["answer_median"], head["answer_p90"], head["finish_median"]) == (25.0, 15.5, 27.1, 16.5)
    assert (village["owed"], village["share"], village["answer_median"]) == (1, 100.0, 5.0)
    (school,) = json.loads((await shell("supervision", "times", "--per", "school", "--json")).stdout)
    assert (school["name"], school["owed"], school["in_time"]) == ("锁南镇中心小学", 5, 2)
    shown = (await shell("supervision", "times")).stdout
    assert "不排名次" in shown


def times(key: str, owed: int, in_time: int, median: float) -> Times:
    return Times(key, "", (), owed, in_time, owed - in_time, 0, 0, 0, 0, median, median, median, median)


def test_who_owed_too_little_has_no_place_and_equals_share_one() -> None:
    found = [times("a", 20, 19, 2.0), times("b", 10, 10, 5.0), times("c", 9, 9, 0.1), times("d", 40, 38, 2.0), times("e", 20, 10, 1.0)]
    assert ranked(found, 10) == {"b": 1, "a": 2, "d": 2, "e": 4}


async def test_the_year_end_sheet_shows_facts_and_a_person_decides(owing: County, shell: Terminal, tmp_path: Path) -> None:
    children = await add_pupils(owing, owing.class_id, 10, "三")
    await add_case(owing, children[0], date(2026, 9, 1))
    await add_sheet(owing, owing.class_id, date(2026, 11, 3), state="unanswered")
    await add_sheet(owing, owing.class_id, date(2025, 12, 31), state="unanswered")  # of another year, though its night ends in this one
    await add_reports(owing)
    (sheet,) = json.loads((await shell("supervision", "sheet", "--role", "校长", "--json")).stdout)
    assert (sheet["person"], sheet["stages"][0]["rate"], sheet["own_overdue"], sheet["sheets"]) == ("王校长", 10.0, 2, [0, 1])
    assert sheet["risks"] == ["rate_primary", "own_overdue", "own_missed", "own_late", "sheets", "reports"]
    assert sheet["reports"] == [1, 2]
    assert sheet["decisions"] == []
    paper = tmp_path / "year.pdf"
    assert (await shell("supervision", "year-end", "--out", str(paper))).exit_code == 0
    text = "".join(page.extract_text() for page in PdfReader(paper).pages)
    for words in ("王校长", "钱镇长", "李局长", "本表只列事实", "决定人"):
        assert words in text, words
    assert "一票否决：" not in text
    decided = await shell("supervision", "decide", "--person", "王校长", "--text", "限期整改，暂不否决", "--by", "李局长")
    assert decided.exit_code == 0, decided.output
    assert "限期整改" in (await shell("supervision", "year-end")).stdout
    async with owing.database.session() as session:
        kept = (await session.scalars(select(Assessment))).one()
    assert (kept.decided_by, kept.facts["risks"][0]) == (owing.people["education_head"], "rate_primary")
    assert "王校长" not in json.dumps(kept.facts, ensure_ascii=False)


async def test_who_may_not_decide_is_told_so(county: County, shell: Terminal) -> None:
    await county.begin("2026-11-04 19:00")
    for words, said in (
        (("decide", "--person", "王校长", "--text", "通过", "--by", "赵干事"), "not yours to decide"),
        (("decide", "--person", "李局长", "--text", "通过", "--by", "李局长"), "own post"),
        (("decide", "--person", "王校长", "--text", " ", "--by", "李局长"), "--text"),
        (("decide", "--person", "马老师", "--text", "通过", "--by", "李局长"), "Nobody holds such a post"),
        (("sheet", "--role", "village_committee"), "does not assess"),
        (("sheet", "--role", "市长"), "no such role"),
        (("sheet", "--year", "2026", "--on", "2025-03-01"), "no day of 2026"),
        (("year-end", "--year", "2027"), "has not come yet"),
        (("times", "--since", "2027-01-01"), "has not come yet"),
        (("times", "--per", "class"), "--per is"),
        (("sample", "--by", "王校长"), "answers for no area"),
        (("sample", "--by", "赵干事"), "does not inspect"),
        (("sample", "--by", "孙科长", "--size", "0"), "between 1 and 5000"),
        (("sample", "--by", "孙科长", "--of", "teachers"), "children or cases"),
        (("sample", "--by", "孙科长", "--of", "cases"), "nobody to draw"),
        (("sample", "--by", "孙科长", "--on", "2027-01-01"), "has not come yet"),
        (("result", "--sample", "99", "--by", "孙科长"), "no such sample"),
        (("commend", "--year", "2030"), "has not come yet"),
    ):
        refused = await shell("supervision", *words)
        assert (refused.exit_code, said in refused.stderr) == (1, True), (words, refused.output, refused.exception)
    async with county.database.session() as session:
        assert (await session.scalars(select(Assessment))).all() == []


async def test_a_sample_is_drawn_once_and_its_results_are_kept(county: County, shell: Terminal) -> None:
    await county.begin("2026-11-04 19:00")
    await add_pupils(county, county.class_id, 20, "三")
    order = ("sample", "--by", "孙科长", "--size", "5", "--seed", "2026冬", "--json")
    first, again = [json.loads((await shell("supervision", *order)).stdout) for _ in range(2)]
    assert first == again
    assert len({item["student_id"] for item in first["items"]}) == 5
    number = str(first["sample"])
    result = ("result", "--sample", number, "--by", "孙科长", "--place", "1", "--found")
    assert "Where it differs" in (await shell("supervision", *result, "differs")).stderr
    shown = await shell("supervision", *result, "differs", "--note", "人不在校，考勤写在校")
    assert "不符" in shown.stdout
    assert ("锁南镇" in shown.stdout, "622926100" in shown.stdout) == (True, False)
    async with county.database.session() as session:
        items = (await session.scalars(select(InspectionItem).order_by(InspectionItem.place))).all()
    assert [(item.outcome, item.checked_by) for item in items[:2]] == [("differs", county.people["county_officer"]), (None, None)]


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 60), min_size=1, max_size=12), st.integers(1, 200))
def test_every_stratum_gets_its_share(strata: dict[str, int], size: int) -> None:
    found = shares(strata, size)
    assert sum(found.values()) == min(size, sum(strata.values()))
    assert all(found[name] <= strata[name] for name in strata)
    assert size < len(strata) or all(found.values())
    people = {name: range(place * 100, place * 100 + count) for place, (name, count) in enumerate(strata.items())}
    drawn = draw({name: list(ids) for name, ids in people.items()}, size, "s")
    assert drawn == draw({name: list(reversed(ids)) for name, ids in people.items()}, size, "s")
    assert {name: len(ids) for name, ids in drawn.items()} == found


async def test_commendation_goes_by_the_criteria_of_the_plan(county: County, shell: Terminal) -> None:
    await county.begin("2026-11-04 19:00")
    children = await add_pupils(county, county.class_id, 40, "三")
    await add_sheet(county, county.class_id, MONDAY)
    head = county.people["principal"]
    for _ in range(5):
        await owe(county, "principal", state="done", ended_at=hours(3), ended_by=head)
    listed = (await shell("supervision", "commend", "--per", "school")).stdout
    assert "锁南镇中心小学" in listed
    assert "是否表彰由人决定" in listed
    await owe(county, "principal", state="missed", ended_at=hours(20))
    await add_case(county, children[0], date(2026, 9, 1))
    assert "锁南镇中心小学" not in (await shell("supervision", "commend", "--per", "school")).stdout
    why = (await shell("supervision", "commend", "--per", "school", "--all")).stdout
    assert all(words in why for words in ("辍学率未达目标", "按时率", "有未办而升级的"))
