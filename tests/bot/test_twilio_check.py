"""What `channels check` says of a Twilio account, its sender and its webhook, against a fake of Twilio's API."""

from __future__ import annotations

from typing import Any

import pytest

from bot.channels.twilio_sms import TwilioSms
from fanxiao.engine import load_catalogue
from tests.fakes.twilio import FakeTwilio

OURS, SERVICE = "+15005550006", "MG" + "a" * 32
HOOKS = "https://county.example/hooks/twilio_sms/main"
THERE: dict[str, Any] = {"sms_url": f"{HOOKS}/inbound"}


async def _found(twilio: FakeTwilio, address: str = OURS, hooks: str | None = HOOKS, token: str | None = None) -> list[str]:
    channel = TwilioSms(twilio.account, token or twilio.token, twilio.base, seconds=0.5)
    found = await channel.check(address, hooks)
    await channel.close()
    catalogue = load_catalogue()
    for trouble in found:
        assert trouble.detail in catalogue.phrase(f"check.{trouble.kind}", {"detail": trouble.detail})
    return [trouble.kind for trouble in found]


async def test_all_is_well(twilio: FakeTwilio) -> None:
    twilio.holdings.number(OURS, **THERE)
    twilio.holdings.service(SERVICE, OURS, inbound_request_url=f"{HOOKS}/inbound")
    assert await _found(twilio) == []
    assert await _found(twilio, SERVICE) == []


async def test_a_wrong_key(twilio: FakeTwilio) -> None:
    assert await _found(twilio, token="wrong") == ["account_refused"]


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ({"status": "suspended"}, ["account_inactive"]),
        ({"status": "closed"}, ["account_inactive"]),
        ({"type": "Trial"}, ["account_trial"]),
        ({"status": "suspended", "type": "Trial"}, ["account_inactive", "account_trial"]),
    ],
)
async def test_the_account(twilio: FakeTwilio, state: dict[str, str], kinds: list[str]) -> None:
    twilio.holdings.number(OURS, **THERE)
    for name, value in state.items():
        setattr(twilio.holdings, name, value)
    assert await _found(twilio) == kinds


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"sms": False}, ["number_cannot_send"]),
        ({"sms_url": ""}, ["webhook_missing"]),
        ({"sms_url": "https://demo.twilio.com/welcome/sms/reply"}, ["webhook_elsewhere"]),
        ({"sms_url": f"{HOOKS}/inbound", "sms_method": "GET"}, ["webhook_not_post"]),
        ({"sms_url": f"{HOOKS}/inbound", "sms_application_sid": "AP" + "b" * 32}, ["webhook_elsewhere"]),
    ],
)
async def test_the_number(twilio: FakeTwilio, fields: dict[str, Any], kinds: list[str]) -> None:
    twilio.holdings.number(OURS, **fields)
    assert await _found(twilio) == kinds


@pytest.mark.parametrize("behind", ["#rc=5&rp=ct,5xx&ct=2000", "#"])
async def test_connection_overrides_may_stand_behind_the_address(twilio: FakeTwilio, behind: str) -> None:
    twilio.holdings.number(OURS, **(THERE | {"sms_url": f"{HOOKS}/inbound{behind}"}))
    twilio.holdings.service(SERVICE, OURS, inbound_request_url=f"{HOOKS}/inbound{behind}")
    assert (await _found(twilio), await _found(twilio, SERVICE)) == ([], [])


async def test_a_number_of_somebody_else(twilio: FakeTwilio) -> None:
    """The provider's own search would find the longer one."""
    twilio.holdings.number(OURS + "1", **THERE)
    assert await _found(twilio) == ["number_unknown"]


@pytest.mark.parametrize("name", ["FANXIAO", "10690", "15005550006", "MG123"])
async def test_a_name_that_cannot_be_answered(twilio: FakeTwilio, name: str) -> None:
    assert await _found(twilio, name) == ["sender_not_a_number"]


@pytest.mark.parametrize(
    ("numbers", "fields", "kinds"),
    [
        ([], {}, ["service_without_numbers"]),
        ([], {"codes": ["10690"]}, []),
        ([OURS], {"inbound_request_url": None}, ["webhook_missing"]),
        ([OURS], {"inbound_request_url": "https://elsewhere.example"}, ["webhook_elsewhere"]),
        ([OURS], {"inbound_method": "GET"}, ["webhook_not_post"]),
        ([OURS], {"use_inbound_webhook_on_number": True}, ["webhook_on_numbers"]),
    ],
)
async def test_the_service(twilio: FakeTwilio, numbers: list[str], fields: dict[str, Any], kinds: list[str]) -> None:
    twilio.holdings.service(SERVICE, *numbers, **({"inbound_request_url": f"{HOOKS}/inbound"} | fields))
    assert await _found(twilio, SERVICE) == kinds


async def test_a_service_of_somebody_else(twilio: FakeTwilio) -> None:
    assert await _found(twilio, SERVICE) == ["service_unknown"]


async def test_without_a_public_address_the_rest_is_looked_at(twilio: FakeTwilio) -> None:
    """That it is missing says the command that asks."""
    twilio.holdings.number(OURS, sms_url="")
    assert await _found(twilio, hooks=None) == []
    assert await _found(twilio, OURS + "1", hooks=None) == ["number_unknown"]


async def test_nobody_is_there(twilio: FakeTwilio) -> None:
    twilio.base = "http://127.0.0.1:9"
    assert await _found(twilio) == ["provider_unreachable"]


@pytest.mark.parametrize(
    ("status", "text", "kinds"),
    [
        (200, "<html>", ["provider_unreadable"]),
        (200, "[]", ["provider_unreadable"]),
        (503, "busy", ["provider_unreachable"]),
        (403, '{"code": 20005, "message": "inactive"}', ["account_inactive"]),
    ],
)
async def test_no_proper_answer(twilio: FakeTwilio, status: int, text: str, kinds: list[str]) -> None:
    twilio.holdings.says = (status, text)
    assert await _found(twilio) == kinds
