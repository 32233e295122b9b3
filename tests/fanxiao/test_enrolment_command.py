"""`fanxiao enrolment` and `fanxiao registers`, as typed."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import Result
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from cases.imports.numbers import check_character
from fanxiao.cli import app
from storage.tables import AidRequest, EnrolmentEvent, EnrolmentGap, School, Student
from storage.work import working
from tests.fanxiao.conftest import Terminal
from tests.stories.county import County

SCHOOL = "2162000001"
WORD = ("--by", "郑老师", "--evidence", "东教字12号")


@pytest.fixture
async def typed(county: County, terminal: Terminal) -> County:
    """One child, born in 2017, at a primary school; the county's enrolment manager is 郑老师."""
    assert terminal
    await county.begin("2026-11-24 09:00")
    await county.student("马小龙", guardians=["father"])
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).values(birth_date=date(2017, 3, 5)))
        session.add(School(code="2162000002", name="唐汪镇中心小学", stage="primary", area_code="622926100"))
    return county


async def run(*words: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, list(words))


async def counted(county: County, table: type[EnrolmentEvent] | type[EnrolmentGap]) -> int:
    async with county.database.session() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("transfer", "马小龙", "--to", SCHOOL, *WORD), "at this school already"),
        (("transfer", "马小龙", "--to", "2162000002", *WORD, "--on", "2026-11-25"), "lies in the future"),
        (("transfer", "马小龙", "--to", "2162000002", *WORD, "--on", "2016-01-01"), "before the birth"),
        (("transfer", "马小龙", "--to", "2162000002", *WORD, "--on", "2026-01-01"), "at most 60 days"),
        (("transfer", "马小龙", "--to", "2162000002", "--by", "马老师", "--evidence", "口头"), "this is said by"),
        (("suspend", "马小龙", "--until", "2027-03-01", *WORD), "县教育局控辍办"),
        (("suspend", "马小龙", "--until", "2026-11-01", "--by", "孙科长", "--evidence", "东教字12号"), "the day is over"),
        (("resume", "马小龙", *WORD), "is not suspended"),
        (("enter", "马小龙", "--school", SCHOOL, "--class", "三(2)班", *WORD), "on a roll already"),
        (("graduate", "--school", SCHOOL, "--class", "三(2)班", *WORD), "last grade"),
        (("arrive", "张三", "--school", SCHOOL, "--class", "三(2)班", *WORD), "no such child"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(typed: County, words: tuple[str, ...], why: str) -> None:
    refused = await run("enrolment", *words)
    assert (refused.exit_code, why in refused.stderr) == (1, True), refused.stderr
    assert (await counted(typed, EnrolmentEvent), await counted(typed, EnrolmentGap)) == (0, 0)


async def test_a_childs_way_is_told_with_day_name_and_evidence(typed: County) -> None:
    suspended = await run("enrolment", "suspend", "马小龙", "--until", "2027-03-01", "--by", "孙科长", "--evidence", "东教休8号")
    assert "suspended" in suspended.stdout, suspended.stderr
    waiting = await run("enrolment", "check")
    assert "休学 suspension" in waiting.stdout
    assert "2027-03" in waiting.stdout
    assert (await run("enrolment", "resume", "马小龙", *WORD)).exit_code == 0
    told = (await run("enrolment", "history", "马小龙")).stdout
    assert all(word in told for word in ("休学", "孙科长", "东教休8号", "2027-03-01", "复学", "郑老师"))
    assert "0 children" in (await run("enrolment", "check")).stdout


async def test_a_register_and_a_card_are_printed(typed: County, tmp_path: Path) -> None:
    by = ("--by", "王校长")
    refused = await run("registers", "set", "马小龙", *by, "--category", "网红")
    assert (refused.exit_code, "known are 留守、随迁、残疾" in refused.stderr) == (1, True)
    done = await run(
        "registers", "set", "马小龙", *by, "--category", "留守", "--kind", "双亲留守", "--studies", "语文一般", "--living", "和奶奶住"
    )
    assert (done.exit_code, "留守" in done.stdout) == (0, True), done.stderr
    early = await run("registers", "set", "马小龙", *by, "--remove", "留守", "--on", "2026-09-01")
    assert (early.exit_code, "不能早于登记的开始日期" in early.stderr) == (1, True), early.output
    assert "⇄ 张专干" in (await run("registers", "pair", "马小龙", "张专干", *by)).stdout
    again = await run("registers", "pair", "马小龙", "张专干", *by)
    assert (again.exit_code, "paired with 张专干 already" in again.stderr) == (1, True)
    book, card = tmp_path / "a.xlsx", tmp_path / "a.pdf"
    assert (await run("registers", "export", "留守", "--out", str(book))).exit_code == 0
    rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "留守儿童名册"
    assert [rows[2][1], rows[2][7], rows[2][11]] == ["马小龙", "双亲留守", "张专干"]
    assert (await run("registers", "card", "马小龙", "--out", str(card))).exit_code == 0
    text = "".join(page.extract_text() for page in PdfReader(str(card)).pages).replace(" ", "")
    assert all(word in text for word in ("关爱儿童档案卡", "马小龙", "留守（双亲留守）", "语文一般", "和奶奶住", "张专干"))
    assert "1" in (await run("registers", "list")).stdout
    assert "双亲留守" in (await run("registers", "show", "left_behind")).stdout
    paired = await run("registers", "unpair", "马小龙", *by)
    assert "⇎ 张专干" in paired.stdout, paired.stderr
    assert "nobody is paired" in (await run("registers", "unpair", "马小龙", *by)).stderr
    told = (await run("registers", "history", "马小龙")).stdout
    assert all(word in told for word in ("留守 双亲留守", "结对 pairing", "张专干")), told


async def test_the_register_of_poor_children_shows_the_aid_that_they_had(typed: County, tmp_path: Path) -> None:
    assert (await run("registers", "set", "马小龙", "--by", "王校长", "--category", "困难")).exit_code == 0
    async with working(typed.database, await typed.stage.now()) as work:
        paid = AidRequest(
            student_id=typed.students["马小龙"], area_code="622926", state="paid", requested_at=work.now, aid_kind="boarding_allowance",
            amount=Decimal(500), paid_amount=Decimal(500), paid_on=date(2026, 10, 9),
        )  # fmt: skip
        work.session.add(paid)
    book = tmp_path / "poor.xlsx"
    assert (await run("registers", "export", "困难", "--out", str(book))).exit_code == 0
    rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()
    assert (rows[1][-1], rows[2][-1]) == ("已获资助", "2026-10-09 寄宿生生活补助 500元 已发放")


ENTER = ("--school", SCHOOL, "--class", "三(2)班", *WORD)


def numbered(body: str) -> str:
    """A register number over these 17 digits of an identity number."""
    return f"G{body}{check_character(body)}"


async def test_a_new_child_enters_under_a_number_that_can_be_one(typed: County) -> None:
    good = numbered("62292620160305001")
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    for words, why in (
        (("--number", wrong), "the number is wrong"), (("--number", "12"), "the number is wrong"),
        (("--number", numbered("62292620161305001")), "the number is wrong"),  # a thirteenth month
        (("--number", good, "--born", "2016-03-06"), "another birthday, 2016-03-05"),
    ):  # fmt: skip
        refused = await run("enrolment", "enter", "马小云", *words, *ENTER)
        assert (refused.exit_code, why in refused.stderr, len(refused.stderr.splitlines())) == (1, True, 2), refused.output
    assert (await run("enrolment", "enter", "马小云", "--number", good, *ENTER)).exit_code == 0
    async with typed.database.session() as session:
        entered = (await session.scalars(select(Student).where(Student.name == "马小云"))).one()
    assert (entered.status, entered.birth_date, entered.class_id) == ("enrolled", date(2016, 3, 5), typed.class_id)
    again = await run("enrolment", "enter", "马小云", "--number", good, *ENTER)
    assert (again.exit_code, "known already" in again.stderr) == (1, True)


async def test_a_child_leaves_for_good_with_the_paper_that_proves_it(typed: County) -> None:
    office = ("--by", "孙科长", "--evidence", "出境证明3号")
    unknown = await run("enrolment", "leave", "马小龙", "away", *office)
    assert (unknown.exit_code, "deceased、abroad" in unknown.stderr) == (1, True), unknown.output
    foreign = await run("enrolment", "leave", "马小龙", "abroad", "--by", "马老师", "--evidence", "口头")
    assert (foreign.exit_code, "this is said by" in foreign.stderr) == (1, True)
    assert await counted(typed, EnrolmentEvent) == 0
    gone = await run("enrolment", "leave", "马小龙", "abroad", *office)
    assert (gone.exit_code, "moved abroad" in gone.stdout) == (0, True), gone.output
    assert "出境证明3号" in (await run("enrolment", "history", "马小龙")).stdout
    twice = await run("enrolment", "leave", "马小龙", "deceased", *office)
    assert (twice.exit_code, "not on a roll now" in twice.stderr) == (1, True)


async def test_visits_at_home_are_planned_shown_and_written(typed: County, tmp_path: Path) -> None:
    by, plan = ("--by", "王校长"), ("--on", "2026-11-25", "--on", "2026-12-02", "--teacher", "马老师")
    early = await run("registers", "visits", "马小龙", *by, *plan)
    assert (early.exit_code, "not taught at home" in early.stderr) == (1, True)
    await run(
        "registers", "set", "马小龙", *by, "--category", "残疾", "--kind", "肢体残疾", "--arrangement", "送教上门", "--evidence", "评估"
    )
    book = tmp_path / "visits.xlsx"
    shown = await run("registers", "visits", "马小龙", *by, *plan, "--out", str(book))
    assert (shown.exit_code, "2026-12-02" in shown.stdout, "马老师" in shown.stdout) == (0, True, True), shown.output
    rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()
    assert {str(row[0]) for row in rows[2:4]} == {"2026-11-25", "2026-12-02"}
    past = await run("registers", "visits", "马小龙", *by, "--on", "2026-11-01", "--teacher", "马老师")
    assert (past.exit_code, "the day is over" in past.stderr) == (1, True)
