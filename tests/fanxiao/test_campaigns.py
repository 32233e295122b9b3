"""Publicity: made by one person, agreed to by another, read by families, held, taken back, sent once more: by command and phone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update
from typer.testing import CliRunner

from bot.channels.simulator import SMS, Faults, Simulator
from cases.campaign_rows import lock_campaign
from cases.campaigns import start_campaign
from cases.composing import advance_campaign
from fanxiao.cli import app
from storage.tables import Campaign, Contact, Guardianship, Intent, ListedContact, Message, PersonContact, Sender, Student, StudentCategory
from storage.work import working
from tests.fanxiao.conftest import Terminal
from tests.fanxiao.rows import rows
from tests.stories.county import PLAN, County, Phone

Typed = Callable[..., Awaitable[Result]]
SMALL = PLAN.replace("approve_above: 1000", "approve_above: 2")
COUNTY = "622926"


@pytest.fixture
def typed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Any command, on the county's database and by its clock."""
    monkeypatch.setenv("FANXIAO_SIMULATOR", "1")

    async def type_in(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(words))

    return type_in


@pytest.fixture
async def families(county: County) -> County:
    """Three families on a Monday morning: a poor one with a girl, one with two guardians; the clock stands at nine."""
    await county.begin("2026-11-02 09:00", plan=SMALL)
    await county.student("马小花", guardians=["mother"])
    await county.student("马小龙", guardians=["father", "grandmother"])
    await change(county, update(Student).where(Student.id == county.students["马小花"]).values(sex="female"))
    async with county.database.session() as session, session.begin():
        session.add(StudentCategory(student_id=county.students["马小花"], category="poor", since=date(2026, 9, 1)))
        await session.execute(update(Sender).values(price=0.05))
    for phone in county.phones.values():
        await phone.new()
    return county


@pytest.fixture
def moved_plan(tmp_path: Path) -> Path:
    """The same plan with a winter vacation that is a day longer."""
    path = tmp_path / "moved.yaml"
    path.write_text(SMALL.replace("until: 2027-02-28", "until: 2027-03-01"), encoding="utf-8")
    return path


LISTED = "单位,类型,联系人,手机,地区,来源\n"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "listed.csv"
    rows = "红星砖厂,用人单位,老马,13893055501,622926100,县人社局2026年登记表\n蓝天网吧,网吧,老李,13893055502,622926100,县市场监管局登记\n"
    path.write_text(LISTED + rows, encoding="utf-8")
    return path


@pytest.fixture
def bad_list(tmp_path: Path) -> Path:
    path = tmp_path / "bad.csv"
    path.write_text(LISTED + "红星砖厂,用人单位,老马,138,622926100,县人社局\n", encoding="utf-8")
    return path


async def change(county: County, statement: Any) -> None:
    async with county.database.session() as session, session.begin():
        await session.execute(statement)


async def draft(typed: Typed, *more: str, text: str = "help", by: str = "孙科长") -> str:
    """The number of a new campaign."""
    made = await typed("campaigns", "new", "有难处找学校", "--text", text, "--area", COUNTY, "--by", by, *more)
    assert made.exit_code == 0, made.output
    return made.stdout.split("Draft ")[1].split()[0]


async def outcome(typed: Typed, number: str) -> dict[str, int]:
    told = await typed("campaigns", "outcome", number, "--json")
    totals: dict[str, int] = json.loads(told.stdout)["totals"]
    return totals


