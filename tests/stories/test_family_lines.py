"""Each dialog of families on each line: the same digits as texts, as buttons, and as keys of a telephone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from storage.tables import AidRequest, CaseFile, EnrolmentCheck, GuardianAnswer, Guardianship, Leave, PersonContact
from tests.stories.county import County
from tests.stories.families import LINES, Family, family


@pytest.fixture(params=LINES)
async def home(request: pytest.FixtureRequest, county: County, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Family]:
    """The father has been asked why Ma Xiaolong is absent."""
    async with family(county, request.param, monkeypatch) as made:
        await county.to("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("1")
        await county.stage.advance(minutes=4)
        await made.hears("小龙", "没到校")
        yield made


async def test_ill_until_a_day_that_is_asked_for(home: Family) -> None:
    await home.answers("1")
    await home.hears("生病请假", "哪天能来", "周四")
    await home.answers("3")
    await home.hears("11月5日到校")
    async with home.county.database.session() as session:
        leave = (await session.scalars(select(Leave))).one()
    assert leave.ends_on.isoformat() == "2026-11-04"
    assert (await home.county.task("leave_follow_up")).due_at.isoformat() == "2026-11-05T04:00:00+00:00"


async def test_hardship_which_help_and_the_request(home: Family) -> None:
    await home.answers("5")
    text = await home.hears("联系您", "衣服和书本文具")
    assert "困难" not in text
    await home.county.phones["principal"].expects("资助")
    await home.answers("3")
    text = await home.hears("校长王校长11月5日上午给您打电话", "不收学费")
    assert "衣服" not in text
    await home.county.phones["principal"].expects("家长补充：衣服和书本文具")
    async with home.county.database.session() as session:
        assert (await session.scalars(select(AidRequest.kind))).all() == ["supplies"]


async def test_transferred_where_to_and_which_school(home: Family) -> None:
    await home.answers("4")
    await home.hears("转学", "外省")
    await home.answers("4")
    await home.hears("哪所学校")
    await home.answers("1")
    await home.hears("去向已转给学校核实")
    text = await home.county.phones["enrolment_manager"].expects("外省，请打电话问我")
    assert "小龙" in text
    async with home.county.database.session() as session:
        check = (await session.scalars(select(EnrolmentCheck))).one()
    assert (check.place, check.said) == ("elsewhere", "请打电话问我")


async def test_what_was_understood_is_taken_back_and_asked_again(home: Family) -> None:
    await home.answers("4")
    await home.hears("转学")
    await home.answers("0")
    await home.hears("取消", "今天送来")
    await home.answers("2")
    await home.hears("11月2日送孩子到校")
    async with home.county.database.session() as session:
        answers = list(await session.scalars(select(GuardianAnswer).order_by(GuardianAnswer.id)))
        checks = (await session.scalars(select(EnrolmentCheck.outcome))).all()
    assert [(one.intent, one.undone_at is None) for one in answers] == [("transferred", False), ("will_return", True)]
    assert checks == ["answer_undone"]
    assert (await home.county.task("enrolment_check")).state == "cancelled"


async def test_a_wrong_number_is_retired_and_somebody_looks_for_another(home: Family) -> None:
    await home.answers("7")
    await home.hears("更正号码")
    async with home.county.database.session() as session:
        query = select(PersonContact.retired_reason).where(PersonContact.person_id == home.county.people["father"])
        assert (await session.scalars(query)).all() == ["wrong_number"]
    assert (await home.county.task("find_contact")).state == "open"


async def test_a_wrong_number_that_was_a_slip_is_taken_back(home: Family) -> None:
    await home.answers("7")
    await home.hears("更正号码")
    await home.answers("0")
    await home.hears("取消", "今天送来")
    await home.answers("2")
    await home.hears("11月2日送孩子到校")
    async with home.county.database.session() as session:
        query = select(PersonContact.retired_reason).where(PersonContact.person_id == home.county.people["father"])
        assert (await session.scalars(query)).all() == [None]
    assert (await home.county.task("find_contact")).state == "cancelled"


async def test_a_promise_is_reminded_on_its_morning(home: Family) -> None:
    await home.answers("3")
    await home.hears("11月3日送孩子到校")
    await home.county.to("2026-11-03 07:01")
    await home.hears("早上好", "11月3日")


async def test_the_school_says_back_and_the_family_says_not(home: Family) -> None:
    county = home.county
    await county.to("2026-11-03 12:01")
    await county.to("2026-11-04 08:31")
    await county.phones["class_teacher"].replies("0")
    await home.hears("回来上课了，是这样吗")
    await home.answers("2")
    await home.hears("还没有返校")
    await county.phones["class_teacher"].expects("小龙", "到校上课了吗")
    async with county.database.session() as session:
        assert (await session.scalars(select(CaseFile.back_on))).one() is None


async def test_the_school_says_back_and_the_family_confirms(home: Family) -> None:
    county = home.county
    await county.to("2026-11-03 12:01")
    await county.to("2026-11-04 08:31")
    await county.phones["class_teacher"].replies("0")
    await home.hears("回来上课了，是这样吗")
    await home.answers("1")
    await home.hears("老师和同学都高兴")
    assert (await county.case("马小龙")).state == "closed"


async def test_silence_is_asked_again_then_called_then_a_person_acts(home: Family) -> None:
    county = home.county
    await county.to("2026-11-02 13:02")
    await home.hears("到现在还没到校")
    await county.phones["class_teacher"].expects("家长还没有回音")
    await county.to("2026-11-02 18:35")
    await home.hears("今天没")
    assert (await county.task("family_contact")).state == "open"


async def test_an_answer_twice_and_across_a_restart(home: Family) -> None:
    """What was asked further is answered after a restart, and twice: it counts once."""
    await home.answers("5")
    await home.hears("联系您", "衣服和书本文具")
    home.county.restarts()
    await home.answers_twice("3")
    await home.hears("校长王校长")
    async with home.county.database.session() as session:
        assert (await session.scalars(select(AidRequest.kind))).all() == ["supplies"]
        assert len((await session.scalars(select(GuardianAnswer).where(GuardianAnswer.intent == "hardship"))).all()) == 1


async def test_a_more_urgent_question_between_a_question_and_its_answer(home: Family) -> None:
    """A little brother is missing, too: what was asked further gives way, and the digit is about him."""
    county = home.county
    async with county.database.session() as session, session.begin():
        father = (await session.scalars(select(Guardianship.person_id).where(Guardianship.student_id == county.students["马小龙"]))).one()
        session.add(Guardianship(student_id=county.students["同学0"], person_id=father, relation="father", rank=1))
    await home.answers("5")
    await home.hears("衣服和书本文具")
    await county.phones["class_teacher"].replies("2")
    await county.stage.advance(minutes=4)
    await home.hears("学0", "没到校")
    county.restarts()
    await home.answers("2")
    await home.hears("学0", "11月2日送孩子")
    async with county.database.session() as session:
        said = (await session.execute(select(GuardianAnswer.student_id, GuardianAnswer.intent).order_by(GuardianAnswer.id))).all()
    assert [tuple(one) for one in said] == [(county.students["马小龙"], "hardship"), (county.students["同学0"], "will_return")]


async def test_a_digit_that_is_not_offered_is_asked_again_once_and_then_a_named_person_calls(home: Family) -> None:
    if not hasattr(home, "writes"):
        await home.answers("8")
        await home.hears("生病请假", "打错了")
        await home.answers("8")
    else:
        await home.writes("8")
        await home.hears("生病请假", "打错了")
        await home.writes("8")
    await home.hears("班主任马老师明天上午打电话联系您")
    await home.county.phones["class_teacher"].expects("人工回复")
