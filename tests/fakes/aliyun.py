"""Aliyun's SMS API over real HTTP (SendSms, QuerySendDetails, the lists of signatures and templates), and its pushes to us.

It checks the ACS3-HMAC-SHA256 signature and the rules for numbers, signatures, templates and values, and has a clock of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from aiohttp import web

from tests.fakes.provider import Drop, Malformed, Provider, Slow

SENDING = {"PhoneNumbers", "SignName", "TemplateCode", "TemplateParam", "OutId", "SmsUpExtendCode"}
ASKING = {"PhoneNumber", "SendDate", "PageSize", "CurrentPage", "BizId"}
PASSED = "AUDIT_STATE_PASS"
BEGINNING = datetime(2020, 1, 1, 8)  # in Beijing


@dataclass(frozen=True)
class Refuse:
    """An error answer. `code` empty: no JSON. `retry_after` in milliseconds."""

    code: str
    status: int = 200
    words: str = "refused"
    retry_after: int | None = None


Fault = Refuse | Slow | Drop | Malformed


@dataclass
class FakeAliyun(Provider):
    """`async with FakeAliyun() as aliyun:` serves at `aliyun.base`. `next` holds faults for the calls of SendSms to come."""

    key: tuple[str, str] = ("LTAI" + "0" * 20, "s" * 30)
    signatures: dict[str, str] = field(default_factory=dict)  # name → state of approval
    carriers: dict[str, int] = field(default_factory=lambda: {"mobile": 3, "unicom": 1, "telecom": 3})
    templates: dict[str, tuple[str, str]] = field(default_factory=dict)  # code → text and state of approval
    sent: list[dict[str, Any]] = field(default_factory=list)
    next: deque[Fault] = field(default_factory=deque)
    refuses_all: Refuse | None = None
    now: datetime = BEGINNING
    base: str = ""

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post("/", self._called)])
        return app

    def bodies(self) -> list[str]:
        """What stood on the phones, the oldest first."""
        return [message["Content"] for message in self.sent]

    def approve(self, code: str, text: str, state: str = PASSED) -> None:
        """A template of the account, as one that a reviewer would let pass."""
        names = re.findall(r"\$\{(\w+)\}", text)
        assert len(text) <= 500, text
        assert len(names) == len(set(names)), text
        assert not re.search(r"\}\s*\$\{|[【】①★※→]", text), text
        self.templates[code] = (text, state)

    def report(self, out_id: str, code: str = "DELIVERED") -> bytes:
        """What SmsReport pushes about one message."""
        message = next(message for message in self.sent if message["OutId"] == out_id)
        times = {"send_time": message["SendDate"], "report_time": self._tick()}
        about = {"phone_number": message["PhoneNum"], "biz_id": message["BizId"], "out_id": out_id, "sms_size": "1"}
        return json.dumps([{**about, **times, "success": code == "DELIVERED", "err_code": code, "err_msg": "…"}]).encode()

    def uplink(self, number: str, body: str, signature: str, sequence: int) -> bytes:
        """What SmsUp pushes about one text."""
        row = {"phone_number": number, "send_time": self._tick(), "content": body, "sign_name": signature, "dest_code": "1234"}
        return json.dumps([{**row, "sequence_id": sequence}], ensure_ascii=False).encode()

    async def _called(self, request: web.Request) -> web.StreamResponse:
        wrong = self.refuses_all or self._unsigned(request)
        if wrong:
            return _refusal(wrong)
        doing = {
            "SendSms": self._send, "QuerySendDetails": self._details, "QuerySmsSignList": self._signatures, "GetSmsSign": self._signature,
            "QuerySmsTemplateList": self._templates,
        }.get(request.headers["x-acs-action"])  # fmt: skip
        if doing is None or request.headers["x-acs-version"] != "2017-05-25":
            return _refusal(Refuse("InvalidAction.NotFound", 404))
        return await doing(request)

    def _unsigned(self, request: web.Request) -> Refuse | None:
        stated = re.fullmatch(
            r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})", request.headers.get("Authorization", "")
        )
        if stated is None:
            return Refuse("MissingAuthorization", 400)
        if stated[1] != self.key[0]:
            return Refuse("InvalidAccessKeyId.NotFound", 404)
        if not {"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"} <= set(stated[2].split(";")):
            return Refuse("IncompleteSignature", 400)
        return None if hmac.compare_digest(stated[3], self._signed(request, stated[2])) else Refuse("SignatureDoesNotMatch", 400)

    def _signed(self, request: web.Request, names: str) -> str:
        query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(request.query.items()))
        headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names.split(";"))
        whole = "\n".join((request.method, "/", query, headers, names, request.headers["x-acs-content-sha256"]))
        text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(whole.encode()).hexdigest()}"
        return hmac.new(self.key[1].encode(), text.encode(), hashlib.sha256).hexdigest()

    async def _send(self, request: web.Request) -> web.StreamResponse:
        asked = dict(request.query)
        fault = self.next.popleft() if self.next else None
        if isinstance(fault, Refuse):
            return _refusal(fault)
        if wrong := self._wrong(asked):
            return _refusal(Refuse(wrong))
        message = self._accept(asked)
        if isinstance(fault, Drop):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(fault, Malformed):
            return web.Response(text=fault.text)
        if isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        return _good(BizId=message["BizId"])

    def _wrong(self, asked: Mapping[str, str]) -> str | None:
        text, state = self.templates.get(asked.get("TemplateCode", ""), ("", ""))
        if set(asked) - SENDING:
            return "isv.INVALID_PARAMETERS"
        if not re.fullmatch(r"1\d{10}", asked["PhoneNumbers"]):
            return "isv.MOBILE_NUMBER_ILLEGAL"
        if self.signatures.get(asked["SignName"]) != PASSED:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        if state != PASSED:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        return self._wrong_values(json.loads(asked["TemplateParam"]), re.findall(r"\$\{(\w+)\}", text))

    def _wrong_values(self, values: Mapping[str, Any], wanted: list[str]) -> str | None:
        if sorted(values) != sorted(wanted):
            return "isv.TEMPLATE_MISSING_PARAMETERS"
        if not all(isinstance(value, str) for value in values.values()):
            return "isv.INVALID_JSON_PARAM"
        if not all(1 <= len(value) <= 35 for value in values.values()):
            return "isv.PARAM_LENGTH_LIMIT"
        if any(re.search(r"https?:|www\.|\.(?:com|cn|net)\b", value) for value in values.values()):
            return "isv.PARAM_NOT_SUPPORT_URL"
        return "isv.UNSUPPORTED_CONTENT" if any(re.search(r"[【】『』「」①-⑳★※→•]", value) for value in values.values()) else None

    def _accept(self, asked: Mapping[str, str]) -> dict[str, Any]:
        text, _ = self.templates[asked["TemplateCode"]]
        values = json.loads(asked["TemplateParam"])
        body = re.sub(r"\$\{(\w+)\}", lambda variable: values[variable[1]], text)
        message = {
            "Content": f"【{asked['SignName']}】{body}", "PhoneNum": asked["PhoneNumbers"], "OutId": asked["OutId"],
            "TemplateCode": asked["TemplateCode"], "SendDate": self._tick(), "SendStatus": 1, "BizId": f"{len(self.sent) + 1}^0",
            "ExtendCode": asked.get("SmsUpExtendCode"),
        }  # fmt: skip
        self.sent.append(message)
        return message

    async def _details(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        if set(asked) - ASKING or int(asked["PageSize"]) > 50:
            return _refusal(Refuse("isv.INVALID_PARAMETERS"))
        day = datetime.strptime(asked["SendDate"], "%Y%m%d")
        rows = [row for row in reversed(self.sent) if row["PhoneNum"] == asked["PhoneNumber"] and row["SendDate"][:10] == f"{day:%Y-%m-%d}"]
        shown = [{name: value for name, value in row.items() if name not in ("BizId", "ExtendCode")} for row in rows]
        return _good(SmsSendDetailDTOs={"SmsSendDetailDTO": _page(shown, asked, "CurrentPage")}, TotalCount=str(len(rows)))

    async def _signatures(self, request: web.Request) -> web.StreamResponse:
        rows = [{"SignName": name, "AuditStatus": state} for name, state in self.signatures.items()]
        return _good(SmsSignList=_page(rows, request.query, "PageIndex"), TotalCount=len(rows))

    async def _signature(self, request: web.Request) -> web.StreamResponse:
        carriers = [{"OperatorCode": carrier, "RegisterStatus": state} for carrier, state in self.carriers.items()]
        return _good(SignName=request.query["SignName"], SignStatus=1, SignIspRegisterDetailList=carriers)

    async def _templates(self, request: web.Request) -> web.StreamResponse:
        rows = [{"TemplateCode": code, "TemplateContent": text, "AuditStatus": state} for code, (text, state) in self.templates.items()]
        return _good(SmsTemplateList=_page(rows, request.query, "PageIndex"), TotalCount=len(rows))

    def _tick(self) -> str:
        self.now += timedelta(seconds=1)
        return f"{self.now:%Y-%m-%d %H:%M:%S}"


def _page(rows: list[dict[str, Any]], asked: Mapping[str, str], name: str) -> list[dict[str, Any]]:
    size, page = int(asked["PageSize"]), int(asked[name])
    return rows[(page - 1) * size : page * size]


def _good(**found: Any) -> web.Response:
    return web.json_response({"Code": "OK", "Message": "OK", "RequestId": "R", **found})


def _refusal(fault: Refuse) -> web.Response:
    if not fault.code:
        return web.Response(status=fault.status, text="<html>unavailable</html>")
    headers = {"x-acs-retry-after": str(fault.retry_after)} if fault.retry_after else {}
    return web.json_response({"Code": fault.code, "Message": fault.words, "RequestId": "R"}, status=fault.status, headers=headers)