async def test_from_the_draft_to_the_outcome(families: County, typed: Typed, tmp_path: Path) -> None:
    number = await draft(typed, "--category", "困难", "--stage", "小学")
    seen = await typed("campaigns", "preview", number)
    assert "会发给 1 人" in seen.stdout
    assert "东乡族自治县 困难 小学" in seen.stdout
    assert "费用合计 / cost: 0.05" in seen.stdout
    assert "《义务教育法》第四十四条" in seen.stdout
    assert (await typed("campaigns", "test", number)).exit_code == 0
    await families.stage.settle()
    await families.phones["county_officer"].expects("我们一起想办法")
    await families.phones["mother"].expects_nothing()
    assert "running" not in (await typed("campaigns", "start", number, "--by", "孙科长")).stdout
    await families.stage.advance(minutes=15)
    text = await families.phones["mother"].expects("我们一起想办法", "拒收请回复R")
    assert not {"贫困", "困难家庭"} & {text}
    await families.phones["father"].expects_nothing()
    await families.phones["county_officer"].expects("已发完")
    assert await outcome(typed, number) == {"delivered": 1}
    book = tmp_path / "outcome.xlsx"
    assert (await typed("campaigns", "outcome", number, "--export", str(book))).exit_code == 0
    listed = CalamineWorkbook.from_path(book).get_sheet_by_name("名单").to_python()[2]
    assert listed[:5] == ["马mother", "毛毛村委会", "已送达", "", "模拟短信"]
    assert "done" in (await typed("campaigns", "list")).stdout


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--category", "orphan"), "没有可以发到的人"),
        (("--category", "rich"), "没有“rich”这个类别"),
        (("--when", "2026-11-03 22:00"), "免打扰时段"),
        (("--when", "2026-11-01 10:00"), "已经过去"),
        (("--when", "明天"), "看不懂时间"),
        (("--words", "随便"), "固定文本"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused_with_its_reason(families: County, typed: Typed, more: tuple[str, ...], said: str) -> None:
    refused = await typed("campaigns", "new", "试", "--text", "help", "--area", COUNTY, "--by", "孙科长", *more)
    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    assert await rows(families, select(Campaign)) == []


@pytest.mark.parametrize(
    ("words", "said"), [("困难家庭请来领补助。", "困难家庭"), ("不上学就罚款。", "罚款"), ("看 www.abc.com", "不能有网址")]
)
async def test_own_words_name_no_group_and_no_threat(families: County, typed: Typed, words: str, said: str) -> None:
    refused = await typed("campaigns", "new", "试", "--text", "own", "--area", COUNTY, "--by", "孙科长", "--words", words)
    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output


async def test_only_the_plans_roles_make_campaigns_and_only_in_their_area(families: County, typed: Typed) -> None:
    for who, area in (("王校长", COUNTY), ("赵干事", COUNTY)):
        refused = await typed("campaigns", "new", "试", "--text", "help", "--area", area, "--by", who)
        assert (refused.exit_code, "只有负责这个地区的" in refused.stderr) == (1, True), refused.output
    allowed = await typed("campaigns", "new", "试", "--text", "help", "--area", "622926100", "--by", "赵干事")
    assert allowed.exit_code == 0, allowed.output


async def test_who_is_left_out_and_why(families: County, typed: Typed) -> None:
    people = families.people
    await families.phones["father"].replies("退订")
    await change(families, update(Guardianship).where(Guardianship.person_id == people["grandmother"]).values(no_contact=True))
    first = await draft(typed, "--sex", "female")
    await typed("campaigns", "start", first, "--by", "孙科长")
    await families.stage.settle()
    await families.student("马小虎", guardians=["uncle"])
    await change(families, update(PersonContact).where(PersonContact.person_id == people["uncle"]).values(retired_reason="wrong"))
    await families.student("马小鹏", guardians=["aunt"])
    seen = json.loads((await typed("campaigns", "preview", await draft(typed, text="duty"), "--json")).stdout)
    assert seen["counted"]["left_out"] == {"refused": 1, "no_contact": 1, "recent": 1, "unreachable": 1}
    assert seen["counted"]["by_channel"] == {"phone": [1, 1]}


async def test_a_sender_of_registered_texts_says_only_what_is_approved(
    families: County, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered = replace(SMS, templates=frozenset({"publicity_duty"}), carries=frozenset({"guardian"}))
    monkeypatch.setattr("bot.channels.simulator.SMS", registered)
    approved, other = [await typed("campaigns", "preview", await draft(typed, text=text)) for text in ("duty", "free")]
    assert ("cost: 未知" in approved.stdout, "cost: 未知" in other.stdout) == (False, True)
    assert "手机 phone：现有的发送号码发不了" in other.stdout
    assert "发不了" not in approved.stdout


async def test_a_large_one_waits_for_a_second_person_who_agrees_by_message(families: County, typed: Typed) -> None:
    number = await draft(typed, by="李局长")
    assert "waiting for approval" in (await typed("campaigns", "start", number, "--by", "李局长")).stdout
    own = await typed("campaigns", "approve", number, "--by", "李局长")
    assert (own.exit_code, "另一位审批" in own.stderr) == (1, True)
    township = await typed("campaigns", "approve", number, "--by", "赵干事")
    assert (township.exit_code, "可以审批" in township.stderr) == (1, True)
    assert township.stderr.splitlines()[1].isascii(), township.stderr
    await families.stage.settle()
    await families.phones["mother"].expects_nothing()
    asked = await families.phones["leading_group"].expects("宣传活动待批", "李局长", "3人")
    code = asked.split("请回：")[1][:2]
    await families.phones["leading_group"].replies(f"{code} 同意")
    await families.stage.advance(minutes=5)
    await families.phones["education_head"].expects("已审批同意")
    for key in ("mother", "father", "grandmother"):
        await families.phones[key].expects("我们一起想办法")


async def test_it_goes_back_to_its_author_with_a_reason(families: County, typed: Typed) -> None:
    number = await draft(typed)
    await typed("campaigns", "start", number, "--by", "孙科长")
    assert "draft" in (await typed("campaigns", "approve", number, "--by", "李局长", "--reject", "开学后再发")).stdout
    await families.stage.settle()
    await families.phones["county_officer"].expects("退回修改")
    (campaign,) = await rows(families, select(Campaign))
    assert (campaign.state, campaign.reason, campaign.approved_by) == ("draft", "开学后再发", None)


async def test_it_begins_three_days_before_term_and_follows_the_plan(families: County, typed: Typed, moved_plan: Path) -> None:
    """The plan's vacation is moved by a day meanwhile: the campaign moves with it."""
    families.stage._patience = 1  # what months bring about is not waited for
    number = await draft(typed, "--when", "开学前3天 10:00", "--sex", "female")
    assert "2027-02-26 10:00" in (await typed("campaigns", "start", number, "--by", "孙科长")).stdout
    assert (await typed("admin", "plan", str(moved_plan))).exit_code == 0
    await families.after_outage("2027-02-26 10:05")
    assert not [text for text in await families.phones["mother"].new() if "我们一起想办法" in text]
    await families.after_outage("2027-02-27 10:05")
    await families.phones["mother"].expects("我们一起想办法")


async def _under_way(families: County, typed: Typed) -> str:
    """A campaign to all three of which one message has left; the sender may send no more today."""
    await change(families, update(Sender).values(daily_cap=1, used=0, used_on=date(2026, 11, 2)))
    number = await draft(typed)
    await typed("campaigns", "start", number, "--by", "孙科长")
    await typed("campaigns", "approve", number, "--by", "李局长")
    await change(families, update(Sender).values(daily_cap=2, used=0, used_on=date(2026, 11, 2)))
    families.stage._patience = 1  # what the cap holds back is not waited for
    await families.stage.settle()
    return number


def _sent(families: County) -> Any:
    return select(Message.person_id).where(Message.template == "publicity_help", Message.sent_at.is_not(None))


async def test_paused_nothing_more_leaves_and_resumed_everybody_gets_it_once(families: County, typed: Typed) -> None:
    number = await _under_way(families, typed)
    before = len(await rows(families, _sent(families)))
    assert before < 3
    assert f"{3 - before} 人还没发" in (await typed("campaigns", "pause", number, "--by", "孙科长")).stdout
    assert (await outcome(typed, number))["held"] == 3 - before
    await change(families, update(Sender).values(daily_cap=None))
    await families.stage.advance(minutes=30)
    assert len(await rows(families, _sent(families))) == before
    await typed("campaigns", "resume", number, "--by", "孙科长")
    going = (await typed("campaigns", "outcome", number)).stdout
    assert "等待发送" in going
    assert "暂停" not in going  # why it stood still is no reason any more
    await families.stage.advance(minutes=15)
    assert sorted(await rows(families, _sent(families))) == sorted(families.people[key] for key in ("mother", "father", "grandmother"))


async def test_cancelled_what_has_not_left_is_taken_back(families: County, typed: Typed) -> None:
    number = await _under_way(families, typed)
    before = len(await rows(families, _sent(families)))
    assert f"撤回 {3 - before} 人" in (await typed("campaigns", "cancel", number, "--by", "孙科长")).stdout
    await change(families, update(Sender).values(daily_cap=None))
    await families.stage.advance(minutes=30)
    assert len(await rows(families, _sent(families))) == before
    assert (await outcome(typed, number))["withdrawn"] == 3 - before
    again = await typed("campaigns", "resume", number, "--by", "孙科长")
    assert (again.exit_code, again.stderr.splitlines()) == (
        1, ["活动现在是“已取消”，不能这样做", "The campaign is “cancelled” now: this cannot be done"],
    )  # fmt: skip


async def test_it_is_sent_again_only_to_whom_it_did_not_reach(families: County, typed: Typed) -> None:
    """The grandmother's phone fails for good; when it works again, only she gets it."""
    channel = Simulator(SMS)
    families.settings = replace(families.settings, channels={("simulator", "main"): channel})
    families.restarts()
    number = await draft(typed)
    await typed("campaigns", "start", number, "--by", "孙科长")
    await typed("campaigns", "approve", number, "--by", "李局长")
    channel._faults = Faults(failures=1.0)
    await families.stage.advance(minutes=75)
    assert await outcome(typed, number) == {"failed": 3}
    told = await typed("campaigns", "outcome", number, "--only", "failed")
    assert "没送到" in told.stdout, told.stdout
    assert "_" not in told.stdout
    channel._faults = Faults()
    gone = select(PersonContact.contact_id).where(PersonContact.person_id != families.people["grandmother"])
    await change(families, update(Contact).where(Contact.id.in_(gone)).values(state="bad"))
    assert (await typed("campaigns", "resend", number, "--by", "孙科长")).exit_code == 0
    await families.stage.advance(minutes=15)
    assert await outcome(typed, number) == {"delivered": 1, "failed": 2}
    nothing = await typed("campaigns", "resend", number, "--by", "孙科长")
    assert (nothing.exit_code, "没有需要重发的人" in nothing.stderr) == (1, True)


async def test_a_crash_in_the_middle_of_writing_writes_nobody_twice(
    families: County, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two persons a statement, one statement a step; the second step dies after it has written."""
    monkeypatch.setattr("cases.composing.STEP", 2)
    number = await draft(typed)
    await typed("campaigns", "start", number, "--by", "孙科长")
    await typed("campaigns", "approve", number, "--by", "李局长")
    now = await families.stage.now()

    async def step(*, dies: bool = False) -> None:
        async with working(families.database, now) as work:
            await advance_campaign(work, await work.session.get_one(Campaign, int(number)))
            if dies:
                raise KeyboardInterrupt

    await step()
    with pytest.raises(KeyboardInterrupt):
        await step(dies=True)
    await change(families, update(Campaign).values(composed_to=0))  # and what was written before is looked at once more
    while (await rows(families, select(Campaign.composed_at)))[0] is None:
        await step()
    people = await rows(families, select(Intent.person_id).where(Intent.campaign_id == int(number)))
    assert sorted(people) == sorted(families.people[key] for key in ("mother", "father", "grandmother"))


async def test_two_campaigns_at_once_reach_nobody_twice(families: County, typed: Typed) -> None:
    """The second step waits until the first one's intents can be seen, and then leaves out whoever has one."""
    first, second = await draft(typed, "--sex", "female"), await draft(typed, "--sex", "female", text="duty")
    for number in (first, second):
        await typed("campaigns", "start", number, "--by", "孙科长")
    now, written = await families.stage.now(), asyncio.Event()

    async def step(number: str) -> None:
        async with working(families.database, now) as work:
            await advance_campaign(work, await work.session.get_one(Campaign, int(number)))
            await work.flush()
            written.set()
            await asyncio.sleep(0.2 if number == first else 0)  # not committed yet, while the other one begins

    async def after_the_first() -> None:
        await written.wait()
        await step(second)

    await asyncio.gather(step(first), after_the_first())
    assert await rows(families, select(Intent.person_id).where(Intent.campaign_id.is_not(None))) == [families.people["mother"]]
    assert await rows(families, select(Campaign.state).order_by(Campaign.id)) == ["running", "cancelled"]


async def test_one_campaign_that_is_started_twice_at_once_is_started_once(families: County, typed: Typed) -> None:
    number, now = int(await draft(typed, "--sex", "female")), await families.stage.now()

    async def start() -> None:
        async with working(families.database, now) as work:
            await start_campaign(work, await lock_campaign(work, number), families.people["county_officer"])

    both = await asyncio.gather(start(), start(), return_exceptions=True)
    assert sorted(str(one) for one in both) == ["None", "state"]
    await families.stage.settle()
    assert len(await rows(families, select(Message.id).where(Message.person_id == families.people["mother"]))) == 1


async def test_whom_another_campaign_has_reached_since_is_not_sent_the_first_one_again(families: County, typed: Typed) -> None:
    """What failed was not had, so the second campaign reaches her; then the first one is not due again."""
    channel = Simulator(SMS)
    families.settings = replace(families.settings, channels={("simulator", "main"): channel})
    families.restarts()
    first = await draft(typed, "--sex", "female")
    await typed("campaigns", "start", first, "--by", "孙科长")
    channel._faults = Faults(failures=1.0)
    await families.stage.advance(minutes=75)
    assert await outcome(typed, first) == {"failed": 1}
    channel._faults = Faults()
    second = await draft(typed, "--sex", "female", text="duty")
    await typed("campaigns", "start", second, "--by", "孙科长")
    await families.stage.advance(minutes=15)
    assert await outcome(typed, second) == {"delivered": 1}
    again = await typed("campaigns", "resend", first, "--by", "孙科长")
    assert (again.exit_code, "没有需要重发的人" in again.stderr) == (1, True), again.output


@pytest.fixture
async def told(families: County, typed: Typed) -> County:
    """The mother has just had a campaign."""
    number = await draft(typed, "--sex", "female")
    await typed("campaigns", "start", number, "--by", "孙科长")
    await families.stage.settle()
    await families.phones["mother"].expects("我们一起想办法")
    for phone in families.phones.values():
        await phone.new()
    return families


async def test_a_plain_seen_counts_as_read_and_needs_no_answer(told: County, typed: Typed) -> None:
    await told.phones["mother"].replies("知道了，谢谢")
    await told.stage.advance(minutes=2)
    await told.phones["mother"].expects_nothing()
    await told.phones["class_teacher"].expects_nothing()
    assert await outcome(typed, str(max(await rows(told, select(Campaign.id))))) == {"answered": 1}


async def test_a_question_goes_to_a_person(told: County, typed: Typed) -> None:
    await told.phones["mother"].replies("补助怎么申请")
    await told.phones["mother"].expects("班主任马老师", "联系您")
    assert (await told.task("triage")).state == "open"
    assert await outcome(typed, str(max(await rows(told, select(Campaign.id))))) == {"answered": 1}


async def test_a_child_that_is_not_at_school_is_asked_about_and_a_person_reads_it(told: County) -> None:
    await told.phones["mother"].replies("孩子好几天没去学校了")
    await told.phones["mother"].expects("请回数字", "5家里有困难")
    assert (await told.task("triage")).state == "open"
    await told.phones["mother"].replies("5")
    assert (await told.task("aid")).student_id == told.students["马小花"]


async def test_a_reason_is_heard_like_any_other(told: County) -> None:
    await told.phones["mother"].replies("娃去打工了")
    assert (await told.task("child_labour_check")).student_id == told.students["马小花"]


async def test_one_kind_is_refused_by_its_name_and_the_others_go_on(told: County, typed: Typed) -> None:
    await told.phones["mother"].replies("退订助学")
    await told.phones["mother"].expects("助学", "不再发")
    again = json.loads((await typed("campaigns", "preview", await draft(typed, text="free"), "--json")).stdout)
    assert again["counted"]["left_out"]["refused"] == 1
    await told.after_outage("2026-11-10 10:00")
    other = json.loads((await typed("campaigns", "preview", await draft(typed, text="duty"), "--json")).stdout)
    assert other["counted"]["left_out"] == {}
    await told.phones["mother"].replies("恢复助学")
    await told.phones["mother"].expects("助学", "会再发")
    back = json.loads((await typed("campaigns", "preview", await draft(typed, text="free"), "--json")).stdout)
    assert back["counted"]["left_out"] == {}


async def test_each_guardian_is_told_once_what_is_kept_and_why(county: County) -> None:
    """When the plan says so; whoever comes later is told the day after, nobody twice, and refused publicity is no reason not to."""
    await county.begin(
        "2026-11-02 09:00", plan=PLAN.replace("  approve_above:", '  welcome: {at: "10:00", most_per_day: 50}\n  approve_above:')
    )
    await county.student("马小龙", guardians=["father"])
    await county.student("马小虎", guardians=["father", "barred"])
    await change(county, update(Guardianship).where(Guardianship.person_id == county.people["barred"]).values(no_contact=True))
    await county.to("2026-11-02 10:30")
    await county.phones["father"].expects("小龙家长您好", "只存孩子上学这件事要用的信息", "0930-7120001")
    await county.student("马小花", guardians=["mother"])
    await county.phones["mother"].replies("退订")
    await county.after_outage("2026-11-03 10:05")
    await county.phones["mother"].expects("小花家长您好")
    said = await rows(county, select(Message.person_id).where(Message.template == "consent_welcome"))
    assert sorted(said) == sorted([county.people["father"], county.people["mother"]])


async def test_employers_are_listed_with_their_purpose_and_refuse_like_families(families: County, typed: Typed, listed: Path) -> None:
    imported = await typed("campaigns", "contacts", str(listed), "--by", "孙科长")
    assert (imported.exit_code, "新增 2" in imported.stdout) == (0, True), imported.output
    again = await typed("campaigns", "contacts", str(listed), "--by", "孙科长")
    assert "新增 0" in again.stdout
    number = await draft(typed, text="employers")
    await typed("campaigns", "start", number, "--by", "孙科长")
    await families.stage.settle()
    shop = Phone(families, "+8613893055501")
    await shop.expects("招工请先看身份证", "第六十一条")
    await shop.replies("R")
    await families.after_outage("2026-11-11 10:00")
    refused = await typed("campaigns", "new", "再发", "--text", "hiring", "--area", COUNTY, "--by", "孙科长")
    assert (refused.exit_code, "没有可以发到的人" in refused.stderr) == (1, True)


async def test_a_list_with_a_bad_row_changes_nothing_and_names_it(families: County, typed: Typed, bad_list: Path) -> None:
    refused = await typed("campaigns", "contacts", str(bad_list), "--by", "孙科长")
    assert refused.exit_code == 1
    assert "第2行" in refused.stderr
    assert "手机" in refused.stderr
    assert await rows(families, select(ListedContact)) == []
