"""What people write back over Aliyun: numbers, parts of a long text, what is pushed twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.base import Request
from tests.bot.channels.rig_aliyun import KEYS, AliyunSmsRig


@pytest.fixture
async def rig() -> AsyncIterator[AliyunSmsRig]:
    async with AliyunSmsRig.open() as opened:
        yield opened


@pytest.mark.parametrize("number", ["13800000001", "8613800000001", "+8613800000001"])
async def test_a_reply(rig: AliyunSmsRig, number: str) -> None:
    (text,) = (await rig.channel.hear(rig.push("inbound", rig.aliyun.uplink(number, "TD", "【教育局】", 5)))).incoming
    assert (text.sender, text.to, text.body, text.provider_id, text.choice) == (
        rig.contact,
        rig.address,
        "TD",
        f"5-{KEYS.mark(rig.contact)}",
        None,
    )


def uplinks(rig: AliyunSmsRig, *texts: str, first: int = 5, **changes: Any) -> Request:
    """One push with texts of one number, in this order."""
    rows = [json.loads(rig.aliyun.uplink("13800000001", text, "【教育局】", first + place))[0] for place, text in enumerate(texts)]
    return rig.push("inbound", json.dumps([rows[0], *({**row, **changes} for row in rows[1:])]).encode())


@pytest.mark.parametrize("full", [67, 70])
async def test_a_long_reply_that_comes_in_parts_is_one_text(rig: AliyunSmsRig, full: int) -> None:
    (text,) = (await rig.channel.hear(uplinks(rig, "一" * full, "二" * full, "三"))).incoming
    assert (text.body, text.provider_id) == ("一" * full + "二" * full + "三", f"5-{KEYS.mark(rig.contact)}")


@pytest.mark.parametrize("changes", [{"phone_number": "13800000002"}, {"dest_code": "99"}, {"sequence_id": 9}, {"content": None}])
async def test_texts_that_only_come_together_stay_apart(rig: AliyunSmsRig, changes: dict[str, Any]) -> None:
    assert len((await rig.channel.hear(uplinks(rig, "一" * 67, "二", **changes))).incoming) == 2
    assert len((await rig.channel.hear(uplinks(rig, "一" * 66, "二"))).incoming) == 2


async def test_a_reply_that_is_pushed_again_is_known_and_another_writer_s_of_its_number_is_not(rig: AliyunSmsRig) -> None:
    push, others = rig.aliyun.uplink("13800000001", "1", "", 5), rig.aliyun.uplink("13800000002", "1", "", 5)
    first, again, other = [(await rig.channel.hear(rig.push("inbound", body))).incoming[0].provider_id for body in (push, push, others)]
    assert (first == again, first == other, "1380000" in first) == (True, False, False)


async def test_a_push_as_it_is_documented_of_late_has_no_signature_and_its_number_is_a_text(rig: AliyunSmsRig) -> None:
    (row,) = json.loads(rig.aliyun.uplink("13800000001", "1", "", 1234567890))
    row = {name: str(value) for name, value in row.items() if name != "sign_name"}
    (text,) = (await rig.channel.hear(rig.push("inbound", json.dumps([row]).encode()))).incoming
    assert (text.sender, text.to, text.provider_id.partition("-")[0]) == (rig.contact, "", "1234567890")
