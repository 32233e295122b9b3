"""WeCom application messages, against a fake of its API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlencode

from bot.channels.base import Request, Result
from bot.channels.wecom import WeCom, build
from tests.bot.channels.rig import Rig
from tests.fakes.provider import Drop, Malformed, Slow
from tests.fakes.wecom import FakeWeCom, Fault, Refuse

PATIENCE = 0.2
NOBODY = "http://127.0.0.1:9"
FAULTS: Mapping[str, Fault] = {
    "bad_number": Refuse(81013), "rate_limited": Refuse(45009), "server_error": Refuse(-1), "account_refused": Refuse(40001),
    "slow": Slow(2 * PATIENCE), "cut": Drop(accepted=True), "malformed": Malformed(),
}  # fmt: skip


class WeComRig(Rig):
    """One application of one corporation."""

    fake = FakeWeCom
    exceptions: ClassVar[Mapping[str, Result | None]] = {"opted_out": None}
    contact = "MaXiaoMing"

    def __init__(self, wecom: FakeWeCom) -> None:
        self.wecom = wecom
        self.address = str(wecom.agent_id)
        self.channel = self._connected(wecom.base)

    def _connected(self, base: str) -> WeCom:
        return build(self.wecom.settings | {"WECOM_API_BASE": base}, PATIENCE)

    async def arrange(self, fault: str) -> None:
        if fault == "unreachable":
            self.channel = self._connected(NOBODY)
        else:
            self.wecom.next.append(FAULTS[fault])

    def accepted(self) -> list[str]:
        return self.wecom.sees(self.contact)

    async def inbound(self, body: str, number: int = 1) -> Request | None:
        query, content = self.wecom.text(self.contact, body, number)
        return Request(f"{self.hooks}/inbound?{urlencode(query)}", query=query, body=content, headers={"content-type": "text/xml"})

    async def report(self, provider_id: str, status: str) -> Request | None:
        return None

    def forged(self, request: Request) -> Request:
        return replace(request, query={**request.query, "msg_signature": "forged"})
