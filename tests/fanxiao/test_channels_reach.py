"""`fanxiao channels check` calls our own webhooks as a stranger would."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.twilio_sms import TwilioSms
from console.webhooks import Hooks, routes
from fanxiao.commands.channels_reach import reach_troubles
from storage.clock import SystemClock
from storage.crypto import Cipher
from storage.database import Database
from tests.fakes.serving import serving

ACCOUNT = "AC" + "0" * 32


async def told(hooks: str) -> list[str]:
    return [trouble.kind for trouble in await reach_troubles(hooks)]


async def test_our_web_process_answers_where_providers_call(database: Database, cipher: Cipher) -> None:
    """It knows one account; the other's settings were not there when it started."""
    channels = {("twilio_sms", "main"): TwilioSms(ACCOUNT, "token")}
    async with serving(Starlette(routes=routes(Hooks(database, cipher, SystemClock(), channels, "https://your.name")))) as base:
        assert await told(f"{base}/hooks/twilio_sms/main") == []
        assert await told(f"{base}/hooks/twilio_sms/east") == ["own_unknown"]
    assert await told(f"{base}/hooks/twilio_sms/main") == ["own_unreachable"]


@pytest.mark.parametrize("status", [200, 301, 502])
async def test_something_else_answers(status: int) -> None:
    async def other(_: object) -> Response:
        return Response("welcome", status, headers={"Location": "/elsewhere"})

    async with serving(Starlette(routes=[Route("/{path:path}", other)])) as base:
        (trouble,) = await reach_troubles(f"{base}/hooks/wecom/main")
    assert (trouble.kind, trouble.detail) == ("own_other", f"{base}/hooks/wecom/main/inbound {status}")


async def test_an_address_that_is_none() -> None:
    assert await told("https://no such name/hooks") == ["own_unreachable"]
