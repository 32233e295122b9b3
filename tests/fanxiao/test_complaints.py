"""Complaints about a school: a number for the family, an owner at the county, an answer; nothing of it where the school could see it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from storage.tables import Complaint, Event, GuardianAnswer, Inbound, Intent, Message, Responsibility, Task
from tests.fanxiao.conftest import Terminal
from tests.stories.county import County, Phone

SCHOOL = ("class_teacher", "attendance_officer", "principal", "village_committee", "township_officer", "township_head")
NUMBER = "信622926-2026-0001"


@pytest.fixture
async def monday(county: County) -> County:
    await county.begin("2026-11-02 09:00")
    await county.student("马小龙", guardians=["father"])
    return county


async def complaints(county: County) -> list[Complaint]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Complaint).order_by(Complaint.id)))


async def test_it_is_numbered_kept_from_the_school_and_answered_with_what_was_found(monday: County) -> None:
    father, officer = monday.phones["father"], monday.phones["county_officer"]
    await father.replies("学校周末补课还收钱")
    told = await father.expects(NUMBER, "11月17日前答复")
    assert "补课" not in told
    assert "锁南" not in told
    code = (await monday.task("complaint")).code
    alert = await officer.expects(NUMBER, "补课", "不得转给学校")
    assert "小龙" not in alert
    await officer.replies(f"{code} 看")
    await officer.expects("周末补课还收钱")
    await officer.replies(f"{code} 3 属实，已处理")
    await officer.expects("请答复来信人")
    await officer.replies(f"{code} 回复 我们已和校方谈过")
    await officer.expects("是否属实")
    await officer.replies(f"{code} 回复 经查部分属实，多收的钱周五退给您")
    await father.expects("部分属实", "周五退给您")
    (complaint,) = await complaints(monday)
    assert (complaint.kind, complaint.state, complaint.outcome) == ("holiday_classes", "answered", "partly")
    assert complaint.answered_by == complaint.acknowledged_by == monday.people["county_officer"]
    for role in SCHOOL:
        assert not [one.body for one in await monday.phones[role].inbox() if "信622926" in one.body or "补课" in one.body]


async def test_no_row_of_it_shows_below_the_county(monday: County) -> None:
    """The web role with the area of the school, of its village and of its township: nothing that the complaint left behind."""
    await monday.phones["father"].replies("老师体罚娃娃")
    await monday.to("2026-11-02 09:10")
    for area in ("622926100201", "622926100"):
        async with monday.web.reading(area) as session:
            assert (await session.scalars(select(Task.kind))).all() == []
            assert [body for body in await session.scalars(select(Inbound.body)) if "体罚" in body] == []
            assert (await session.scalars(select(GuardianAnswer.intent))).all() == []
            assert [body for body in await session.scalars(select(Message.body)) if "信622926" in body] == []
            assert [one for one in await session.scalars(select(Intent.template)) if one.startswith("complaint")] == []
            actions = (await session.execute(select(Event.action, Event.facts))).all()
            assert not [one for one in actions if "complaint" in one.action or "complaint" in json.dumps(one.facts)]
    async with monday.web.reading("622926") as session:
        assert (await session.scalars(select(Task.kind))).all() == ["complaint"]
        with pytest.raises(Exception, match="permission denied"):
            await session.execute(text("select * from complaint"))


async def test_who_does_not_answer_is_reminded_and_it_climbs_to_the_education_head(monday: County) -> None:
    officer, head = monday.phones["county_officer"], monday.phones["education_head"]
    await monday.phones["father"].replies("校长劝退我娃")
    await officer.replies(f"{(await monday.task('complaint')).code} 1")
    assert (await complaints(monday))[0].acknowledged_by == monday.people["county_officer"]
    await head.expects_nothing()
    await monday.after_outage("2026-11-18 07:40")
    await head.expects(NUMBER, "开除劝退")
    for role in SCHOOL:
        assert not [one.body for one in await monday.phones[role].inbox() if NUMBER in one.body]


async def test_who_wants_to_stay_unknown_does_and_still_gets_an_answer(monday: County, shell: Terminal) -> None:
    await monday.phones["father"].replies("匿名投诉学校乱收费，不要说是我")
    await monday.receive("+8613999999999", "我要投诉学校体罚娃娃")
    await monday.stage.settle()
    stranger = Phone(monday, "+8613999999999")
    await stranger.expects("信622926-2026-0002")
    first, second = await complaints(monday)
    assert (first.person_id, first.student_id, first.school_id) == (None, None, monday.school_id)
    assert (second.person_id, second.school_id, second.kind) == (None, None, "corporal_punishment")
    shown = await shell("complaints", "show", NUMBER, "--by", "孙科长")
    assert ("匿名" in shown.stdout, "马" in shown.stdout) == (True, False)
    done = await shell("complaints", "answer", NUMBER, "--by", "孙科长", "--outcome", "不属实", "--text", "经查不属实，收的是校服款")
    assert (done.exit_code, "已答复" in done.stdout) == (0, True)
    await monday.phones["father"].expects("校服款")
    assert "complaint" in {task.kind for task in await monday.tasks()}  # the other one


async def test_said_twice_it_is_one_and_taken_back_it_is_nobodys_task(monday: County) -> None:
    father = monday.phones["father"]
    for _ in range(2):
        await father.replies("我要投诉学校乱收费")
        await father.expects(NUMBER)
    assert len(await complaints(monday)) == 1
    await father.replies("不对")
    await father.replies("不对")
    assert [one.state for one in await complaints(monday)] == ["withdrawn"]
    assert [task.kind for task in await monday.tasks() if task.kind == "complaint"] == []


async def test_only_the_county_lists_them_and_no_list_names_anybody(monday: County, shell: Terminal, tmp_path: Path) -> None:
    await monday.phones["father"].replies("我要投诉学校乱收费")
    by = ("--area", "622926", "--by", "孙科长")
    listed = await shell("complaints", "list", *by)
    assert (NUMBER in listed.stdout, "锁南镇中心小学" in listed.stdout, "马" in listed.stdout) == (True, True, False)
    added = await shell("complaints", "add", *by, "--text", "来访反映老师罚站", "--school", "2162000001")
    assert "信622926-2026-0002" in added.stdout
    counts = json.loads((await shell("complaints", "list", *by, "--counts", "--json")).stdout)
    assert [(one["kind"], one["received"], one["answered"]) for one in counts["counts"]] == [("fees", 1, 0), ("corporal_punishment", 1, 0)]
    table = (await shell("complaints", "list", *by, "--counts")).stdout
    assert ("乱收费" in table, "体罚" in table, "fees" in table) == (True, True, False)
    out = tmp_path / "complaints.xlsx"
    assert (await shell("complaints", "export", *by, "--out", str(out))).exit_code == 0
    book = CalamineWorkbook.from_path(out)
    cells = [str(cell) for page in book.sheet_names for row in book.get_sheet_by_name(page).to_python() for cell in row]
    assert NUMBER in cells
    assert not [cell for cell in cells if "小龙" in cell or "马" in cell or "罚站" in cell]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--area", "622926", "--by", "王校长"), "not entitled"),
        (("list", "--area", "622926", "--by", "赵干事"), "not entitled"),
        (("show", NUMBER, "--by", "马老师"), "not entitled"),
        (("show", "信622926-2026-0099", "--by", "孙科长"), "no such number"),
        (("list", "--area", "622926100", "--by", "孙科长"), "county's code"),
        (("list", "--area", "622926", "--by", "孙科长", "--kind", "food"), "no 'food'"),
        (("answer", NUMBER, "--by", "孙科长", "--outcome", "maybe", "--text", "已处理"), "one of substantiated"),
        (("answer", NUMBER, "--by", "孙科长", "--outcome", "部分属实", "--text", " "), "--text"),
        (("answer", NUMBER, "--by", "孙科长", "--outcome", "partly", "--text", "详情见 http://x.cn"), "--text"),
        (("answer", NUMBER, "--by", "王校长", "--outcome", "partly", "--text", "已处理"), "not entitled"),
        (("add", "--area", "622926", "--by", "孙科长", "--text", "罚站", "--school", "1"), "no such school"),
    ],
)
async def test_what_is_refused_changes_nothing(words: tuple[str, ...], said: str, monday: County, shell: Terminal) -> None:
    await monday.phones["father"].replies("我要投诉学校乱收费")
    refused = await shell("complaints", *words)
    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    assert [one.state for one in await complaints(monday)] == ["received"]


async def test_a_county_officer_who_works_at_that_school_sees_none_of_it(monday: County, shell: Terminal) -> None:
    await monday.staff("principal", key="double", name="双岗")
    async with monday.database.session() as session, session.begin():
        double = monday.people["double"]
        session.add(Responsibility(person_id=double, role="county_officer", area_code="622926", valid_from=date(2026, 1, 1)))
    await monday.phones["father"].replies("我要投诉学校乱收费")
    assert NUMBER not in (await shell("complaints", "list", "--area", "622926", "--by", "双岗")).stdout
    assert (await shell("complaints", "show", NUMBER, "--by", "双岗")).exit_code == 1
    assert not [one.body for one in await monday.phones["double"].inbox() if NUMBER in one.body]
