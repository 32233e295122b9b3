"""What Twilio's API says of an account, its numbers and its Messaging Services."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MISSING = {"code": 20404, "message": "not found", "more_info": "https://www.twilio.com/docs/errors/20404", "status": 404}


@dataclass
class Holdings:
    """An account's state, and what it holds; a test changes the fields before it asks."""

    account: str
    status: str = "active"
    type: str = "Full"
    says: tuple[int, str] | None = None  # instead of an answer about the account: HTTP status and text
    numbers: list[dict[str, Any]] = field(default_factory=list)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)

    def number(self, address: str, sms: bool = True, voice: bool = True, **fields: Any) -> dict[str, Any]:
        """One more number of the account."""
        row: dict[str, Any] = {
            "sid": f"PN{len(self.numbers):032x}", "account_sid": self.account, "phone_number": address,
            "capabilities": {"voice": voice, "sms": sms, "mms": False, "fax": False},
            "sms_url": "", "sms_method": "POST", "sms_application_sid": "", "voice_url": "", "voice_method": "POST",
            "voice_application_sid": "",
        }  # fmt: skip
        self.numbers.append(row | fields)
        return self.numbers[-1]

    def service(self, sid: str, *numbers: str, **fields: Any) -> dict[str, Any]:
        """One more Messaging Service, with these numbers."""
        self.services[sid] = {
            "sid": sid, "account_sid": self.account, "inbound_request_url": None, "inbound_method": "POST",
            "use_inbound_webhook_on_number": False, "numbers": list(numbers), "codes": [],
        } | fields  # fmt: skip
        return self.services[sid]

    def routes(self) -> list[web.RouteDef]:
        """The API's own paths."""
        path = f"/2010-04-01/Accounts/{self.account}"
        return [
            web.get(f"{path}.json", self._account),
            web.get(f"{path}/IncomingPhoneNumbers.json", self._numbers),
            web.get("/v1/Services/{sid}", self._service),
            web.get("/v1/Services/{sid}/PhoneNumbers", self._senders),
            web.get("/v1/Services/{sid}/ShortCodes", self._codes),
        ]

    async def _account(self, _request: web.Request) -> web.Response:
        if self.says is not None:
            return web.Response(status=self.says[0], text=self.says[1])
        return web.json_response({"sid": self.account, "status": self.status, "type": self.type, "friendly_name": "county"})

    async def _numbers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("PhoneNumber", "").replace("*", "")
        rows = [row for row in self.numbers if wanted in row["phone_number"]]
        return web.json_response({"incoming_phone_numbers": rows, "next_page_uri": None, "page": 0, "page_size": 50})

    async def _service(self, request: web.Request) -> web.Response:
        found = self.services.get(request.match_info["sid"])
        if found is None:
            return web.json_response(MISSING, status=404)
        return web.json_response({name: value for name, value in found.items() if name not in ("numbers", "codes")})

    async def _senders(self, request: web.Request) -> web.Response:
        numbers = self.services[request.match_info["sid"]]["numbers"]
        return _page("phone_numbers", [{"sid": f"PN{index:032x}", "phone_number": number} for index, number in enumerate(numbers)])

    async def _codes(self, request: web.Request) -> web.Response:
        codes = self.services[request.match_info["sid"]]["codes"]
        return _page("short_codes", [{"sid": f"SC{index:032x}", "short_code": code} for index, code in enumerate(codes)])


def _page(key: str, rows: list[dict[str, Any]]) -> web.Response:
    return web.json_response({key: rows, "meta": {"key": key, "page": 0, "page_size": 50, "next_page_url": None}})
