"""Notices from the terminal: what is printed is what a family reads, every version is kept, refusals change nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import Result
from pypdf import PdfReader
from sqlalchemy import select, update
from typer.testing import CliRunner

from fanxiao.cli import app
from storage.tables import Document, Event, Student
from tests.fanxiao.conftest import Terminal
from tests.stories.county import County
from tests.stories.test_enrolment import HOUSEHOLDS, take

Notices = Callable[..., Awaitable[Result]]


@pytest.fixture
def notices(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Notices:
    """The terminal's storage and clock, with the group `notices`."""
    monkeypatch.setenv("FANXIAO_PUBLIC_URL", "https://fanxiao.test/")

    async def typed(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["notices", *words])

    return typed


@pytest.fixture
async def level_four(county: County) -> County:
    """Two children of the class are away for four days; the township owes two notices."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("马𰻝花", guardians=["mother"])
    await county.others(5)
    async with county.database.session() as session, session.begin():
        await session.execute(update(Student).where(Student.name == "马𰻝花").values(sex="female"))
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1、2")
    await county.after_outage("2026-11-05 12:01")
    return county


def pages(path: Path) -> list[str]:
    """The text of each page, without line breaks and spaces."""
    return ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(path.read_bytes())).pages]


async def test_listed_issued_printed_delivered(level_four: County, notices: Notices, tmp_path: Path) -> None:
    listed = json.loads((await notices("list", "--area", "622926100", "--json")).stdout)
    ids = [str(one["notice_id"]) for one in listed]
    assert [(one["child"], one["state"]) for one in listed] == [("马小龙", "draft"), ("马𰻝花", "draft")]
    refused = await notices("issue", *ids, "--by", "马主任")
    assert (refused.exit_code, "无权办理" in refused.stderr) == (1, True)
    assert {one.issued_at for one in await level_four.notices()} == {None}
    assert (await notices("issue", *ids, "--by", "赵干事")).exit_code == 0
    out = tmp_path / "batch.pdf"
    printed = await notices("print", "--area", "622926100", "--out", str(out), "--by", "赵干事")
    assert printed.exit_code == 0, printed.output
    assert "字库没有“𰻝”" in printed.stderr
    cover, first, second = pages(out)
    assert "送达清单" in cover
    assert "共2份" in cover
    assert "马主任" in cover
    number = (await level_four.notices())[0].number
    for words in (
        "锁南镇人民政府", "返校通知书", f"{number}", "签发人：赵干事", "马father（父亲）：",
        "锁南镇中心小学三(2)班学生马小龙，自2026年11月2日起没有到校上课", "送马小龙回锁南镇中心小学上学",
        "《中华人民共和国义务教育法》第五条：“适龄儿童、少年的父母或者其他法定监护人应当依法保证其按时入学接受并完成义务教育。”",
        "学校电话：0930-7120001", "2026年11月5日", "送达回执", "送达之日后第7日", "回执码",
    ):  # fmt: skip
        assert words in first, words
    assert "妇女权益保障法" not in first
    assert "《中华人民共和国妇女权益保障法》第三十六条" in second
    assert "马□花" in second
    assert "字库缺字" in second
    delivered = await notices("deliver", ids[0], "--way", "in_person", "--signed", "父亲", "--by", "马主任")
    assert "2026-11-12" in delivered.stdout, delivered.output
    case = (await level_four.case("马小龙")).number
    entry = (await asyncio.to_thread(CliRunner().invoke, app, ["ledger", "show", case])).stdout
    assert (entry.count(f"签发返校通知书{number}"), f"送达返校通知书{number}（马主任）" in entry) == (1, True), entry
    told = (await notices("receipts", "--json")).stdout
    assert [(one["way"], one["proof"]["signed"], one["delivered"], one["recorded_by"]) for one in json.loads(told)] == [
        ("当面送达", "父亲", "2026-11-05", "马主任")
    ]


async def test_a_changed_fact_makes_a_new_version_and_every_printing_is_on_record(
    level_four: County, notices: Notices, tmp_path: Path
) -> None:
    ids = [str(one.id) for one in await level_four.notices()]
    await notices("issue", *ids, "--by", "赵干事")
    for _ in range(2):
        await notices("print", "--out", str(tmp_path / "a.pdf"), "--id", ids[0])
    async with level_four.database.session() as session, session.begin():
        await session.execute(update(Student).where(Student.name == "马小龙").values(name="马晓龙"))
    await notices("print", "--out", str(tmp_path / "b.pdf"), "--id", ids[0])
    async with level_four.database.session() as session:
        kept = list(await session.scalars(select(Document).order_by(Document.version)))
        events = list(await session.scalars(select(Event.facts).where(Event.action == "document_printed").order_by(Event.id)))
    assert [(one.kind, one.version) for one in kept] == [("return_notice", 1), ("return_notice", 2)]
    assert "马小龙" in json.dumps(kept[0].facts, ensure_ascii=False)
    assert "code" not in kept[0].facts["stub"]
    assert [event["version"] for event in events] == [1, 1, 2]
    assert "马晓龙" in pages(tmp_path / "b.pdf")[1]


async def test_criticism_only_after_a_deadline_that_passed_and_by_name(level_four: County, notices: Notices, tmp_path: Path) -> None:
    case, out = (await level_four.case("马小龙")).number, tmp_path / "letter.pdf"
    ids = [str(one.id) for one in await level_four.notices()]
    await notices("issue", *ids, "--by", "赵干事")
    await notices("deliver", ids[0], "--way", "posted", "--posting", "xa12345678901", "--by", "马主任")
    early = await notices("criticism", case, "--by", "赵干事", "--out", str(out))
    assert (early.exit_code, "过了期限" in early.stderr) == (1, True)
    await level_four.after_outage("2026-11-16 12:05")
    foreign = await notices("criticism", case, "--by", "马主任", "--out", str(out))
    assert (foreign.exit_code, "无权办理" in foreign.stderr, out.exists()) == (1, True, False)
    for _ in range(2):
        assert "锁南返批〔2026〕3号" in (await notices("criticism", case, "--by", "赵干事", "--out", str(out))).stdout
    (text,) = pages(out)
    for words in ("批评教育书", "锁南返通〔2026〕1号", "第五十八条", "2026年11月16日", "愿意帮助"):
        assert words in text
    assert not [word for word in ("罚款", "处罚", "法院", "否则") if word in text]
    await notices("receipts", "--out", str(out))
    (receipt,) = pages(out)
    assert "送达日期2026年11月5日" in receipt
    assert "邮件号：XA12345678901" in receipt
    assert "邮寄送达" in receipt


async def test_a_child_on_no_roll_gets_papers_of_its_own(county: County, notices: Notices, tmp_path: Path) -> None:
    await county.begin("2026-11-02 09:00")
    girl = ["马尔里", "2019-05-06", "", "马福海", "父亲", "13893010002", "毛毛村", "锁南镇", "女"]
    found = [[*HOUSEHOLDS, "性别"], girl]
    await take(county, "households", tmp_path / "a.xlsx", found)
    await county.stage.settle()
    out = tmp_path / "draft.pdf"
    assert (await notices("print", "--state", "draft", "--out", str(out))).exit_code == 0
    (_, first) = pages(out)
    for words in (
        "入学通知书",
        "马福海（父亲）：",
        "马尔里，2019年5月6日出生，已到接受义务教育的年龄",
        "第十一条",
        "妇女权益保障法",
        "送马尔里到学校报到",
    ):
        assert words in first, words
    assert not [word for word in ("返校", "自2026年", "班主任") if word in first]
    (notice,) = await county.notices()
    await notices("issue", str(notice.id), "--by", "赵干事")
    await notices("deliver", str(notice.id), "--way", "left_with_village", "--witness", "马国强", "--by", "马主任")
    await county.after_outage("2026-11-10 12:02")
    assert (await notices("print", "--state", "draft", "--out", str(out))).exit_code == 0
    (_, second) = pages(out)
    notice = (await county.notices())[0]
    for words in ("责令限期入学通知书", f"《入学通知书》（{notice.number}）", "第五十八条"):
        assert words in second, words
    (case,) = await county.cases()
    assert (await notices("criticism", case.number, "--by", "赵干事", "--out", str(out))).exit_code == 0
    (letter,) = pages(out)
    assert "马尔里应当在校接受义务教育，至今没有在学校报到" in letter


REFUSED = [
    (["print", "--out", "{tmp}/no/such/x.pdf", "--state", "draft"], "写不了文件"),
    (["print", "--out", "{tmp}/x.pdf"], "没有符合条件的通知书"),
    (["print", "--out", "{tmp}/x.pdf", "--state", "lost"], "不认识"),
    (["list", "--area", "999"], "没有这个区划代码"),
    (["issue", "999999", "--by", "赵干事"], "没有这份通知书"),
    (["issue", "{id}", "--by", "无名氏"], "没有这位责任人"),
    (["issue", "{id}", "999999", "--by", "赵干事"], "没有这份通知书"),
    (["deliver", "{id}", "--way", "in_person", "--signed", "父亲", "--by", "马主任"], "还没有签发"),
    (["deliver", "{id}", "--way", "in_person", "--signed", "父亲", "--by", "马主任", "--on", "昨天"], "不是日期"),
]


async def test_refusals_say_why_and_change_nothing(level_four: County, notices: Notices, tmp_path: Path) -> None:
    notice_id = str((await level_four.notices())[0].id)
    for words, said in REFUSED:
        refused = await notices(*(word.format(tmp=tmp_path, id=notice_id) for word in words))
        assert refused.exit_code == 1, words
        assert said in refused.stderr
    assert not (tmp_path / "x.pdf").exists()
    async with level_four.database.session() as session:
        assert (await session.scalars(select(Document.id))).all() == []
    assert all(one.issued_at is None and one.deadline_on is None for one in await level_four.notices())


async def test_declined_with_a_reason_by_whoever_may_issue(level_four: County, notices: Notices) -> None:
    first, second = [str(one.id) for one in await level_four.notices()]
    without_reason = await notices("decline", first, "--by", "赵干事", "--why", " ")
    assert (without_reason.exit_code, "不签发要写理由" in without_reason.stderr) == (1, True)
    assert "理由不要写成问句" in (await notices("decline", first, "--by", "赵干事", "--why", "孩子转学了吗？")).stderr
    assert "无权办理" in (await notices("decline", first, "--by", "马主任", "--why", "孩子已转到县城小学")).stderr
    assert f"未签发 declined: {first}" in (await notices("decline", first, "--by", "赵干事", "--why", "不清楚是否已转学，先核实")).stdout
    listed = json.loads((await notices("list", "--json")).stdout)
    assert {one["notice_id"]: one["state"] for one in listed} == {int(first): "declined", int(second): "draft"}
    await level_four.stage.advance(minutes=2)
    await level_four.phones["principal"].expects("赵干事决定不签发返校通知书")
    again = await notices("decline", first, second, "--by", "赵干事", "--why", "孩子已转到县城小学")
    assert (again.exit_code, "什么都没有改动" in again.stderr) == (1, True)
    assert [one.declined_at is None for one in await level_four.notices()] == [False, True]
