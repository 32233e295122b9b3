"""Referrals: proposed by whoever may, approved by name and twice, printed with what the department needs and no more, answered in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from storage.tables import CaseFile, Referral, Responsibility, Student
from tests.fanxiao.conftest import Terminal
from tests.stories.county import County

PROPOSE = ("--kind", "employer", "--department", "人社", "--reason", "疑似在砖厂务工", "--by", "孙科长")


@pytest.fixture
async def away(county: County) -> County:
    """Monday: Ma Xiaolong is absent, and a case is open."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    async with county.database.session() as session, session.begin():
        child = await session.get_one(Student, county.students["马小龙"])
        child.address_encrypted = county.cipher.encrypt("毛毛村三社八号")
    return county


async def referral(county: County) -> Referral:
    async with county.database.session() as session:
        return (await session.scalars(select(Referral).order_by(Referral.id.desc()))).first()  # type: ignore[return-value]


async def printed(shell: Terminal, number: int, out: Path) -> str:
    made = await shell("referrals", "letter", str(number), "--by", "周组长", "--out", str(out))
    assert made.exit_code == 0, made.output
    return "".join(page.extract_text() for page in PdfReader(str(out)).pages).replace("\n", "")


async def test_from_proposal_to_answer(away: County, shell: Terminal, tmp_path: Path) -> None:
    case, out = (await away.case("马小龙")).number, tmp_path / "letter.pdf"
    assert (await shell("referrals", "propose", case, *PROPOSE)).exit_code == 0
    proposed = await referral(away)
    number = str(proposed.id)
    early = await shell("referrals", "letter", number, "--by", "周组长", "--out", str(out))
    assert (early.exit_code, "without an approval" in early.stderr) == (1, True)
    await away.phones["leading_group"].expects("移送待批", "人社")
    once = await shell("referrals", "approve", number, "--by", "周组长")
    assert (once.exit_code, f"--confirm {case}" in once.stderr, (await referral(away)).state) == (1, True, "proposed")
    assert "not entitled" in (await shell("referrals", "approve", number, "--by", "孙科长", "--confirm", case)).stderr
    approved = await shell("referrals", "approve", number, "--by", "周组长", "--confirm", case)
    assert "东乡县移〔2026〕001号" in approved.stdout
    await away.stage.settle()
    await away.phones["county_officer"].expects("移送已发给人社")
    liaison, task = away.phones["department_liaison"], await away.task("act_by_law")
    await liaison.expects("依法处理")
    letter = await printed(shell, proposed.id, out)
    for word in (
        "移送函",
        "东乡族自治县人力资源和社会保障局",
        "东乡县移〔2026〕001号",
        "马小龙",
        "砖厂",
        "11月17日前",
        "周组长",
        "第十四条",
    ):
        assert word in letter, word
    for word in ("马father", "+8613", "三社八号"):
        assert word not in letter, word
    await liaison.replies(f"{task.code} 1")
    signed = await referral(away)
    assert (signed.acknowledged_by, signed.state) == (away.people["department_liaison"], "approved")
    await away.after_outage("2026-11-18 07:40")
    await away.phones["leading_group"].expects("依法处理")
    (row,) = json.loads((await shell("referrals", "list", "--json")).stdout)
    assert (row["overdue"], row["state"]) == (True, "approved")
    await liaison.replies(f"{task.code} 3 已责令用工单位送孩子返家")
    await away.phones["county_officer"].expects("人社已答复", "001号")
    assert "责令用工单位" in (await shell("referrals", "show", number)).stdout
    again = await shell("referrals", "answer", number, "--by", "陈警官", "--text", "又一次")
    assert (again.exit_code, "cannot be answered" in again.stderr) == (1, True)


