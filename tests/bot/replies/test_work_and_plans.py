"""What a promised day does not settle: a child at work, a plan given up, an illness that is not over, a mere condition."""

from __future__ import annotations

from datetime import date

import pytest

from bot.replies import Child, action, likeliest, read_guardian
from bot.replies.school_year import NO_SCHOOL_YEAR

TODAY = date(2026, 11, 24)  # a Tuesday
BOY = (Child(1, "马小龙"),)


def done(text: str, question: str = "absence") -> str:
    """Each reading as intent[:month-day], then what is done with the first."""
    readings = read_guardian(text, question=question, children=BOY, today=TODAY)
    said = " ".join(f"{one.intent}:{one.on:%m-%d}" if one.on else one.intent for one in readings)
    return f"{said} {action(readings[0], question=question, children=1)}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("打工去了，下个月一号送来", "working:12-01 act"),
        ("打工去了，15号送来", "working:12-15 ask"),
        ("娃寻活去了明天叫回来", "working:11-25 act"),
        ("尕娃出去寻活了，过完年才回来", "working:02-11 act"),
        ("在外面打工，过完年回来上学", "working:02-11 act"),
        ("在厂里干活着，下周一来", "working:11-30 act"),
        ("去兰州打工了，下周一回来上学", "working:11-30 act"),
        ("端盘子去了，明天我叫他来上学", "working:11-25 ask"),
    ],
)
def test_a_childs_work_is_not_lost_behind_a_day(text: str, expected: str) -> None:
    assert done(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "他爸打工去了，我明天送来",
        "他哥打工去了，我明天送来",
        "他妈也去打工了，娃明天我送来",
        "我在新疆打工，明天他爷爷送",
        "我们打工着，爷爷明天送",
        "打工去了，昨天叫回来了，明天送来",
        "前两天打工去了，现在回来了，明天送",
        "本来想叫他跟我去工地，想了想还是念书要紧，明天叫他来",
        "他不打工了，明天来",
        "放羊去了，明天来",
    ],
)
def test_work_of_others_and_work_that_is_over_leave_the_promise(text: str) -> None:
    assert done(text).startswith("will_return:11-25")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("本来说明天去，现在去不成了", "unknown ask"),
        ("原来打算明天送，现在不行了", "unknown ask"),
        ("打算明天送，现在不行了", "unknown ask"),
        ("本来明天要来，他奶奶不让", "unknown ask"),
        ("本来今天送，下雪了", "unknown ask"),
        ("本来今天要送，车坏了", "hardship ask"),
        ("说好明天送的，又去不成了", "unknown ask"),
        ("原来说周四来，又感冒了", "sick act"),
        ("本来今天送，车坏了，明天送", "will_return:11-25 act"),
        ("本来今天送，下雪了，后天送", "will_return:11-26 act"),
        ("本来昨天要来的，车坏了，明天来", "will_return:11-25 act"),
        ("本来不想去，明天来", "will_return:11-25 act"),
        ("本来就打算明天送", "will_return:11-25 act"),
        ("打算明天送", "will_return:11-25 act"),
        ("明天送，今天去不成了", "will_return:11-25 act"),
    ],
)
def test_a_plan_that_was_given_up_is_no_promise(text: str, expected: str) -> None:
    assert done(text) == expected


@pytest.mark.parametrize("text", ["本来说明天去，现在去不成了", "本来今天送，下雪了", "打算明天送，现在不行了"])
def test_the_day_of_a_plan_that_was_given_up_is_not_put_to_the_family(text: str) -> None:
    readings = read_guardian(text, question="absence", children=BOY, today=TODAY)
    assert likeliest(readings, text, question="absence", children=BOY, today=TODAY, school=NO_SCHOOL_YEAR) is None


@pytest.mark.parametrize(
    ("text", "today", "expected"),
    [
        ("大年初八来", "2026-11-24", "2027-02-13"),
        ("大年初一过了来", "2026-12-20", "2027-02-07"),
        ("大年初十以后来", "2026-12-20", "2027-02-16"),
        ("初八来", "2026-11-24", "2026-12-16"),
        ("二月二过了来", "2026-11-24", "2027-03-10"),
        ("三月三来", "2026-11-24", "2027-04-09"),
        ("二月二十来", "2027-02-01", "2027-02-20"),
        ("2月2号来", "2027-01-20", "2027-02-02"),
        ("古尔邦节过三天来", "2027-05-10", "2027-05-19"),
        ("古尔邦节后三天来", "2027-05-10", "2027-05-19"),
        ("古尔邦节过了来", "2027-05-10", "2027-05-17"),
        ("正月十五过三天来", "2027-01-20", "2027-02-23"),
        ("过三天来", "2026-11-24", "2026-11-27"),
        ("23号来", "2026-11-24", None),
        ("23号", "2026-11-24", None),
        ("国庆后三天来", "2026-09-25", None),
        ("15号来", "2026-11-24", "2026-12-15"),
        ("1号来", "2026-11-24", "2026-12-01"),
        ("25号来", "2026-12-02", "2026-12-25"),
    ],
)
def test_the_day_that_is_meant_or_none(text: str, today: str, expected: str | None) -> None:
    (reading,) = read_guardian(text, question="absence", children=BOY, today=date.fromisoformat(today))
    assert (str(reading.on) if reading.on else None) == expected
    assert reading.intent == ("will_return" if expected else "unknown")


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("看情况吧，发烧了，好的话明天来", "absence", "sick act"),
        ("发烧了，看情况，明天来", "absence", "sick act"),
        ("感冒了，要是好了明天来", "absence", "sick act"),
        ("发烧了，明天来", "absence", "sick:11-25 act"),
        ("说是肚子疼，我看就是不想去", "absence", "refuses_school ask"),
        ("我看他肚子疼得厉害", "absence", "sick act"),
        ("他自己走的，到了吧", "confirm_return", "unknown ask"),
        ("去了吧", "confirm_return", "unknown ask"),
        ("到了", "confirm_return", "confirm_yes act"),
        ("还没好，下周一送来", "confirm_return", "sick:11-30 ask"),
        ("还没好，下周一送来", "notice", "sick:11-30 ask"),
        ("车还没修好，明天来", "absence", "will_return:11-25 act"),
    ],
)
def test_conditions_and_guesses_are_no_facts_and_an_illness_is_not_lost(text: str, question: str, expected: str) -> None:
    assert done(text, question) == expected
