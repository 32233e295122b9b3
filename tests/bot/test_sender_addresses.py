"""Which addresses a sender of each channel may have: what `channels add` takes without asking anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.registry import MAIN, PROVIDERS, build_channel

VALUES = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TELEGRAM_BOT_TOKEN": "7000000001:" + "A" * 35, "ANDROID_SMS_URL": "http://127.0.0.1:8080",
    "WECOM_AGENT_ID": "1000002", "WECOM_AES_KEY": "A" * 43, "FANXIAO_SIMULATOR": "1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "fit", "unfit"),
    [
        ("android_sms", ["+8613900000001"], {"东乡县": "address_not_a_number", "10690": "address_not_a_number"}),
        ("twilio_sms", ["+15005550006", "MG" + "0" * 32], {"JIAOYUJU": "sender_not_a_number", "10690": "sender_not_a_number"}),
        ("twilio_voice", ["+15005550006"], {"MG" + "0" * 32: "address_not_a_number"}),
        ("wecom", ["1000002"], {"1000003": "address_not_agent", "东乡县": "address_not_agent"}),
        (
            "telegram", ["@fanxiao_test_bot", "fanxiao_test_bot", "7000000001"],
            {"返校 bot": "address_not_a_bot", "7000000002": "address_not_a_bot"},
        ),
        ("aliyun_sms", ["东乡县教育局"], {"【东乡县教育局】": "signature_in_brackets", "东乡县 教育局": "signature_in_brackets"}),
        ("simulator", ["1069"], {}),
    ],
)  # fmt: skip
def test_a_senders_address(channel: str, fit: list[str], unfit: dict[str, str], tmp_path: Path) -> None:
    codes = tmp_path / "codes.yaml"
    codes.write_text("{}", encoding="utf-8")
    needed = dict.fromkeys(PROVIDERS[channel].needs, "x")
    made = build_channel(channel, MAIN, needed | VALUES | {"ALIYUN_SMS_TEMPLATES": str(codes)})
    assert [made.misaddressed(address) for address in fit] == [[]] * len(fit)
    assert {address: trouble.kind for address in unfit for trouble in made.misaddressed(address)} == unfit
