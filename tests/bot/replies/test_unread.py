"""Danger by signs, and what no rule explained: neither is passed by, and everyday life needs nobody to look."""

from __future__ import annotations

from datetime import date

import pytest

from bot.replies import Child, Reading, action, is_danger, read_guardian, unread_words

TODAY = date(2026, 11, 25)
GIRL = Child(1, "马玉梅", sex="female", rank=1)


def read(text: str, question: str = "absence") -> list[Reading]:
    return read_guardian(text, question=question, children=(GIRL,), today=TODAY)


def done(text: str, question: str = "absence") -> set[str]:
    return {action(one, question=question, children=1) for one in read(text, question)}


def unread(text: str) -> tuple[str, ...]:
    return unread_words(text, children=(GIRL,), today=TODAY)


@pytest.mark.parametrize(
    "text",
    [
        "那个男的天天晚上等着她，还给她买手机",  # a stranger, the night, being waited for
        "1 就是胳膊让他爸拧折了打了石膏",
        "脸肿得见不成人，等消了再送来",
        "老板把身份证押了，晚上睡库房，不叫走",
        "家里把门从外头挂了锁，不叫出来",
    ],
)
def test_signs_that_together_say_danger_are_told_with_their_words(text: str) -> None:
    (reading,) = read(text)
    assert (reading.intent, action(reading, question="absence", children=1)) == ("safety", "person")
    assert all(word in text.replace(" ", "") for word in reading.evidence.split(" "))


@pytest.mark.parametrize(
    ("text", "intent"), [("有人往她床上泼水，夜里哭", "bullying"), ("彩礼都收下了，人家催着腊月过门", "early_marriage")]
)
def test_what_has_people_of_its_own_goes_to_them(text: str, intent: str) -> None:
    assert [one.intent for one in read(text)] == [intent]


@pytest.mark.parametrize("text", ["发烧了，在屋里锁着呢", "感冒了，娃叫人骗了", "明天来，娃没影子了三天"])
def test_one_sign_keeps_an_answer_from_being_acted_on(text: str) -> None:
    assert done(text) == {"person"}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("跳绳把脚崴了，歇两天", "sick"),
        ("钥匙丢了，一家子锁在门外头，明天来", "will_return"),
        ("胳膊摔断了，打着石膏，在家养着", "sick"),
        ("她姐姐结婚，家里办事，请两天假", "leave"),
        ("死活不去，我说啥都不听", "refuses_school"),
        ("在酒店当服务员挣钱", "working"),
        ("打针去了，医生让明天来", "sick"),
    ],
)
def test_everyday_life_that_sounds_like_danger_is_acted_on(text: str, intent: str) -> None:
    assert [one.intent for one in read(text)] == [intent]
    assert done(text) == {"act"}


def test_words_that_nothing_explains_are_named_and_everyday_words_are_not() -> None:
    assert unread("明天送来。不过老师你莫给她大说，说了又要挨") == ("挨",)
    assert unread("感冒了，在卫生院打吊针") == ()
    assert unread("雪太大，班车没来，明天一定送") == ()
    assert unread("知道了，谢谢老师") == ()
    assert unread("1") == ()


def test_a_whole_sentence_is_read_even_in_everyday_words_and_so_is_pinyin_that_was_only_guessed() -> None:
    assert unread("感冒了，叫我不能说给别人听") != ()
    assert unread("ta shuo huo zhe tai lei le") != ()


def test_what_stands_behind_a_but_is_not_acted_on() -> None:
    assert done("病了") == {"act"}
    assert done("病了，其实你看他脖子就知道") == {"ask"}


def test_a_child_is_at_school_again_only_where_every_word_is_explained() -> None:
    assert done("到学校了，就是一直抖", "confirm_return") == {"ask"}
    assert done("到学校了，在上课", "confirm_return") == {"act"}


def test_signs_count_in_what_strangers_write_and_not_in_reports_of_staff() -> None:
    text = "见到奶奶，男的在工地，家里锁着门，晚上才回"
    assert is_danger(text, by_signs=True)
    assert not is_danger(text)