async def test_the_police_learn_of_the_parents_and_a_second_department_is_asked_beside(
    away: County, shell: Terminal, tmp_path: Path
) -> None:
    case = (await away.case("马小龙")).number
    async with away.database.session() as session, session.begin():
        police = Responsibility(
            person_id=await away.person("police", "杨警官"), role="department_liaison", area_code="622926", department="police",
            valid_from=(await away.stage.now()).date(),
        )  # fmt: skip
        session.add(police)
    for department in ("human_resources", "police"):
        words = ("--kind", "employer", "--department", department, "--reason", "疑似务工", "--by", "孙科长")
        assert (await shell("referrals", "propose", case, *words)).exit_code == 0
        done = await shell("referrals", "approve", str((await referral(away)).id), "--by", "周组长", "--confirm", case)
        assert done.exit_code == 0
        await away.stage.settle()
    await away.phones["police"].expects("依法处理")
    tasks = [task for task in await away.tasks() if task.kind == "act_by_law"]
    assert len({task.referral_id for task in tasks}) == len(tasks) == 2
    letter = await printed(shell, (await referral(away)).id, tmp_path / "police.pdf")
    assert "监护人电话" in letter
    assert away.phones["father"].number in letter
    assert "三社八号" not in letter


async def test_withdrawn_with_a_reason_the_department_is_told_and_nothing_is_owed(away: County, shell: Terminal, tmp_path: Path) -> None:
    case = (await away.case("马小龙")).number
    await shell("referrals", "propose", case, *PROPOSE)
    number = str((await referral(away)).id)
    await shell("referrals", "approve", number, "--by", "周组长", "--confirm", case)
    await away.stage.settle()
    await away.phones["department_liaison"].new()
    assert "a reason is needed" in (await shell("referrals", "withdraw", number, "--by", "孙科长", "--reason", " ")).stderr
    assert "not entitled" in (await shell("referrals", "withdraw", number, "--by", "王校长", "--reason", "不用了")).stderr
    assert (await shell("referrals", "withdraw", number, "--by", "孙科长", "--reason", "孩子已返校")).exit_code == 0
    await away.phones["department_liaison"].expects("已撤回")
    assert not [task for task in await away.tasks() if task.kind == "act_by_law"]
    for words in (("letter", "--out", str(tmp_path / "x.pdf")), ("approve", "--confirm", case), ("withdraw", "--reason", "再撤")):
        assert (await shell("referrals", words[0], number, "--by", "周组长", *words[1:])).exit_code == 1


async def test_poverty_status_is_never_proposed_listed_or_named(away: County, shell: Terminal) -> None:
    case = await away.case("马小龙")
    words = ("--department", "乡村振兴", "--reason", "家中困难", "--by", "周组长")
    refused = await shell("referrals", "propose", case.number, "--kind", "poverty_status", *words)
    assert (refused.exit_code, "no such kind is enabled" in refused.stderr) == (1, True)
    async with away.database.session() as session, session.begin():
        session.add(Referral(
            case_id=case.id, area_code=case.area_code, department="poverty_relief", kind="poverty_status", state="proposed",
            proposed_at=await away.stage.now(), proposed_by=away.people["leading_group"],
        ))  # fmt: skip
    number = str((await referral(away)).id)
    assert json.loads((await shell("referrals", "list", "--json")).stdout) == []
    for command in ("show", "approve"):
        extra = ("--by", "周组长", "--confirm", case.number) if command == "approve" else ()
        assert "There is no referral" in (await shell("referrals", command, number, *extra)).stderr
    assert "poverty" not in (await shell("referrals", "--help")).stdout


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--by": "王校长"}, "not entitled"),
        ({"--by": "无此人"}, "No responsible person"),
        ({"--kind": "robbery"}, "no such kind"),
        ({"--department": "民政"}, "does not go to this department"),
        ({"--department": "海军"}, "no '海军'"),
        ({"--reason": " "}, "a reason is needed"),
    ],
)
async def test_a_proposal_that_is_refused_leaves_nothing(change: dict[str, str], said: str, away: County, shell: Terminal) -> None:
    words = dict(zip(PROPOSE[::2], PROPOSE[1::2], strict=True)) | change
    case = (await away.case("马小龙")).number
    refused = await shell("referrals", "propose", case, *(word for pair in words.items() for word in pair))
    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    assert await referral(away) is None
    assert "There is no such case" in (await shell("referrals", "propose", "0", *PROPOSE)).stderr


