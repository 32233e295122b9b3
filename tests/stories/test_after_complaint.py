"""What follows a complaint goes where the complaint went; a stranger's texts are one task, of the county that they name."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from cases.letters import letters_of
from cases.plans import install_plan
from storage.tables import Area, Complaint, Person, Responsibility, School, Task
from storage.work import working
from tests.stories.county import CATALOGUE, PLAN, County, Phone, local
from tests.stories.families import ask_father

STRANGER = "+8613999999999"
OF_SCHOOL = ("class_teacher", "attendance_officer", "principal")


@pytest.fixture
async def asked(county: County) -> County:
    """The child is missing, and its father has been asked why."""
    await ask_father(county, "马小龙", absent="1")
    return county


async def _of_school(county: County) -> list[str]:
    """Kinds of the living tasks that begin with a text and that somebody of the school might hold."""
    return [task.kind for task in await county.tasks() if task.kind in {"triage", "triage_aside"}]


async def _complaints(county: County) -> list[Complaint]:
    async with county.database.session() as session:
        return list(await session.scalars(select(Complaint).order_by(Complaint.id)))


@pytest.mark.parametrize(
    ("complaint", "after"),
    [
        ("马老师打娃，我要投诉", "他昨天又打了"),
        ("马老师打娃，我要投诉", "我说的是马老师，他不像个老师样子"),
        ("马老师打娃，我要投诉", "那个老师我实在受不了了"),
        ("马老师打娃，我要投诉", "你们到底管不管"),
        ("学校乱收费，我要投诉", "别让学校知道是我说的"),
        ("学校乱收费，我要投诉", "都交了两回了"),
        ("学校乱收费，我要投诉", "查得咋样了"),
    ],
)
async def test_what_follows_a_complaint_is_read_with_it_and_by_nobody_of_the_school(asked: County, complaint: str, after: str) -> None:
    father, officer = asked.phones["father"], asked.phones["county_officer"]
    await father.replies(complaint)
    await asked.stage.advance(minutes=5)
    code = (await asked.task("complaint")).code
    await officer.replies(f"{code} 看")
    await officer.new()
    await father.new()
    await father.replies(after)
    told = await father.expects("已登记，编号信622926-2026-0001")
    assert "马老师" not in told
    await officer.expects(f"{code}", "对方又来信")
    assert len(await _complaints(asked)) == 1
    assert await _of_school(asked) == []
    await officer.replies(f"{code} 看")
    await officer.expects(after)
    await officer.replies(f"{code} 看")
    await officer.expects(complaint, after)
    for role in OF_SCHOOL:
        assert not [one.body for one in await asked.phones[role].inbox() if "来信" in one.body or "看一眼" in one.body]


async def test_who_looks_for_the_child_at_school_does_not_read_what_follows_a_complaint(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("孩子从昨天就不见了")
    await father.replies("学校乱收费，我要投诉")
    await asked.stage.advance(minutes=5)
    await father.replies("都交了两回了")
    read = {task.role: await _letters(asked, task) for task in await asked.tasks() if task.kind == "safety"}
    assert "principal" in read
    assert not [role for role, texts in read.items() if "都交了两回了" in texts]


async def _letters(county: County, task: Task) -> list[str]:
    async with working(county.database, local("2026-11-02 12:00")) as work:
        return [text.body for text in await letters_of(work, task)]


async def test_further_words_are_told_once_until_they_are_read(asked: County) -> None:
    father, officer = asked.phones["father"], asked.phones["county_officer"]
    await father.replies("学校乱收费，我要投诉")
    code = (await asked.task("complaint")).code
    await officer.expects("受理投诉")
    await officer.replies(f"{code} 1")
    await officer.new()
    for words in ("都交了两回了", "一回三百", "娃他妈交的"):
        await father.replies(words)
        await asked.stage.advance(minutes=6)
    assert len([text for text in await officer.new() if "又来信" in text]) == 1
    await officer.replies(f"{code} 看")
    await officer.expects("两回", "三百", "娃他妈")


async def test_who_asks_not_to_be_named_after_complaining_is_named_no_more(asked: County) -> None:
    await asked.phones["father"].replies("学校乱收费，我要投诉")
    assert [one.person_id for one in await _complaints(asked)] == [asked.people["father"]]
    await asked.phones["father"].replies("别让学校知道是我说的")
    assert [(one.person_id, one.student_id) for one in await _complaints(asked)] == [(None, None)]
    await asked.phones["father"].replies("那个老师我实在受不了了")
    assert await _of_school(asked) == []


async def test_an_answer_about_the_absence_is_taken_as_ever(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("学校乱收费，我要投诉")
    await father.new()
    await father.replies("孩子病了")
    await father.expects("生病")
    assert [task.kind for task in await asked.tasks() if task.kind.startswith("triage")] == []


async def test_words_after_the_answer_still_go_to_the_county_and_later_to_the_teacher_again(asked: County) -> None:
    father, officer = asked.phones["father"], asked.phones["county_officer"]
    await father.replies("学校乱收费，我要投诉")
    code = (await asked.task("complaint")).code
    await officer.replies(f"{code} 看")
    await officer.replies(f"{code} 回复 经查不属实，没有多收")
    await asked.to("2026-11-05 09:00")
    await father.replies("那个老师我实在受不了了")
    waiting = [task for task in await asked.tasks() if task.kind == "triage_unknown"]
    assert ([task.role for task in waiting], await _of_school(asked)) == (["county_officer"], [])
    await officer.replies(f"{waiting[0].code} 3 已电话说明")
    async with working(asked.database, await asked.stage.now()) as work:
        await install_plan(work, PLAN.replace("after_days: 14", "after_days: 5"), CATALOGUE.templates)
    await asked.to("2026-11-09 09:00")
    await father.replies("那个嗯啥子来着")
    await father.replies("那个嗯啥子来着呀")
    assert [task.kind for task in await asked.tasks() if task.kind == "triage_unknown"] == []
    assert "triage" in await _of_school(asked)


async def test_a_second_alarm_after_an_accusing_one_is_kept_from_the_school_but_a_lost_child_is_not(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("马老师打娃，我要投诉")
    await father.replies("他又打娃了")
    assert {task.role for task in await asked.tasks() if task.kind == "safety"} == {"county_officer"}
    await asked.stage.advance(minutes=30)
    await father.replies("孩子走丢了")
    assert "principal" in {task.role for task in await asked.tasks() if task.kind == "safety"}
    assert len(await _complaints(asked)) == 1


async def test_taking_back_what_was_added_leaves_the_complaint_of_an_alarm(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("马老师打娃，我要投诉")
    await father.replies("你们到底管不管")
    await father.replies("不对")
    assert [one.state for one in await _complaints(asked)] == ["received"]


@pytest.fixture
async def two(county: County) -> County:
    """Two counties; the stranger's is the second one of the tree."""
    await county.begin("2026-11-02 09:00")
    await county.student("马小龙", guardians=["father"])
    async with county.database.session() as session, session.begin():
        session.add(Area(code="622901", name="临夏市", level="county", parent_code="6229"))
        await session.flush()
        session.add(Area(code="622901100", name="城北街道", level="township", parent_code="622901"))
        session.add(School(code="2162000099", name="城北小学", stage="primary", area_code="622901100"))
    other = await county.person("other_officer", "丁科长")
    async with county.database.session() as session, session.begin():
        (await session.get_one(Person, other)).area_code = "622901"
        session.add(Responsibility(person_id=other, role="county_officer", area_code="622901", valid_from=date(2026, 1, 1)))
    return county


