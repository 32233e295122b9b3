"""What families write further: in words, late, twice, out of order, about another child, or when two of them differ."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from storage.tables import AidRequest, EnrolmentCheck, GuardianAnswer, Inbound, Leave, Question
from tests.stories.county import County
from tests.stories.families import ByButtons, ask_father, family


@pytest.fixture
async def asked(county: County) -> County:
    """Ma Xiaolong is absent and his father has just been asked; his little brother is in the same class."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father", "mother"])
    await county.student("马小虎", guardians=["father", "mother"])
    await county.others(6)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.stage.advance(minutes=4)
    await county.phones["father"].expects("小龙")
    return county


@pytest.fixture
async def both_asked(county: County) -> County:
    """Both brothers are absent on the same sheet, and one message asks about them."""
    await ask_father(county, "马小龙", "马小虎", absent="1 2")
    return county


async def rows(county: County, query: Any) -> list[Any]:
    async with county.database.session() as session:
        return list(await session.scalars(query))


async def standing(county: County) -> list[str]:
    """Intents of the answers that stand."""
    return await rows(county, select(GuardianAnswer.intent).where(GuardianAnswer.undone_at.is_(None)).order_by(GuardianAnswer.id))


@pytest.mark.parametrize(
    ("words", "ends_on"),
    [("周四", "2026-11-04"), ("周四就能来", "2026-11-04"), ("请假到周四", "2026-11-05"), ("三天", "2026-11-04"), ("周三吧", "2026-11-03")],
)
async def test_the_day_of_return_in_words(asked: County, words: str, ends_on: str) -> None:
    father = asked.phones["father"]
    await father.replies("1")
    await father.expects("哪天能来")
    await father.replies(words)
    await father.expects("到校")
    assert [leave.ends_on.isoformat() for leave in await rows(asked, select(Leave))] == [ends_on]


