"""Telegram, against a fake of its Bot API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.channels.base import Request
from bot.channels.telegram import SECRET_HEADER, Telegram
from tests.bot.channels.rig import Rig
from tests.fakes.provider import Drop, Malformed, Slow
from tests.fakes.telegram import BLOCKED, NOT_FOUND, UNAUTHORIZED, FakeTelegram, Fault, Refuse

PATIENCE = 0.2
OTHERWISE: Mapping[str, Mapping[str, Any]] = {"unreachable": {"base": "http://127.0.0.1:9"}, "slow": {"seconds": PATIENCE}}
"""Another channel for these."""
FAULTS: Mapping[str, Fault] = {
    "bad_number": NOT_FOUND, "opted_out": BLOCKED, "account_refused": UNAUTHORIZED,
    "rate_limited": Refuse(429, "Too Many Requests: retry after 7", {"retry_after": 7}),
    "server_error": Refuse(500, "Internal Server Error"), "slow": Slow(2 * PATIENCE), "cut": Drop(accepted=True), "malformed": Malformed(),
}  # fmt: skip


class TelegramRig(Rig):
    """One bot and one private chat."""

    fake = FakeTelegram
    address, contact = "@fanxiao_test_bot", "5000000001"
    retry_after = 7

    def __init__(self, telegram: FakeTelegram) -> None:
        self.telegram = telegram
        self.channel = self._connected()

    async def connect(self) -> None:
        await self.channel.connect(self.hooks)

    async def arrange(self, fault: str) -> None:
        if fault in OTHERWISE:
            await self.channel.close()
            self.channel = self._connected(**OTHERWISE[fault])
        if fault in FAULTS:
            self.telegram.next.append(FAULTS[fault])

    def accepted(self) -> list[str]:
        return self.telegram.sent_to(self.contact)

    async def inbound(self, body: str, number: int = 1) -> Request:
        update = self.telegram.text(self.contact, body, number)
        headers = {SECRET_HEADER: self.telegram.secret, "content-type": "application/json"}
        return Request(f"{self.hooks}/inbound", body=json.dumps(update).encode(), headers=headers)

    async def report(self, provider_id: str, status: str) -> Request | None:
        return None

    def forged(self, request: Request) -> Request:
        return Request(request.url, request.hook, body=request.body, headers={**request.headers, SECRET_HEADER: "forged"})

    def _connected(self, **how: Any) -> Telegram:
        return Telegram(self.telegram.token, **({"base": self.telegram.base} | how))
