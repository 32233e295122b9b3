"""What an officer writes to a family by hand is judged before it leaves."""

from __future__ import annotations

import pytest

from bot.rendering import load_once
from bot.rendering.free_text import fault_of, is_sensitive
from bot.rendering.law import LawBook
from fanxiao.files import TEMPLATES


@pytest.fixture(scope="module")
def law() -> LawBook:
    return load_once(TEMPLATES).law


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("您好，补助已经办好，本周到账", None),
        ("", "say_reply"),
        ("好" * 121, "reply_long"),
        ("请看 https://test.cn", "reply_link"),
        ("再不送来就罚款", "reply_forbidden"),
        ("派出所会上门", "reply_forbidden"),
        ("残疾孩子可以送教上门", "reply_forbidden"),
        ("依据第五十八条", "reply_cited"),
    ],
)
def test_words_that_may_not_leave_are_named(law: LawBook, words: str, kind: str | None) -> None:
    fault = fault_of(law, words, 120)
    assert (fault.kind if fault else None) == kind


def test_a_forbidden_word_is_told_with_what_to_say_instead(law: LawBook) -> None:
    fault = fault_of(law, "否则后果自负", 120)
    assert fault is not None
    assert (fault.said, fault.instead) == ("否则", "日期、帮助、电话") or fault.said == "后果自负"


def test_what_could_hurt_on_a_shared_phone_is_not_repeated_by_sms(law: LawBook) -> None:
    assert is_sensitive(law, "娃有残疾上不了学")
    assert not is_sensitive(law, "请问补助啥时候发")
