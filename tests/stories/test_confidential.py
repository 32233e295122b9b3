"""What could hurt a child: danger reaches people at once from whoever writes it; a complaint never reaches the school."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Complaint, Task, TaskHolder
from tests.stories.county import STAFF, County
from tests.stories.families import ask_father

SCHOOL = ("class_teacher", "attendance_officer", "principal")


@pytest.fixture
async def asked(county: County) -> County:
    await ask_father(county, "马小龙", absent="1")
    return county


async def told_school(county: County, word: str) -> list[str]:
    texts = [message.body for role in SCHOOL if role in county.phones for message in await county.phones[role].inbox()]
    return [text for text in texts if word in text]


async def test_a_complaint_never_reaches_the_school(asked: County) -> None:
    await asked.phones["father"].replies("我要投诉学校乱收费")
    await asked.phones["county_officer"].expects("受理投诉")
    number = (await asked.case("马小龙")).number
    await asked.to("2026-11-09 08:00")
    await asked.phones["principal"].replies(f"查 {number}")
    assert await told_school(asked, "投诉") == []
    async with asked.database.session() as session:
        holders = set(await session.scalars(select(TaskHolder.person_id).join(Task).where(Task.kind == "complaint")))
    assert holders <= {asked.people[role] for role in STAFF if role not in SCHOOL}
    assert (await asked.case("马小龙")).cause is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("老师罚我儿子站了一上午", "corporal_punishment"),
        ("不让我娃进教室", "expulsion"),
        ("周六还在补课", "holiday_classes"),
        ("老师在群里公布考试名次", "ranking"),
        ("老师要我们交班费", "fees"),
    ],
)
async def test_each_kind_is_read_from_free_words_and_answered_in_its_time(asked: County, text: str, kind: str) -> None:
    father, officer = asked.phones["father"], asked.phones["county_officer"]
    await father.replies(text)
    told = await father.expects("已登记，编号信622926-2026-0001", "11月17日前答复您")
    assert text not in told
    async with asked.database.session() as session:
        kept = (await session.scalars(select(Complaint))).one()
    assert (kept.kind, kept.school_id, kept.area_code) == (kind, asked.school_id, "622926")
    code = (await asked.task("complaint")).code
    await officer.replies(f"{code} 回复 经查属实，已责成学校改正")
    await father.expects("经查属实，已责成学校改正")
    assert await told_school(asked, "投诉") == []
    async with asked.database.session() as session:
        kept = (await session.scalars(select(Complaint))).one()
    assert (kept.state, kept.outcome, kept.answered_by) == ("answered", "substantiated", asked.people["county_officer"])


async def test_a_child_beaten_by_its_teacher_is_a_danger_and_a_complaint_besides(asked: County) -> None:
    await asked.phones["father"].replies("老师拿棍子打我娃")
    await asked.phones["father"].expects("工作人员会联系您")
    kinds = {(task.kind, task.role) for task in await asked.tasks() if task.kind in {"safety", "complaint"}}
    assert kinds == {("safety", "county_officer"), ("complaint", "county_officer")}
    async with asked.database.session() as session:
        assert (await session.scalars(select(Complaint.kind))).all() == ["corporal_punishment"]
    assert await told_school(asked, "安全") == []


async def test_a_complaint_that_is_not_quite_clear_goes_to_the_county_with_its_thread(asked: County) -> None:
    await asked.phones["father"].replies("校长不让娃进教室，你们看着办吧，我也不知道咋说，反正1")
    await asked.phones["father"].replies("就是学校赶出来的，那个嗯啥子")
    kinds = {(task.kind, task.role) for task in await asked.tasks() if task.kind in {"triage", "complaint", "triage_unknown"}}
    assert kinds
    assert all(role == "county_officer" for _, role in kinds), kinds


async def test_a_complaint_cannot_be_handed_to_the_school(asked: County) -> None:
    await asked.phones["father"].replies("我要投诉学校乱收费")
    code = (await asked.task("complaint")).code
    await asked.phones["county_officer"].replies(f"{code} 2 王校长")
    assert await told_school(asked, "投诉") == []


async def test_a_complaint_and_a_danger_outlive_the_case(asked: County) -> None:
    await asked.phones["father"].replies("我要投诉学校乱收费")
    await asked.phones["father"].replies("孩子在家被他舅舅打伤了")
    await asked.to("2026-11-02 09:00")
    await asked.phones["class_teacher"].replies("1到了")
    assert (await asked.case("马小龙")).state == "closed"
    assert {"complaint", "safety"} <= {task.kind for task in await asked.tasks()}


async def test_a_return_for_a_day_cancels_no_request_for_help(asked: County) -> None:
    await asked.phones["father"].replies("5")
    await asked.to("2026-11-03 08:31")
    await asked.phones["class_teacher"].replies("0")
    assert "aid" in {task.kind for task in await asked.tasks()}
    await asked.phones["principal"].replies(f"{(await asked.task('aid')).code} 3 同意")
    await asked.phones["father"].expects("办好")


async def test_a_safety_word_from_an_unknown_number_reaches_the_county_at_once(asked: County) -> None:
    await asked.to("2026-11-02 23:00")
    await asked.phones["county_officer"].new()
    await asked.receive("+8613999999999", "三年级马小龙被人绑走了，救命")
    await asked.stage.settle()
    await asked.phones["county_officer"].expects("安全")


async def test_a_safety_word_from_an_officer_is_told_at_once(asked: County) -> None:
    await asked.to("2026-11-03 12:01")
    await asked.phones["county_officer"].new()
    await asked.phones["village_committee"].replies(f"{(await asked.task('home_visit')).code} 3 见到孩子，被父亲打伤住院")
    await asked.phones["county_officer"].expects("安全", "小龙")
    assert (await asked.task("home_visit")).state == "done"


async def test_the_police_as_an_office_raise_no_alarm_when_staff_write_of_them(asked: County) -> None:
    number = (await asked.case("马小龙")).number
    for words in ("今天去公安局开会", f"移送 {number} 公安 家长拒不送学"):
        await asked.phones["county_officer"].replies(words)
    assert "safety" not in {task.kind for task in await asked.tasks()}


async def test_a_safety_word_from_a_teacher_is_told_at_once_and_the_sheet_is_taken(asked: County) -> None:
    await asked.to("2026-11-03 08:31")
    await asked.phones["county_officer"].new()
    await asked.phones["class_teacher"].replies("马小龙离家出走了")
    await asked.phones["county_officer"].expects("安全", "小龙")


async def test_danger_is_told_above_when_nobody_of_the_county_is_there(county: County) -> None:
    await county.begin("2026-11-02 07:00", roles=[role for role in STAFF if role != "county_officer"])
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["father"].replies("孩子失踪了")
    await county.phones["education_head"].expects("安全")


async def test_a_danger_that_comes_from_the_school_is_told_outside_it(asked: County) -> None:
    await asked.phones["principal"].new()
    await asked.phones["father"].replies("班主任把娃打伤了，流血了")
    await asked.phones["county_officer"].expects("小龙")
    await asked.phones["principal"].expects_nothing()
    assert {task.role for task in await asked.tasks() if task.kind == "safety"} == {"county_officer"}