async def test_a_strangers_text_goes_to_the_county_that_it_names(two: County) -> None:
    officer, other = two.phones["county_officer"], two.phones["other_officer"]
    await Phone(two, STRANGER).replies("我是锁南镇中心小学三(2)班马小龙的爸爸，换号了")
    await officer.expects("来信待办")
    assert await other.new() == []
    code = (await two.task("triage_unknown")).code
    await officer.replies(f"{code} 是 马小龙爸爸")
    await officer.expects("马小龙", "确认")


@pytest.mark.parametrize(
    ("text", "held_by"),
    [
        ("我要投诉东乡县锁南镇中心小学乱收费", "622926"),
        ("我要投诉城北小学乱收费", "622901"),
        ("我在临夏市打工，娃在锁南镇中心小学，我要投诉乱收费", "622926"),
        ("东乡县的，我要投诉学校乱收费", "622926"),
        ("毛毛村的，我要投诉学校乱收费", "622926"),
        ("我要投诉乱收费", "622901"),
    ],
)
async def test_a_strangers_complaint_is_registered_in_the_county_that_it_names(two: County, text: str, held_by: str) -> None:
    await Phone(two, STRANGER).replies(text)
    assert [(one.area_code, one.number.startswith(f"信{held_by}")) for one in await _complaints(two)] == [(held_by, True)]