async def test_whoever_the_plan_lets_propose_does_so_by_message_and_takes_it_back(away: County) -> None:
    case, officer = await away.case("马小龙"), away.phones["county_officer"]
    tail = case.number[-5:]
    for words, said in (
        (f"移送 {tail} 人社", "写明台账编号、部门和理由"),
        (f"移送 {tail} 公安 请帮忙", "招用适龄儿童、校园周边网吧、流浪儿童"),
        (f"移送 {tail} 人社 是问题学生", "问题学生"),
        (f"移送 {tail} 民政 请帮忙", "写明是哪一种：流浪儿童…"),
    ):
        await officer.replies(words)
        await officer.expects(said)
    assert await referral(away) is None
    for outsider, said in (("township_officer", "把情况报县教育局"), ("department_liaison", "没有查到")):
        await away.phones[outsider].replies(f"移送 {tail} 人社 疑似务工")
        await away.phones[outsider].expects(said)
    await officer.replies(f"移送 {tail} 县人社局，疑似在砖厂务工")
    await officer.expects(f"已提出{case.number}移送人社", "等领导小组审批")
    kept = await referral(away)
    assert (kept.kind, kept.department, kept.state, kept.reason) == ("employer", "human_resources", "proposed", "疑似在砖厂务工")
    await away.stage.advance(minutes=6)  # more than five answers in five minutes go to nobody
    await officer.replies(f"移送 {tail} 人社 疑似务工")
    await officer.expects("已经提出")
    await away.phones["leading_group"].expects("移送待批", "人社")
    await away.phones["township_officer"].replies(f"撤回移送 {tail} 不用了")
    await away.phones["township_officer"].expects("由提出的人或者审批岗位撤回")
    for words, said in ((f"撤回移送 {tail}", "撤回要写理由"), (f"撤回移送 {tail} 孩子已返校", f"{case.number}移送人社已撤回")):
        await officer.replies(words)
        await officer.expects(said)
    kept = await referral(away)
    assert (kept.state, kept.withdrawn_reason, kept.withdrawn_by) == ("withdrawn", "孩子已返校", away.people["county_officer"])
    assert not [task for task in await away.tasks() if task.kind == "approve_referral"]
    await officer.replies(f"撤回移送 {tail} 再撤一次")
    await officer.expects("没有可以撤回的移送")


async def test_a_sent_referral_is_withdrawn_by_message_and_of_several_the_department_is_named(away: County, shell: Terminal) -> None:
    case, officer, group = await away.case("马小龙"), away.phones["county_officer"], away.phones["leading_group"]
    await officer.replies(f"移送 {case.number} 人社 疑似务工")
    number = str((await referral(away)).id)
    await officer.replies(f"移送 {case.number} 市场监管 疑似在砖厂务工")
    first = await shell("referrals", "approve", number, "--by", "周组长", "--confirm", case.number)
    assert first.exit_code == 0, first.output
    await away.stage.settle()
    liaison = away.phones["department_liaison"]
    await liaison.expects("依法处理")
    await group.replies(f"撤回移送 {case.number} 孩子已返校")
    await group.expects("写明是哪个部门的移送")
    await group.replies(f"撤回移送 {case.number} 人社 孩子已返校")
    await group.expects("移送人社已撤回")
    await liaison.expects("001号", "已撤回")
    async with away.database.session() as session:
        states = list(await session.scalars(select(Referral.state).order_by(Referral.id)))
    assert states == ["withdrawn", "proposed"]


async def test_the_letter_of_a_child_without_a_place_names_no_school(away: County, shell: Terminal, tmp_path: Path) -> None:
    case = await away.case("马小龙")
    async with away.database.session() as session, session.begin():
        await session.execute(update(CaseFile).values(school_id=None, class_id=None))
        await session.execute(
            update(Student).where(Student.id == case.student_id).values(school_id=None, class_id=None, status="unenrolled")
        )
    words = ("--kind", "disability_help", "--department", "残联", "--reason", "请评估", "--by", "孙科长")
    assert (await shell("referrals", "propose", case.number, *words)).exit_code == 0
    number = (await referral(away)).id
    assert (await shell("referrals", "approve", str(number), "--by", "周组长", "--confirm", case.number)).exit_code == 0
    letter = await printed(shell, number, tmp_path / "letter.pdf")
    for word in ("残疾人联合会", "马小龙", "所在村", "请评估", away.phones["father"].number):
        assert word in letter, word
    for word in ("None", "锁南镇中心小学", "班级"):
        assert word not in letter, word
