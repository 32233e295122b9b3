"""Reports and posts from the command line: what is printed, refused, and stands in the workbooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import Result
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from typer.testing import CliRunner

from cases.words import words
from fanxiao.cli import app
from storage.database import Database
from storage.tables import Report, Responsibility
from tests.fanxiao.conftest import Terminal
from tests.stories.county import PLAN, STAFF, County

Typed = Callable[..., Awaitable[Result]]
MONTHLY = "\n".join(line for line in PLAN.splitlines() if not line.startswith("    weekly: "))


@pytest.fixture
def typed(terminal: Terminal) -> Typed:
    """Commands of any group; `terminal` opens the storage of the test."""

    async def run(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, [*words])

    return run


async def month(county: County) -> None:
    """Monday 30 November, 15:01: one of six children has been away for four school days."""
    await county.begin("2026-11-24 07:00", plan=MONTHLY)
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-25 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.after_outage("2026-11-30 15:01")


async def ids(database: Database) -> dict[str, str]:
    async with database.session() as session:
        return {report.of: str(report.id) for report in await session.scalars(select(Report))}


def cells(file: Path, sheet: int = 0) -> list[list[object]]:
    return CalamineWorkbook.from_path(str(file)).get_sheet_by_index(sheet).to_python()


async def test_a_report_is_confirmed_signed_and_printed(county: County, typed: Typed, database: Database, tmp_path: Path) -> None:
    await month(county)
    report = await ids(database)
    listed = json.loads((await typed("reports", "list", "--of", "school", "--json")).stdout)
    assert [(row["unit"], row["state"], row["computed"]["suspected"], row["stated"]) for row in listed] == [
        ("锁南镇中心小学", "asked", 1, None)
    ]
    refused = await typed("reports", "confirm", report["school"], "--suspected", "0", "--by", "张专干")
    assert (refused.exit_code, "请写理由" in refused.stderr, "say why for each" in refused.stderr) == (1, True, True)
    stranger = await typed("reports", "confirm", report["school"], "--by", "马主任")
    assert (stranger.exit_code, "规定的岗位" in stranger.stderr, "the post that the plan names" in stranger.stderr) == (1, True, True)
    same = await typed("reports", "recount", report["school"], "--by", "张专干")
    assert (same.exit_code, "nothing has changed" in same.stderr) == (1, True)
    early = await typed("reports", "sign", report["school"], "--by", "王校长")
    assert (early.exit_code, "还没有到" in early.stderr) == (1, True)
    both = ("--suspected", "0", "--reason", "suspected=小龙今天返校", "--of-age", "7", "--reason", "of_age=小虎刚转来")
    done = await typed("reports", "confirm", report["school"], *both, "--by", "张专干")
    assert (done.exit_code, "to be signed" in done.stdout) == (0, True)
    await typed("reports", "sign", report["school"], "--by", "王校长")
    await county.stage.settle()
    await typed("reports", "confirm", report["township"], "--by", "赵干事")
    shown = (await typed("reports", "show", report["school"])).stdout
    assert "0 (系统 computed 1)" in shown
    assert "疑似1改为0（小龙今天返校）" in shown
    assert "王校长" in shown
    versions = json.loads((await typed("reports", "show", report["school"], "--json")).stdout)["versions"]
    assert versions[0]["children"]["suspected"] == [county.students["马小龙"]]
    file = tmp_path / "month.xlsx"
    assert (await typed("reports", "export", str(file), "--kind", "monthly", "--period", "2026-11", "--area", "622926")).exit_code == 0
    school = cells(file, 2)
    assert school[0][0] == "东乡族自治县2026年11月控辍保学月报"
    assert school[2][:7] == ["锁南镇中心小学", 6, 7, 1, 0, 0, 0]
    assert [school[2][8], *school[2][10:12]] == ["适龄6改为7（小虎刚转来）；疑似1改为0（小龙今天返校）", "张专干", "王校长"]
    assert cells(file, 1)[2][:7] == ["锁南镇", 7, 7, 0, 0, 0, 0]


async def test_the_roster_names_the_children_and_keeps_what_is_nobody_elses_business(county: County, typed: Typed, tmp_path: Path) -> None:
    await month(county)
    file = tmp_path / "roster.xlsx"
    assert (await typed("reports", "roster", str(file), "--area", "622926")).exit_code == 0
    rows = cells(file)
    assert rows[0][0] == "东乡族自治县辍学、疑似辍学学生花名册"
    assert rows[2][1:3] == ["疑似辍学", "马小龙"]
    assert rows[2][5:7] == ["锁南镇中心小学", "三(2)班"]
    assert rows[2][9] == 3  # today is not over
    assert any("不得公开" in str(row[0]) for row in rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prepare", "monthly", "--period", "2026-12"), "has not begun"),
        (("prepare", "monthly", "--period", "12月"), "cannot be read"),
        (("prepare", "yearly", "--period", "2026"), "no report yearly"),
        (("prepare", "monthly", "--period", "2026-11", "--area", "999999"), "no such area"),
        (("prepare", "weekly", "--period", "2026-W30"), "no school is held"),
        (("list", "--state", "lost"), "No such state"),
        (("list", "--period", "2026-11"), "Give --kind"),
        (("show", "999999"), "no report 999999"),
        (("export", "x.xlsx", "--kind", "monthly", "--period", "2026-10"), "no such reports"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    words: tuple[str, ...], said: str, county: County, typed: Typed, database: Database
) -> None:
    await county.begin("2026-11-02 07:00")
    refused = await typed("reports", *words)
    assert (refused.exit_code, said in refused.stderr, len(refused.stderr.splitlines())) == (1, True, 2)
    assert await ids(database) == {}


async def test_holes_are_listed_printed_and_a_post_is_handed_over(county: County, typed: Typed, tmp_path: Path, database: Database) -> None:
    await county.begin("2026-11-02 07:00", roles=tuple(role for role in STAFF if role != "village_committee"))
    await county.person("new", "牟干事")
    found = json.loads((await typed("areas", "holes", "--area", "622926", "--json")).stdout)
    assert [(row["place"], row["role"], row["faults"]) for row in found] == [("毛毛村委会", "village_committee", ["hole"])]
    done = await typed("areas", "hand-over", "赵干事", "--to", "牟干事", "--by", "钱镇长", "--from", "2026-11-02")
    assert (done.exit_code, "1 posts" in done.stdout) == (0, True), done.stderr
    shown = (await typed("areas", "show", "622926100")).stdout
    assert "牟干事" in shown
    assert "赵干事" not in shown
    again = await typed("areas", "hand-over", "赵干事", "--to", "牟干事", "--by", "钱镇长")
    assert (again.exit_code, "no post and no task" in again.stderr) == (1, True)
    async with database.session() as session, session.begin():
        post = await session.scalar(select(Responsibility).where(Responsibility.role == "township_head"))
        assert post is not None
        post.valid_until = post.valid_from
    expired = json.loads((await typed("areas", "holes", "--area", "622926100", "--fault", "expired", "--json")).stdout)
    assert [(row["role"], row["ended_on"]) for row in expired] == [("township_head", "2026-01-01")]
    file = tmp_path / "posts.xlsx"
    assert (await typed("areas", "list", "--area", "622926", "--xlsx", str(file))).exit_code == 0
    lines = {(row[2], row[3]): (row[4], row[8]) for row in cells(file)}
    assert lines["锁南镇", "乡镇控辍干事"] == ("牟干事", "")
    assert lines["锁南镇", "乡镇长"] == ("", "到期无人")
    assert lines["毛毛村委会", "村委会"] == ("", "无人")


def test_what_a_report_or_an_activity_refuses_reads_in_both_languages() -> None:
    known = words()
    met = {name for name in known.refusals if name.startswith(("report_", "activity_", "reply_"))}
    assert met <= known.refusals_en.keys() <= known.refusals.keys()
    assert known.refused("activity_old", days=14)[1] == "too long ago: only activities of the last 14 days are taken"