async def test_who_was_written_to_by_a_county_is_answered_by_it(two: County) -> None:
    """The number is retired: nobody is known under it any more."""
    father = two.phones["father"]
    await two.stage.advance(minutes=1)
    await two.to("2026-11-03 08:31")
    await two.phones["class_teacher"].replies("1")
    await two.stage.advance(minutes=4)
    await father.replies("7")
    await father.replies("谁呀")
    assert (await two.task("triage_unknown")).area_code == "622926"


async def test_a_text_of_the_wrong_county_is_passed_on_and_a_later_word_moves_it_by_itself(two: County) -> None:
    officer, other, stranger = two.phones["county_officer"], two.phones["other_officer"], Phone(two, STRANGER)
    await stranger.replies("补助啥时候发")
    code = (await two.task("triage_unknown")).code
    await other.replies(f"{code} 2 东乡县")
    await other.expects("已转给东乡族自治县")
    await officer.expects("来信待办")
    code = (await two.task("triage_unknown")).code
    await other.replies(f"{code} 看")
    assert not [text for text in await other.new() if "补助" in text]
    await officer.replies(f"{code} 看")
    await officer.expects("补助啥时候发")
    await stranger.replies("我们是城北小学的")
    await two.stage.advance(minutes=2)
    assert [task.area_code for task in await two.tasks() if task.kind == "triage_unknown"] == ["622901"]
    code = (await two.task("triage_unknown")).code
    await other.replies(f"{code} 看")
    await other.expects("补助啥时候发", "城北小学")


async def test_twelve_texts_of_one_number_are_one_task_and_one_answer_a_day(two: County) -> None:
    officer, stranger = two.phones["county_officer"], Phone(two, STRANGER)
    for number in range(12):
        await stranger.replies(f"锁南镇的，第{number}条，电话费咋退，我说不清楚，你们看看")
        await two.stage.advance(minutes=3)
    assert [task.kind for task in await two.tasks()].count("triage_unknown") == 1
    assert len([text for text in await officer.new() if "来信待办" in text]) == 1
    (told,) = await stranger.new()
    assert "孙科长明天18点前看信答复您" in told
    code = (await two.task("triage_unknown")).code
    await officer.replies(f"{code} 看")
    first = await officer.expects("第0条", "还有")
    assert "第11条" not in first
    for _ in range(2):
        await officer.replies(f"{code} 看")
    await two.stage.advance(minutes=3)
    seen = " ".join([first, *await officer.new()])
    assert all(f"第{number}条" in seen for number in range(9))
    await two.to("2026-11-03 09:00")
    await stranger.replies("还没人管吗")
    await stranger.expects("看信答复您")


@pytest.mark.parametrize("number", ["10086", "106912345678", "+86106912345678"])
async def test_a_machine_gets_no_answer_but_is_read(two: County, number: str) -> None:
    await two.receive(number, "您本月流量已用完")
    await two.stage.settle()
    await two.stage.advance(minutes=5)
    assert [task.kind for task in await two.tasks()] == ["triage_unknown"]
    assert await Phone(two, number).inbox() == []


async def test_an_accusing_text_does_not_join_what_somebody_of_a_school_may_hold(two: County) -> None:
    stranger = Phone(two, STRANGER)
    await stranger.replies("锁南镇的，补助啥时候发")
    await stranger.replies("老师把娃关在门外头，那个嗯啥子")
    kept = {task.facts.get("outside_school") for task in await two.tasks() if task.kind == "triage_unknown"}
    assert kept >= {"any"}
