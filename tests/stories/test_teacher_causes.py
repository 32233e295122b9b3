"""A teacher's sheet tells why a child is away: whoever can help hears of it, and nobody asks the family as if nobody knew."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from storage.tables import Absence, AttendanceSheet
from tests.stories.classes import room
from tests.stories.county import PLAN, County


@pytest.fixture
async def asked(county: County) -> County:
    """Monday 08:31: the class teacher has the sheet, and has not answered it."""
    await county.begin("2026-11-02 07:00")
    return await _class_of_ten(county)


async def _class_of_ten(county: County) -> County:
    await county.student("马小龙", guardians=["father"], seat=21)
    await county.student("李梅花", guardians=["mother"], seat=22)
    await county.others(8)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].expects("三(2)班")
    return county


async def passed_on(county: County) -> list[tuple[str, int | None]]:
    return [(task.kind, task.student_id) for task in await county.tasks() if task.kind != "await_answer"]


async def absences(county: County) -> dict[str, str]:
    async with county.database.session() as session:
        names = {student_id: name for name, student_id in county.students.items()}
        return {names[one.student_id]: one.state for one in await session.scalars(select(Absence))}


CAUSES = (
    ("马小龙要结婚了不来了", "betrothal_check", "孙科长", "county_officer"),
    ("21在饭馆打工", "child_labour_check", "赵干事", "township_officer"),
    ("听说小龙跟着阿訇念经去了", "persuade_privately", "赵干事", "township_officer"),
    ("马小龙被同学欺负不敢来，其他都到了", "bullying_check", "孙科长", "county_officer"),
    ("马小龙家里没钱", "aid", "王校长", "principal"),
    ("马小龙在家看弟弟", "family_help", "马主任", "village_committee"),
    ("马小龙转学了", "enrolment_check", "郑老师", "enrolment_manager"),
)


@pytest.mark.parametrize(("text", "kind", "who", "role"), CAUSES)
async def test_a_cause_goes_to_whoever_can_help_and_the_family_is_not_asked(
    asked: County, text: str, kind: str, who: str, role: str
) -> None:
    await asked.phones["class_teacher"].replies(text)
    receipt = await asked.phones["class_teacher"].expects("缺勤马小龙", "情况已转告")
    assert who in receipt
    assert "家长马上会收到询问" not in receipt
    assert await passed_on(asked) == [(kind, asked.students["马小龙"])]
    await asked.phones[role].expects("小龙")
    await asked.to("2026-11-02 19:00")
    await asked.phones["father"].expects_nothing()


async def test_a_danger_is_an_alarm_about_the_child_however_it_is_named(asked: County) -> None:
    await asked.phones["class_teacher"].replies("21跑丢了，22病")
    await asked.phones["class_teacher"].expects("马小龙", "情况紧急", "孙科长", "李梅花")
    await asked.phones["county_officer"].expects("紧急", "小龙")
    assert {student for kind, student in await passed_on(asked) if kind == "safety"} == {asked.students["马小龙"]}
    await asked.to("2026-11-02 19:00")
    await asked.phones["father"].expects_nothing()


async def test_what_is_of_somebody_else_or_denied_is_passed_on_to_nobody(asked: County) -> None:
    for text in ("马小龙他姐姐要结婚了", "马小龙没来，没打工，是病了", "马小龙的哥哥去打工了没人送，22事假"):
        await asked.phones["class_teacher"].replies(text)
        await asked.stage.advance(minutes=6)
    assert await passed_on(asked) == []


async def test_a_family_that_cannot_be_reached_is_no_danger(asked: County) -> None:
    await asked.phones["class_teacher"].replies("21没来，家长联系不上")
    await asked.phones["class_teacher"].expects("缺勤马小龙", "询问")
    assert await passed_on(asked) == []


async def test_said_again_by_teacher_or_family_it_stays_one_task(asked: County) -> None:
    await asked.phones["class_teacher"].replies("马小龙打工去了")
    await asked.stage.advance(minutes=6)
    await asked.phones["father"].replies("小龙打工去了")
    await asked.to("2026-11-03 08:31")
    await asked.phones["class_teacher"].replies("马小龙打工去了")
    await asked.phones["class_teacher"].expects("11月3日", "转告乡镇控辍干事赵干事")
    assert [kind for kind, _ in await passed_on(asked)].count("child_labour_check") == 1


async def test_a_hedged_cause_is_asked_back_and_then_passed_on(asked: County) -> None:
    teacher = asked.phones["class_teacher"]
    await teacher.replies("马小龙可能打工去了，22病")
    await teacher.expects("缺勤马小龙、李梅花")
    await teacher.expects("马小龙的情况没看准", "1打工")
    assert await passed_on(asked) == []
    await teacher.replies("1")
    await teacher.expects("马小龙", "转告乡镇控辍干事赵干事")
    assert await passed_on(asked) == [("child_labour_check", asked.students["马小龙"])]
    assert await absences(asked) == {"马小龙": "absent", "李梅花": "excused"}


async def test_what_cannot_be_written_out_is_read_by_the_county(asked: County) -> None:
    teacher, county_officer = asked.phones["class_teacher"], asked.phones["county_officer"]
    await teacher.replies("马小龙好像订婚了")
    await teacher.expects("没看准", "6别的，请县里单独了解")
    await teacher.replies("6")
    await teacher.expects("马小龙", "孙科长")
    await county_officer.expects("班主任马老师")


async def test_a_cause_of_a_child_that_is_there_changes_no_sheet(asked: County) -> None:
    teacher = asked.phones["class_teacher"]
    await teacher.replies("0")
    await asked.stage.advance(minutes=6)
    await teacher.replies("马小龙要订婚了")
    await teacher.expects("马小龙情况已转告", "孙科长")
    assert await absences(asked) == {}
    assert await passed_on(asked) == [("betrothal_check", asked.students["马小龙"])]
    async with asked.database.session() as session:
        assert list(await session.scalars(select(AttendanceSheet.state))) == ["answered"]


async def test_of_a_child_that_has_died_a_person_hears_and_nobody_asks_the_family(asked: County) -> None:
    await asked.phones["class_teacher"].replies("马小龙昨晚口唤了")
    await asked.phones["class_teacher"].expects("缺勤马小龙", "转告孙科长")
    assert await passed_on(asked) == [("staff_letter", None)]
    await asked.to("2026-11-02 19:00")
    await asked.phones["father"].expects_nothing()


async def test_named_once_more_without_the_cause_the_family_is_not_asked_either(asked: County) -> None:
    for text in ("21打工去了", "21没来，22没来", "21在家"):
        await asked.phones["class_teacher"].replies(text)
        await asked.stage.advance(minutes=6)
    await asked.to("2026-11-02 19:00")
    await asked.phones["father"].expects_nothing()
    assert "到现在还没到校" in " ".join(await asked.phones["mother"].new())


@pytest.mark.parametrize(
    ("text", "kind", "who"), [("马小龙被老师打了不敢来", "safety", "孙科长"), ("马小龙不念了，22被老师打了", "persuade", "王校长")]
)
async def test_what_may_be_said_against_the_school_nobody_of_it_reads(asked: County, text: str, kind: str, who: str) -> None:
    await asked.phones["class_teacher"].replies(text)
    await asked.phones["class_teacher"].expects("缺勤马小龙", who)
    owed = [task for task in await asked.tasks() if task.kind == kind]
    assert owed
    assert not [task for task in owed if task.role == "principal" and task.inbound_id is not None]
    assert "紧急" not in " ".join(await asked.phones["principal"].new())


async def test_who_was_told_of_a_child_reads_that_it_was_another_one_or_is_there(asked: County) -> None:
    teacher, county_officer = asked.phones["class_teacher"], asked.phones["county_officer"]
    await teacher.replies("马小龙要结婚了没来，22跑丢了")
    told = await county_officer.expects("小龙", "请私下核实")
    code = told.split("回")[1][:2]
    await county_officer.replies(f"{code} 1")
    await teacher.replies("写错了，马小龙和22都到了")
    await teacher.expects("现全到")
    await county_officer.expects("对方又来信", code)
    assert all(len(task.facts["letters"]) == 1 for task in await asked.tasks() if task.kind in {"betrothal_check", "safety"})


async def test_all_are_there_and_one_is_in_need(asked: County) -> None:
    await asked.phones["class_teacher"].replies("今天全到，马小龙家里困难想申请补助")
    await asked.phones["class_teacher"].expects("马小龙情况已转告", "王校长")
    assert await passed_on(asked) == [("aid", asked.students["马小龙"])]
    assert await absences(asked) == {}


async def test_what_the_plan_has_no_rule_for_is_read_by_the_county(county: County) -> None:
    no_rule = "\n".join(line for line in PLAN.splitlines() if not line.startswith(("  religious_study:", "  - religious_study")))
    await county.begin("2026-11-02 07:00", plan=no_rule)
    asked = await _class_of_ten(county)
    await asked.phones["class_teacher"].replies("马小龙念经去了")
    await asked.phones["class_teacher"].expects("缺勤马小龙", "转告孙科长")
    assert await passed_on(asked) == [("staff_letter", None)]


async def test_the_number_of_a_cause_says_what_it_says_and_is_taken_back_as_a_seat(county: County) -> None:
    """Who answers the menu with a bare 2 may have meant seat 2: the receipt shows it, and the next text sets it right."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.student("李梅花", guardians=["mother"])
    await county.to("2026-11-02 08:31")
    teacher = county.phones["class_teacher"]
    await teacher.replies("马小龙好像打工去了")
    await teacher.expects("没看准", "2家里困难")
    await teacher.replies("2")
    await teacher.expects("马小龙按“2家里困难”记下", "王校长", "不是请回：不对", "2号没来")
    assert await passed_on(county) == [("aid", county.students["马小龙"])]
    await teacher.replies("2号没来")
    await teacher.expects("马小龙的情况没看准")
    await teacher.expects("加上李梅花", "缺勤马小龙、李梅花")
    assert await passed_on(county) == []
    assert await absences(county) == {"马小龙": "absent", "李梅花": "absent"}
    await teacher.replies("2")
    await teacher.expects("马小龙按“2家里困难”记下")
    assert await passed_on(county) == [("aid", county.students["马小龙"])]