async def test_a_leave_that_names_its_end_is_not_asked_for_it(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("小龙发烧，请假到周四")
    text = await father.expects("11月6日到校")
    assert "哪天" not in text


async def test_nobody_knows_when_and_the_plans_days_stand(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("1")
    await father.expects("哪天能来")
    await father.replies("还不知道")
    await father.expects("再告诉老师")
    assert [leave.ends_on.isoformat() for leave in await rows(asked, select(Leave))] == ["2026-11-03"]


async def test_the_family_is_reminded_on_the_evening_of_the_moved_day_only(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("1")
    await father.expects("哪天能来")
    await father.replies("周五")
    await father.expects("11月6日到校")
    for day in ("03", "04"):
        await asked.to(f"2026-11-{day} 20:00")
    assert not [text for text in await father.new() if "的假到" in text]
    await asked.to("2026-11-05 20:00")
    await father.expects("小龙的假到11月5日")


async def test_help_named_in_the_first_answer_is_not_asked_for(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("没钱交伙食费")
    await father.expects("王校长", "打电话")
    await asked.phones["principal"].expects("家长补充：吃住")
    assert await rows(asked, select(AidRequest.kind)) == ["boarding"]


async def test_the_school_in_words_needs_no_further_question(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("4")
    await father.expects("转到哪里")
    await father.replies("兰州市七里河小学，电话13912345678")
    await father.expects("去向已转给学校")
    text = await asked.phones["enrolment_manager"].expects("七里河小学")
    assert "13912345678" not in text
    assert [check.said for check in await rows(asked, select(EnrolmentCheck))] == ["兰州市七里河小学，电话"]


async def test_a_place_without_a_school_is_asked_for_it(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("4")
    await father.expects("转到哪里")
    await father.replies("5")
    await father.expects("去向已转给学校")
    await asked.phones["enrolment_manager"].expects("还没联系好学校")


async def test_danger_in_a_further_answer_goes_to_people_at_once(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("5")
    await father.expects("先办哪件事")
    await father.replies("孩子挨打了不敢去")
    await asked.phones["principal"].expects("紧急")
    text = await father.expects("工作人员会联系您")
    assert "打" not in text.replace("拨打", "")


async def test_what_a_digit_would_hide_is_read_by_a_person_as_well(asked: County) -> None:
    father, teacher = asked.phones["father"], asked.phones["class_teacher"]
    await father.replies("院子里昨黑了乱成一团麻了唉")
    await father.expects("请回数字")
    await teacher.expects("看一眼家长的原话")
    code = (await asked.task("triage_aside")).code
    await father.replies("6")
    await teacher.replies(f"{code} 看")
    await teacher.expects("乱成一团麻")


async def test_what_tells_more_than_was_understood_is_asked_back_and_read_by_a_person(asked: County) -> None:
    father, teacher = asked.phones["father"], asked.phones["class_teacher"]
    await father.replies("发烧了，昨黑了他阿舅训得够呛")
    await father.expects("请回数字")
    assert await standing(asked) == []
    await teacher.expects("有没看懂的话", "看一眼家长的原话")
    code = (await asked.task("triage_aside")).code
    await teacher.replies(f"{code} 看")
    await teacher.expects("训得够呛")
    await teacher.replies(f"{code} 1")
    assert (await asked.task("triage_aside")).state == "done"


async def test_an_answer_that_is_understood_to_the_last_word_costs_nobody_a_look(asked: County) -> None:
    await asked.phones["father"].replies("发烧了，在卫生院打吊针呢")
    await asked.phones["father"].expects("哪天能来")
    assert not [text for text in await asked.phones["class_teacher"].new() if "有没看懂的话" in text]


async def test_what_a_further_answer_tells_beside_its_day_is_read_as_well(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("1")
    await father.expects("哪天能来")
    await father.replies("周四来，娃嘴上起了燎泡茬茬")
    await father.expects("到校")
    await asked.phones["class_teacher"].expects("看一眼家长的原话")


async def test_signs_of_danger_without_any_word_for_it_are_told_in_the_same_minute(asked: County) -> None:
    await asked.phones["father"].replies("1 那个男的天天晚上在路口等着娃，给买手机")
    await asked.phones["principal"].expects("紧急")
    assert "手机" not in await asked.phones["father"].expects("工作人员会联系您")
    assert await standing(asked) == ["safety"]


async def test_one_sign_of_danger_beside_an_answer_is_left_to_a_person(asked: County) -> None:
    await asked.phones["father"].replies("发烧了，在屋里锁着呢")
    assert "哪天" not in await asked.phones["father"].expects("打电话联系您")
    assert await standing(asked) == []
    await asked.phones["class_teacher"].expects("人工回复家长来信")


async def test_what_is_not_understood_but_touches_on_harm_is_not_asked_in_digits(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("娃哭得稀里哗啦的")
    assert "请回数字" not in await father.expects("打电话联系您")
    await asked.phones["class_teacher"].expects("人工回复家长来信")


async def test_a_second_answer_corrects_the_first(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("1")
    await father.expects("哪天能来")
    await father.replies("小龙没事了，已经到校了")
    assert await standing(asked) == ["returned"]
    assert [leave.withdrawn_at is not None for leave in await rows(asked, select(Leave))] == [True]


async def test_a_second_digit_on_the_same_day_corrects_the_first(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("3")
    await father.expects("11月3日送孩子")
    await father.replies("1")
    await father.expects("生病请假")
    assert await standing(asked) == ["sick"]
    await asked.to("2026-11-03 08:00")
    assert not [text for text in await father.new() if "您说过" in text]


async def test_a_correction_in_the_afternoon_does_not_open_the_teachers_step(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("1")
    await father.expects("生病请假")
    await asked.to("2026-11-02 15:00")
    await father.replies("不是生病，明天一早就送来")
    await asked.stage.advance(minutes=5)
    assert (await asked.case("马小龙")).level == 1
    assert not [task for task in await asked.tasks() if task.kind == "family_contact"]


async def test_a_second_answer_that_asks_for_help_is_added(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("3")
    await father.expects("11月3日送孩子")
    await father.replies("家里没钱交生活费")
    await father.expects("打电话")
    assert await standing(asked) == ["will_return", "hardship"]


async def test_the_same_answer_twice_counts_once(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("6")
    await father.replies("6")
    assert await standing(asked) == ["refuses_school"]
    assert len([task for task in await asked.tasks() if task.kind == "persuade"]) == 1


async def test_two_answers_that_come_in_at_once_are_taken_in_order(asked: County) -> None:
    father = asked.phones["father"]
    await asked.receive(father.number, "1")
    await asked.receive(father.number, "3")
    await asked.stage.settle()
    assert await standing(asked) == ["will_return"]


async def test_a_digit_days_after_the_question_expired_is_asked_again(asked: County) -> None:
    father = asked.phones["father"]
    for day in ("03", "04", "05"):
        await asked.to(f"2026-11-{day} 08:31")
        await asked.phones["class_teacher"].replies("0")
    await asked.to("2026-11-06 09:00")
    await father.new()
    await father.replies("1")
    assert await rows(asked, select(Leave)) == []
    assert await father.new()


async def test_an_unanswered_further_question_gives_way_to_one_about_another_child(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("5")
    await father.expects("先办哪件事")
    await asked.phones["class_teacher"].replies("2")
    await asked.stage.advance(minutes=5)
    await father.expects("小虎", "没到校")
    open_now = await rows(asked, select(Question.kind).where(Question.state == "open", Question.kind != "task"))
    assert open_now == ["absence"]
    await father.replies("2")
    await father.expects("小虎", "11月2日送孩子")


async def test_a_text_that_names_another_child_than_was_asked_last(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("3")
    await father.expects("11月3日送孩子")
    await asked.phones["class_teacher"].replies("2")
    await asked.stage.advance(minutes=5)
    await father.expects("小虎", "没到校")
    await father.replies("小龙 1")
    await father.expects("小龙", "生病请假")
    answers = await rows(asked, select(GuardianAnswer).where(GuardianAnswer.undone_at.is_(None)))
    assert [(one.student_id, one.intent) for one in answers] == [(asked.students["马小龙"], "sick")]


async def test_several_children_in_one_answer(asked: County) -> None:
    father = asked.phones["father"]
    await asked.phones["class_teacher"].replies("2")
    await father.replies("小龙发烧请假到周四，小虎明天送来")
    await father.expects("小龙：孩子生病请假", "小虎：11月3日送孩子")
    assert sorted(await standing(asked)) == ["sick", "will_return"]


async def test_of_two_children_the_sure_one_is_acted_on_and_only_the_other_is_asked_about(both_asked: County) -> None:
    asked, father = both_asked, both_asked.phones["father"]
    await father.replies("小龙发烧请假到周四，小虎的事再说吧")
    await father.expects("小龙", "孩子生病请假")
    again = await father.expects("小虎", "请回数字")
    assert "小龙" not in again
    assert await standing(asked) == ["sick"]
    await father.replies("3")
    await father.expects("小虎", "11月3日送孩子")
    assert await standing(asked) == ["sick", "will_return"]


async def test_what_is_not_understood_of_a_child_that_nobody_asked_about_is_read_by_a_person(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("小龙发烧了，小虎的事再说吧")
    await father.expects("小龙")
    assert await standing(asked) == ["sick"]
    await asked.phones["class_teacher"].expects("小虎", "有没看懂的话")
    assert not [text for text in await father.new() if "小虎" in text]


async def test_one_of_two_who_is_not_named_is_asked_for_and_nothing_is_acted_on(both_asked: County) -> None:
    asked, father = both_asked, both_asked.phones["father"]
    await father.replies("有一个发烧了")
    await father.expects("请回数字")
    assert await standing(asked) == []


async def test_two_guardians_differ_and_the_more_worrying_answer_counts(asked: County) -> None:
    await asked.phones["father"].replies("1")
    await asked.phones["father"].expects("生病")
    await asked.phones["mother"].replies("小龙不想上学了，叫不动")
    text = await asked.phones["class_teacher"].expects("说法不同")
    assert "父亲：生病请假" in text
    assert "孩子不愿上学" in text
    assert await standing(asked) == ["refuses_school"]
    await asked.to("2026-11-02 13:01")
    assert (await asked.case("马小龙")).level == 2


async def test_the_less_worrying_answer_of_another_guardian_sets_nothing_going(asked: County) -> None:
    await asked.phones["father"].replies("6")
    await asked.phones["mother"].replies("小龙发烧了请假")
    await asked.phones["class_teacher"].expects("说法不同")
    assert await rows(asked, select(Leave)) == []
    assert (await asked.case("马小龙")).paused_until is None


async def test_two_guardians_who_say_the_same_in_other_words_do_not_differ(asked: County) -> None:
    await asked.phones["father"].replies("1")
    await asked.phones["mother"].replies("小龙请假两天")
    assert not [task for task in await asked.tasks() if task.kind == "answers_differ"]


async def test_a_secret_of_one_guardian_is_not_written_to_the_teacher(asked: County) -> None:
    await asked.phones["father"].replies("1")
    await asked.phones["mother"].replies("小龙被同学欺负")
    text = await asked.phones["class_teacher"].expects("说法不同")
    assert "欺负" not in text
    assert "需要当面了解" in text


async def test_a_guardian_who_denies_a_return_that_is_already_struck_off_sends_the_school_to_look(asked: County) -> None:
    await asked.to("2026-11-03 12:01")
    await asked.to("2026-11-04 08:31")
    await asked.phones["class_teacher"].replies("0")
    await asked.phones["father"].expects("是这样吗")
    await asked.phones["father"].replies("1")
    assert (await asked.case("马小龙")).state == "closed"
    await asked.phones["mother"].expects("是这样吗")
    await asked.phones["mother"].replies("2")
    await asked.phones["mother"].expects("还没有返校")
    assert (await asked.task("check_return")).state == "open"


async def test_a_dialog_goes_on_after_a_restart(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("1")
    await father.expects("哪天能来")
    asked.restarts()
    await father.replies("2")
    await father.expects("11月4日到校")


async def test_a_button_of_an_older_message_that_was_answered_says_nothing_new(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    async with family(county, "telegram", monkeypatch) as home:
        assert isinstance(home, ByButtons)
        await county.student("马小虎", guardians=["father"])
        await county.to("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("1")
        await county.stage.advance(minutes=4)
        await home.hears("小龙", "没到校")
        first = home.telegram.messages[-1]
        await home.answers("3")
        await home.hears("送孩子到校")
        await county.phones["class_teacher"].replies("马小虎")
        await county.stage.advance(minutes=5)
        await home.hears("小虎", "没到校")
        await home.presses(first, "6")
    answers = await rows(county, select(GuardianAnswer).where(GuardianAnswer.undone_at.is_(None)).order_by(GuardianAnswer.id))
    assert [(one.student_id, one.intent) for one in answers] == [(county.students["马小龙"], "will_return")]


async def test_a_button_below_a_question_whose_time_is_over_is_asked_again(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    async with family(county, "telegram", monkeypatch) as home:
        assert isinstance(home, ByButtons)
        await county.to("2026-11-02 08:31")
        await county.phones["class_teacher"].replies("1")
        await county.stage.advance(minutes=4)
        await home.hears("小龙", "没到校")
        first = home.telegram.messages[-1]
        await county.to("2026-11-06 10:00")
        await home.presses(first, "2")
        await home.hears("没看明白", "今天送来")
    assert await rows(county, select(GuardianAnswer)) == []


async def test_a_promise_for_a_day_that_nobody_can_reckon_is_asked_for_its_day(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("中考完送来")
    await father.expects("哪天能来", "1周二")
    asked.restarts()
    await father.replies("3")
    await father.expects("11月5日送孩子到校")
    assert await standing(asked) == ["will_return"]
    await father.replies("不对")
    await father.expects("取消")


async def test_another_day_that_is_picked_replaces_the_first_and_both_keep_the_familys_words(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("过几天送来")
    await father.expects("哪天能来")
    await father.replies("3")
    await father.expects("11月5日送孩子到校")
    await asked.stage.advance(minutes=2)
    await father.replies("2")
    await father.expects("11月4日送孩子到校")
    assert await standing(asked) == ["will_return"]
    said = select(Inbound.body).join(GuardianAnswer, GuardianAnswer.inbound_id == Inbound.id)
    assert await rows(asked, said) == ["过几天送来", "过几天送来"]


async def test_a_day_that_is_not_known_is_for_a_person(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("过几天送来")
    await father.expects("哪天能来")
    await father.replies("5")
    await father.expects("班主任马老师")
    assert await standing(asked) == []


async def test_a_vacation_of_the_plan_is_a_day(asked: County) -> None:
    await asked.phones["father"].replies("小龙期中考完就送来")
    await asked.phones["father"].expects("11月12日送孩子到校")
    await asked.phones["father"].replies("小龙放寒假前一定送来")
    await asked.phones["father"].expects("1月15日送孩子到校")


async def test_the_number_of_a_notice_says_which_notice_was_read(asked: County) -> None:
    """Both children are served by this phone; the newest question is about the other one."""
    await asked.to("2026-11-03 08:31")
    await asked.phones["class_teacher"].replies("1 2")
    await asked.to("2026-11-05 12:01")
    for task in await asked.tasks():
        if task.kind == "issue_notice":
            await asked.phones["township_officer"].replies(f"{task.code} 3")
    await asked.to("2026-11-06 12:05")
    for task in await asked.tasks():
        if task.kind == "issue_notice":
            await asked.phones["township_officer"].replies(f"{task.code} 3")
    first, second = sorted(await asked.notices(), key=lambda one: one.student_id)
    await asked.phones["father"].new()
    await asked.phones["father"].replies(f"{first.number}收到了")
    await asked.phones["father"].expects("通知已收到")
    first, second = sorted(await asked.notices(), key=lambda one: one.student_id)
    assert first.delivered_at is not None
    assert second.delivered_at is None
    await asked.phones["father"].replies("〔2026〕002号")
    assert all(one.delivered_at is not None for one in await asked.notices())


async def test_empty_talk_answers_nothing_and_thanks_need_no_answer(asked: County) -> None:
    father = asked.phones["father"]
    await father.replies("嗯嗯好的")
    await father.expects("请回数字")
    assert await standing(asked) == []
    await father.replies("小龙发烧，请假到周四")
    await father.expects("11月6日到校")
    await father.replies("谢谢老师")
    await asked.stage.advance(minutes=5)
    assert await father.new() == []
    assert await standing(asked) == ["sick"]
