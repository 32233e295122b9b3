"""SMS to mainland numbers through Aliyun (阿里云短信服务), which sends approved templates only. The sender's address is the signature."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog
from alibabacloud_dysmsapi20170525.models import (  # type: ignore[import-untyped]
    GetSmsSignRequest,
    QuerySendDetailsRequest,
    QuerySmsSignListRequest,
    QuerySmsTemplateListRequest,
    SendSmsRequest,
)

from bot.channels.aliyun_client import CALL_SECONDS, NO_ANSWER, NOT_CONNECTED, OFFICIAL_BASE, UNREADABLE, Client, Refused
from bot.channels.aliyun_codes import FAILURES, INACTIVE, pause, refusal
from bot.channels.aliyun_keys import Keys
from bot.channels.aliyun_templates import Entry, approved, lacking, outdated, texts_of_ours
from bot.channels.aliyun_uplinks import incoming, joined
from bot.channels.base import Answer, Capabilities, Heard, MalformedCall, Outcome, Outgoing, Request, Result, Status, Trouble
from bot.rendering.catalogue import unsigned
from bot.rendering.frames import carried
from bot.rendering.registered import filled

log = structlog.get_logger("channels")
Row = TypeVar("Row")
BEIJING = ZoneInfo("Asia/Shanghai")  # all of Aliyun's times
MAINLAND = re.compile(r"\+86(1\d{10})")
SIGNATURE = re.compile(r"[^\s【】\[\]［］]+")
LONGEST_DOUBT = timedelta(minutes=15)  # between `since` and the latest moment at which Aliyun may have dated the message
ROWS = 50  # the most that Aliyun gives on a page
HEARD = Answer(json.dumps({"code": 0, "msg": "成功"}, ensure_ascii=False), "application/json")
PASSED = "AUDIT_STATE_PASS"
REGISTERED = (1, 3)  # 已报备待验证, 报备成功


class AliyunSms:
    """One Aliyun account. `templates`: what it may send, by our ids; `outdated`: those whose words are not ours any more.

    A message is known by an id of ours (OutId): Aliyun's own (BizId) is not given back when a message is asked about.
    """

    def __init__(
        self,
        key: tuple[str, str],
        templates: Mapping[str, Entry],
        keys: Keys,
        base: str = OFFICIAL_BASE,
        *,
        outdated: Collection[str] = (),
        extend_code: str | None = None,
        seconds: float = CALL_SECONDS,
    ) -> None:
        self._outdated = frozenset(outdated)
        current = frozenset(templates) - self._outdated
        self._client = Client(*key, base, seconds)
        self._templates = templates
        self._keys = keys
        self._extend_code = extend_code
        self.capabilities = Capabilities(
            name="aliyun_sms",
            contact="phone",
            variant="sms",
            max_length=500,
            can_be_asked=True,
            counts="parts",
            templates=current,
            carries=carried(current),
            failures=FAILURES,
        )

    async def send(self, message: Outgoing) -> Outcome:
        number, entry = MAINLAND.fullmatch(message.to), self._templates.get(message.template)
        if number is None:
            return Outcome(Result.NO_ROUTE, code="not_mainland")
        if entry is None or not _says(entry, message):
            return Outcome(Result.UNSAYABLE, code="not_as_registered")
        try:
            await self._client.send_sms_async(
                SendSmsRequest(
                    phone_numbers=number[1],
                    sign_name=message.sender,
                    template_code=entry.code,
                    template_param=json.dumps(dict(message.values), ensure_ascii=False),
                    out_id=self._keys.own_id(message.message_id),
                    sms_up_extend_code=self._extend_code,
                )
            )
        except Refused as refused:
            return _refused(refused)
        except NOT_CONNECTED:
            return Outcome(Result.RETRY, code="not_connected")
        except NO_ANSWER:
            return Outcome(Result.UNKNOWN, code="no_answer")
        except UNREADABLE:
            return Outcome(Result.UNKNOWN, code="malformed")
        return Outcome(Result.ACCEPTED, provider_id=self._keys.own_id(message.message_id))

    async def find(self, message: Outgoing, since: datetime) -> list[str]:
        number = MAINLAND.fullmatch(message.to)
        if number is None:
            return []
        own = self._keys.own_id(message.message_id)
        for day in sorted({moment.astimezone(BEIJING).date() for moment in (since, since + LONGEST_DOUBT)}):
            async for row in self._sent(number[1], f"{day:%Y%m%d}"):
                if row.out_id == own:
                    return [own]
        return []

    async def _sent(self, number: str, day: str) -> AsyncIterator[Any]:
        def request(page: int) -> QuerySendDetailsRequest:
            return QuerySendDetailsRequest(phone_number=number, send_date=day, page_size=ROWS, current_page=page)

        async for body in _pages(self._client.query_send_details_async, request):
            for row in body.sms_send_detail_dtos.sms_send_detail_dto if body.sms_send_detail_dtos else ():
                yield row

    def verify(self, request: Request) -> bool:
        return self._keys.opens(request.hook, request.query.get("key", ""))

    async def hear(self, request: Request) -> Heard:
        rows = _rows(request.document)
        if request.hook == "report":
            return Heard(statuses=tuple(_readable(self._own_status, rows)), answer=HEARD)
        return Heard(incoming=tuple(_readable(partial(incoming, keys=self._keys), joined(rows))), answer=HEARD)

    def _own_status(self, row: Mapping[str, Any]) -> Status | None:
        return _status(row) if self._keys.is_own_id(str(row.get("out_id"))) else None

    def misaddressed(self, address: str) -> list[Trouble]:
        return [] if SIGNATURE.fullmatch(address) else [Trouble("signature_in_brackets", address.strip("【】[]［］ "))]

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        found = [] if hooks else [Trouble("public_url_missing")]
        try:
            return [*found, *await self._of_signature(address), *await self._of_templates()]
        except Refused as refused:
            return [*found, _trouble(refused)]
        except NO_ANSWER:
            return [*found, Trouble("provider_unreachable", "dysmsapi.aliyuncs.com")]
        except UNREADABLE:
            return [*found, Trouble("provider_unreadable", "dysmsapi.aliyuncs.com")]

    async def _of_signature(self, signature: str) -> list[Trouble]:
        pages = _pages(self._client.query_sms_sign_list_async, lambda page: QuerySmsSignListRequest(page_index=page, page_size=ROWS))
        states = [row.audit_status async for body in pages for row in body.sms_sign_list if row.sign_name == signature]
        if not states:
            return [Trouble("signature_unknown", signature)]
        if PASSED not in states:
            return [Trouble("signature_pending", signature)]
        detail = (await self._client.get_sms_sign_async(GetSmsSignRequest(sign_name=signature))).body
        carriers = detail.sign_isp_register_detail_list or []
        return [Trouble("signature_unregistered", row.operator_code) for row in carriers if row.register_status not in REGISTERED]

    async def _of_templates(self) -> list[Trouble]:
        if not self._templates:
            return [Trouble("templates_none")]
        pages = _pages(
            self._client.query_sms_template_list_async, lambda page: QuerySmsTemplateListRequest(page_index=page, page_size=ROWS)
        )
        theirs = {row.template_code: row async for body in pages for row in body.sms_template_list}
        ours, unsaid = await asyncio.to_thread(lambda: (texts_of_ours(), lacking(self._templates.keys() - self._outdated)))
        found = [
            (template_id, _of_template(entry, theirs.get(entry.code), ours.get(template_id)))
            for template_id, entry in self._templates.items()
        ]
        wrong = [Trouble(kind, f"{template_id} {self._templates[template_id].code}") for template_id, kind in found if kind]
        return [*wrong, *unsaid]

    async def close(self) -> None:
        await self._client.close()


def _refused(refused: Refused) -> Outcome:
    wait = refused.retry_after or pause(refused.code, refused.words)
    return Outcome(refusal(refused.status, refused.code), code=refused.code or str(refused.status), retry_after=wait)


def _says(entry: Entry, message: Outgoing) -> bool:
    """Whether Aliyun would make of template and values just the body that we keep."""
    try:
        return filled(entry.text, message.values).strip() == unsigned(message.body)
    except KeyError:
        return False


async def _pages(ask: Callable[[Any], Any], request: Callable[[int], Any]) -> AsyncIterator[Any]:
    """Answers page by page, until all rows that Aliyun counted have been asked for."""
    page, left = 1, 1
    while left > 0:
        body = (await ask(request(page))).body
        yield body
        left = int(body.total_count or 0) - page * ROWS
        page += 1


def _rows(body: bytes) -> list[Any]:
    try:
        rows = json.loads(body)
    except ValueError:
        raise MalformedCall("no JSON") from None
    if not isinstance(rows, list) or not rows:
        raise MalformedCall("no list")
    return rows


def _readable(read: Callable[[Any], Row | None], rows: list[Any]) -> list[Row]:
    """One row that cannot be read keeps none of the others out. Raises MalformedCall when none of them can be."""
    found, unread = [], 0
    for row in rows:
        try:
            found.append(read(row))
        except (KeyError, ValueError, TypeError, AttributeError):
            unread += 1
    if unread == len(rows):
        raise MalformedCall("no row as documented")
    if unread:
        log.warning("rows not understood", action="aliyun_rows_unread", unread=unread, rows=len(rows))
    return [one for one in found if one is not None]


def _status(row: Mapping[str, Any]) -> Status:
    status = "delivered" if row["success"] in (True, "true") else "failed"
    return Status(row["out_id"], status, None if status == "delivered" else row.get("err_code"), at=_moment(row["report_time"]))


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)


def _of_template(entry: Entry, theirs: Any, ours: str | None) -> str | None:
    if theirs is None:
        return "template_unknown"
    if theirs.audit_status != PASSED:
        return "template_pending"
    if theirs.template_content.strip() != entry.text:
        return "template_differs"
    return None if ours == entry.text else "template_outdated"


def _trouble(refused: Refused) -> Trouble:
    if refused.code in INACTIVE:
        return Trouble("account_inactive", refused.code)
    if refusal(refused.status, refused.code) is Result.OUR_FAULT:
        return Trouble("account_refused", refused.code or str(refused.status))
    return Trouble("provider_unreachable", f"dysmsapi.aliyuncs.com {refused.code or refused.status}")


def build(settings: Mapping[str, str]) -> AliyunSms:
    """From the settings in docs/channels.md. Raises StartFault when the file of template codes is faulty."""
    codes = approved(Path(settings["ALIYUN_SMS_TEMPLATES"]))
    return AliyunSms(
        (settings["ALIYUN_ACCESS_KEY_ID"], settings["ALIYUN_ACCESS_KEY_SECRET"]),
        codes,
        Keys(settings["ALIYUN_HOOK_SECRET"]),
        settings.get("ALIYUN_API_BASE") or OFFICIAL_BASE,
        outdated=outdated(codes),
        extend_code=settings.get("ALIYUN_SMS_EXTEND_CODE") or None,
    )