async def test_a_cause_that_was_picked_by_mistake_is_picked_anew(asked: County) -> None:
    teacher = asked.phones["class_teacher"]
    await teacher.replies("马小龙好像打工去了")
    await teacher.expects("没看准")
    await teacher.replies("2")
    assert "号没来" not in await teacher.expects("按“2家里困难”记下")  # nobody sits there
    await teacher.replies("不对，1")
    await teacher.expects("按“1打工”记下", "赵干事")
    assert await passed_on(asked) == [("child_labour_check", asked.students["马小龙"])]
    await teacher.replies("点错了")
    await teacher.expects("马小龙的情况没看准", "1打工")
    assert await passed_on(asked) == []
    await asked.to("2026-11-02 13:01")
    await asked.phones["father"].expects("小龙")  # nobody knows why any more


async def test_a_number_is_asked_back_where_it_may_answer_the_sheet_of_another_class(asked: County) -> None:
    await room(asked, "3", ["王一", "王二"])
    await asked.to("2026-11-03 08:31")
    teacher = asked.phones["class_teacher"]
    await teacher.replies("三(2)班 马小龙好像打工去了")
    await teacher.expects("没看准")
    await teacher.replies("2")
    await teacher.expects("1马小龙的情况：家里困难 2三(3)班2号没到")
    assert await passed_on(asked) == []
    await teacher.replies("2")
    await teacher.expects("三(3)班11月3日", "缺勤王二")
    assert "aid" not in [kind for kind, _ in await passed_on(asked)]


async def test_a_number_that_is_no_seat_of_the_other_class_picks_the_cause(asked: County) -> None:
    await room(asked, "3", ["王一", "王二"])
    await asked.to("2026-11-03 08:31")
    teacher = asked.phones["class_teacher"]
    await teacher.replies("三(2)班 马小龙好像打工去了")
    await teacher.expects("没看准")
    await teacher.replies("4")
    await teacher.expects("按“4不愿上学”记下")
