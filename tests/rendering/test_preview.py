"""`fanxiao preview`: what an officer sees of a message before a family does."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from fanxiao.cli import app


def shown(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["preview", *words])
    return result.exit_code, result.output


def test_an_sms_with_its_characters_parts_and_law() -> None:
    code, text = shown("return_notice", "--channel", "sms")
    assert code == 0
    assert text.startswith("【东乡族自治县教育局】锁南镇人民政府返校通知书")
    assert "178 个字，3 条短信 / characters: 178, SMS parts: 3" in text
    assert "CE-5: 《义务教育法》第五条（2018-12-29），2026-11-24 核对" in text
    assert "CE-44" not in text  # the chat quotes it, the SMS does not


def test_a_chat_with_its_buttons() -> None:
    _, text = shown("leave_until", "--channel", "chat")
    assert "[周三]→1" in text
    assert "[记错了]→不对" in text
    assert "条短信" not in text


def test_a_call_says_its_keys() -> None:
    _, text = shown("aid_question", "--channel", "voice")
    assert "费用，请按1。" in text
    assert "按钮" not in text


@pytest.mark.parametrize(("name", "meant"), [("return_notic", "return_notice"), ("absense_question", "absence_question")])
def test_a_name_that_is_almost_right_is_guessed(name: str, meant: str) -> None:
    code, text = shown(name)
    assert code == 1
    assert f"没有“{name}”这个消息模板。是不是：{meant}" in text
    assert "did you mean" in text


def test_a_name_like_no_other_is_only_refused() -> None:
    code, text = shown("zzzzqqqq")
    assert code == 1
    assert "是不是" not in text


def test_a_channel_that_there_is_not() -> None:
    code, _ = shown("return_notice", "--channel", "fax")
    assert code == 2
