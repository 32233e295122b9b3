"""Aid from the family's reply to the payment; a family's circumstances are never named on a phone."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from storage.tables import AidRequest, Student, StudentCategory
from tests.fanxiao.conftest import Terminal
from tests.stories.county import County

REGISTER = "L62292600012"
NEVER_ON_A_PHONE = ("困难", "贫", "低保", "补助", "资助", "孤儿", "残疾", "500")


@pytest.fixture
async def poor(county: County) -> County:
    """A boarder of a poor family; Monday before school."""
    await county.begin("2026-11-02 07:00")
    student_id = await county.student("马小龙", guardians=["father"])
    await county.others(5)
    async with county.database.session() as session, session.begin():
        child = await session.get_one(Student, student_id)
        child.boarder, child.register_index = True, county.cipher.index(f"student:{REGISTER}")
        session.add(StudentCategory(student_id=student_id, category="poor", since=date(2026, 1, 1)))
    return county


async def request(county: County) -> AidRequest:
    async with county.database.session() as session:
        return (await session.scalars(select(AidRequest).order_by(AidRequest.id.desc()))).first()  # type: ignore[return-value]


async def test_from_a_reply_to_the_payment(poor: County) -> None:
    father, payer = poor.phones["father"], poor.phones["county_officer"]
    await poor.to("2026-11-02 08:31")
    await poor.phones["class_teacher"].replies("1")
    await poor.stage.advance(minutes=4)
    before = len(await father.inbox())  # the question itself offers a digit for it
    await father.replies("5")
    await father.expects("最想先办哪件事")
    await father.replies("2")
    await father.expects("每个孩子都有", "免学费杂费", "营养餐")
    await poor.phones["principal"].replies(f"{(await poor.task('aid')).code} 3 同意")
    await father.expects("已经办好")
    granted = await request(poor)
    assert (granted.aid_kind, granted.amount, granted.per, granted.number) == (
        "boarding_allowance",
        Decimal(500),
        "term",
        "东乡县助〔2026〕0001号",
    )
    code = (await poor.task("aid_payment")).code
    await payer.expects("东乡县助〔2026〕0001号", "500元")
    for words in ("3 还没发", "3 已发800元，凭证7", "3 情况已了解"):
        await payer.replies(f"{code} {words}")
        await payer.expects("金额不能超过批准的数")
    await payer.replies(f"{code} 1")
    await poor.after_outage("2026-12-03 07:40")
    await poor.phones["education_head"].expects("东乡县助〔2026〕0001号")
    await father.new()
    await payer.replies(f"{code} 3 已发放500元，凭证号12")
    await father.expects("12月3日办完", "请查收")
    paid = await request(poor)
    assert (paid.state, paid.paid_on, paid.paid_amount, paid.paid_by) == (
        "paid",
        date(2026, 12, 3),
        Decimal(500),
        poor.people["county_officer"],
    )
    texts = [message.body for message in (await father.inbox())[before:]]
    assert not [(word, text) for text in texts for word in NEVER_ON_A_PHONE if word in text]


async def test_whoever_decides_reads_what_may_be_granted_and_that_the_figure_is_unconfirmed(poor: County, shell: Terminal) -> None:
    """A request made in person is put before the principal like one by message; a decision by command ends what was asked."""
    assert (await shell("aid", "ask", "--student", REGISTER, "--by", "马老师")).exit_code == 0
    await poor.to("2026-11-02 07:30")
    await poor.phones["principal"].expects("申请帮助", "寄宿生生活补助500元（每学期）", "参考数，须经县里核定", "同意")
    number = str((await request(poor)).id)
    decided = await shell("aid", "decide", number, "--grant", "--by", "王校长")
    assert "参考数（陕西日报 2019-10-31），须经县里核定" in decided.stdout
    assert (await poor.task("aid")).state == "done"
    await poor.phones["county_officer"].expects("500元（参考数，须经县里核定）")
    shown = await shell("aid", "entitlements", "--student", REGISTER)
    assert "参考数（陕西日报 2019-10-31），须经县里核定" in shown.stdout


async def test_the_letter_and_the_message_for_a_child_without_a_place_name_no_school(poor: County, shell: Terminal, tmp_path: Path) -> None:
    async with poor.database.session() as session, session.begin():
        nowhere = {"school_id": None, "class_id": None, "status": "unenrolled"}
        await session.execute(update(Student).where(Student.id == poor.students["马小龙"]).values(nowhere))
    assert "has no class" in (await shell("aid", "entitlements", "--student", REGISTER)).stderr
    assert (await shell("aid", "ask", "--student", REGISTER, "--by", "孙科长")).exit_code == 0
    letter, number = tmp_path / "letter.pdf", str((await request(poor)).id)
    words = ("--refuse", "--note", "材料还不全", "--by", "孙科长", "--letter", str(letter))
    assert (await shell("aid", "decide", number, *words)).exit_code == 0
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(letter.read_bytes())).pages).replace("\n", "")
    for word in ("为学生马小龙提出", "材料还不全", "请向东乡族自治县教育局询问", "孙科长"):
        assert word in text, word
    assert not [word for word in ("None", "电话：）") if word in text]
    await poor.to("2026-11-02 07:30")
    await poor.phones["father"].expects("想问详细请直接回复")


async def test_what_a_child_has_a_claim_to_is_shown_and_only_what_all_have_is_told(poor: County, shell: Terminal) -> None:
    shown = await shell("aid", "entitlements", "--student", REGISTER)
    assert ("寄宿生生活补助" in shown.stdout, "非寄宿生" in shown.stdout, "户口簿" in shown.stdout) == (True, False, True)
    told = await shell("aid", "entitlements", "--student", REGISTER, "--tell", "--by", "马老师")
    assert told.exit_code == 0
    await poor.stage.settle()
    text = await poor.phones["father"].expects("每个孩子都有", "申请帮助")
    assert not [word for word in NEVER_ON_A_PHONE if word in text]
    await poor.phones["father"].replies("申请帮助")
    assert (await request(poor)).state == "requested"


async def test_decided_listed_and_paid_from_the_terminal(poor: County, shell: Terminal, tmp_path: Path) -> None:
    asked = await shell("aid", "ask", "--student", REGISTER, "--by", "马老师")
    number = str((await request(poor)).id)
    assert number in asked.stdout
    letter = tmp_path / "decision.pdf"
    decided = await shell("aid", "decide", number, "--grant", "--by", "王校长", "--letter", str(letter))
    assert (decided.exit_code, "granted" in decided.stdout) == (0, True), decided.output
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(letter.read_bytes())).pages).replace("\n", "")
    for word in ("学生资助决定书", "东乡县助〔2026〕0001号", "马小龙", "500元（每学期）", "第四十四条", "东乡族自治县教育局"):
        assert word in words, word
    sheet = tmp_path / "list.xlsx"
    listed = await shell("aid", "list", "--area", "622926", "--by", "孙科长", "--out", str(sheet))
    assert "东乡县发〔2026〕001号" in listed.stdout
    rows = CalamineWorkbook.from_path(sheet).get_sheet_by_index(0).to_python()
    assert (rows[2][2], rows[2][7], rows[3][7]) == ("马小龙", 500.0, 500.0)
    assert "Nothing waits" in (await shell("aid", "list", "--area", "622926", "--by", "孙科长", "--out", str(sheet))).stderr
    pay = ("--by", "孙科长", "--proof", "银行回单8", "--list", "东乡县发〔2026〕001号")
    assert (await shell("aid", "paid", *pay, "--on", "2026-11-02")).exit_code == 0
    await poor.stage.settle()
    await poor.phones["father"].expects("11月2日办完")
    assert not [task for task in await poor.tasks() if task.kind == "aid_payment"]
    assert (await shell("aid", "paid", *pay, "--on", "2026-11-02")).exit_code == 1
    register = tmp_path / "register.xlsx"
    assert (await shell("aid", "export", "--area", "622926", "--out", str(register))).exit_code == 0
    assert "银行回单8" in CalamineWorkbook.from_path(register).get_sheet_by_index(0).to_python()[2]
    (row,) = json.loads((await shell("aid", "requests", "--area", "622926", "--json")).stdout)
    assert (row["state"], row["overdue"]) == ("paid", False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--refuse", "--by", "王校长"), "a reason is needed"),
        (("--refuse", "--by", "王校长", "--note", "再不来就罚款"), "must not be said"),
        (("--grant", "--by", "王校长", "--kind", "free_car"), "the plan has no 'free_car'"),
        (("--grant", "--by", "王校长", "--kind", "hardship_allowance"), "no claim to it"),
        (("--grant", "--by", "王校长", "--kind", "boarding_allowance", "--amount", "9000"), "--note"),
        (("--grant", "--by", "王校长", "--kind", "boarding_allowance", "--amount", "abc"), "as a number"),
        (("--grant", "--by", "王校长", "--kind", "boarding_allowance", "--amount", "-5", "--note", "特殊"), "above 0"),
        (("--grant", "--by", "马主任"), "not entitled"),
        (("--by", "王校长"), "--grant or --refuse"),
    ],
)
async def test_a_decision_that_is_refused_changes_nothing(words: tuple[str, ...], said: str, poor: County, shell: Terminal) -> None:
    await shell("aid", "ask", "--student", REGISTER, "--by", "马老师")
    refused = await shell("aid", "decide", str((await request(poor)).id), *words)
    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    assert (await request(poor)).state == "requested"


async def test_a_payment_that_is_refused_changes_nothing(poor: County, shell: Terminal) -> None:
    await shell("aid", "ask", "--student", REGISTER, "--by", "马老师")
    number = str((await request(poor)).id)
    good = {"--on": "2026-11-02", "--proof": "回单", "--by": "孙科长", "--amount": "500"}
    early = await shell("aid", "paid", number, *(word for pair in good.items() for word in pair))
    assert "not granted" in early.stderr
    await shell("aid", "decide", number, "--grant", "--by", "王校长")
    for change, said in (
        ({"--on": "2026-11-03"}, "future"), ({"--on": "2026-11-01"}, "before the decision"),
        ({"--amount": "500.01"}, "above what was granted"), ({"--amount": "0"}, "above 0"), ({"--proof": " "}, "a proof is needed"),
        ({"--by": "马老师"}, "not entitled"), ({"--on": "昨天"}, "write a day as"),
    ):  # fmt: skip
        refused = await shell("aid", "paid", number, *(word for pair in (good | change).items() for word in pair))
        assert (refused.exit_code, said in refused.stderr) == (1, True), (change, refused.output)
        assert (await request(poor)).state == "granted"
    assert "There is no child" in (await shell("aid", "entitlements", "--student", "L1")).stderr
