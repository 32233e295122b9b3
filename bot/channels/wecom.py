"""Messages of an application in WeCom (企业微信) to teachers and officers (developer.work.weixin.qq.com/document/path/90236)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.channels.base import (
    Answer,
    Capabilities,
    Heard,
    Incoming,
    MalformedCall,
    Outcome,
    Outgoing,
    Picture,
    PictureGone,
    PictureLater,
    PictureTooLarge,
    Request,
    Result,
    Trouble,
)
from bot.channels.wecom_api import OFFICIAL_BASE, Malformed, NoAnswer, NotConnected, Refused, TooLarge, WeComApi
from bot.channels.wecom_codes import IP_NOT_ALLOWED, NO_SUCH_AGENT, NO_SUCH_MEDIA, REFUSALS, REFUSED_ACCOUNT, STATUSES
from bot.channels.wecom_crypto import Envelope, Unreadable, read_fields

CALL_SECONDS = 10.0  # below the time after which a call without an answer is looked into
SHOWN_ONCE_SECONDS = 4 * 3600  # the longest that WeCom looks back for the same request
MARKS = ("\u200b", "\u200c")  # characters without width
MARK_BITS = 16
FROM_IP = re.compile(r"from ip: ([0-9a-fA-F.:]+)")

# WeCom cuts at 2048 bytes: 650 Chinese characters of 3, our mark, and room for 50 rare characters of 4.
CAPABILITIES = Capabilities(
    name="wecom", contact="wecom", variant="chat", max_length=650, can_be_asked=False, audiences=frozenset({"teacher", "officer"})
)


class WeCom:
    """One application of one corporation."""

    capabilities = CAPABILITIES

    def __init__(self, agent_id: int, api: WeComApi, envelope: Envelope) -> None:
        self._agent_id = agent_id
        self._api = api
        self._envelope = envelope

    async def send(self, message: Outgoing) -> Outcome:
        try:
            answer = await self._api.call("message/send", body=self._request(message))
        except Refused as refusal:
            return _refused(refusal)
        except NotConnected:
            return Outcome(Result.RETRY, code="not_connected")
        except Malformed:
            return Outcome(Result.UNKNOWN, code="malformed")
        except NoAnswer:
            return Outcome(Result.UNKNOWN, code="no_answer")
        return _accepted(answer, message.to)

    def _request(self, message: Outgoing) -> dict[str, Any]:
        content = message.body + mark(message.message_id)
        return {
            "touser": message.to, "msgtype": "text", "agentid": self._agent_id, "text": {"content": content},
            "enable_duplicate_check": 1, "duplicate_check_interval": SHOWN_ONCE_SECONDS,
        }  # fmt: skip

    async def find(self, _message: Outgoing, _since: datetime) -> list[str]:
        return []

    def verify(self, request: Request) -> bool:
        """Whether it is signed with the token. A call that is repeated changes nothing: a text is known by its MsgId."""
        try:
            return self._envelope.is_signed(_sealed(request), request.query)
        except Unreadable:
            return False

    async def hear(self, request: Request) -> Heard:
        try:
            plain = self._envelope.opened(_sealed(request))
            if request.method == "GET":  # WeCom asks whether we can read it, when the address is saved
                return Heard(answer=Answer(plain.decode()))
            return _heard(read_fields(plain))
        except (Unreadable, UnicodeDecodeError, KeyError) as error:
            raise MalformedCall(str(error) if isinstance(error, Unreadable) else type(error).__name__) from error

    def hears(self, to: str) -> bool:
        return to == str(self._agent_id)

    async def picture(self, reference: str, most_bytes: int) -> Picture:
        """WeCom keeps what came in for three days (developer.work.weixin.qq.com/document/path/90254)."""
        try:
            content, media_type = await self._api.media(reference, most_bytes)
        except TooLarge:
            raise PictureTooLarge from None
        except Refused as refusal:
            raise (PictureGone if refusal.code in NO_SUCH_MEDIA else PictureLater) from None
        except (NotConnected, NoAnswer):
            raise PictureLater from None
        return Picture(content, media_type)

    def misaddressed(self, address: str) -> list[Trouble]:
        return [] if address == str(self._agent_id) else [Trouble("address_not_agent", str(self._agent_id))]

    async def check(self, address: str, hooks: str | None) -> list[Trouble]:
        found = self.misaddressed(address)
        if hooks is None:
            found.append(Trouble("public_url_missing"))
        try:
            agent = await self._api.call("agent/get", {"agentid": str(self._agent_id)})
        except Refused as refusal:
            return [*found, _trouble(refusal, str(self._agent_id))]
        except Malformed:
            return [*found, Trouble("provider_unreadable", "WeCom")]
        except (NotConnected, NoAnswer):
            return [*found, Trouble("provider_unreachable", "WeCom")]
        return [*found, Trouble("agent_closed", str(agent.get("name", "")))] if agent.get("close") else found

    async def close(self) -> None:
        await self._api.close()


def mark(message_id: int) -> str:
    """Tells a message from another one of the same words, for readers invisibly.

    WeCom shows the same request once in four hours. That is meant for a message that is sent again because its fate is
    unknown, and not for the second of two equal answers, which would leave its writer waiting.
    """
    return "".join(MARKS[message_id >> bit & 1] for bit in range(MARK_BITS))


def _accepted(answer: Mapping[str, Any], to: str) -> Outcome:
    if _names(answer.get("invaliduser"), to):
        return Outcome(Result.BAD_CONTACT, code="invaliduser")
    if _names(answer.get("unlicenseduser"), to):
        return Outcome(Result.BLOCKED, code="unlicenseduser")
    if not answer.get("msgid"):
        return Outcome(Result.UNKNOWN, code="malformed")
    return Outcome(Result.ACCEPTED, provider_id=str(answer["msgid"]))


def _names(users: Any, to: str) -> bool:
    """WeCom gives user ids back in small letters."""
    return to.lower() in str(users or "").lower().split("|")


def _refused(refusal: Refused) -> Outcome:
    meanings = STATUSES if refusal.is_http else REFUSALS
    return Outcome(meanings.get(refusal.code, Result.RETRY), code=str(refusal.code), retry_after=refusal.retry_after)


def _sealed(request: Request) -> str:
    """The encrypted part of a call. Raises Unreadable."""
    if request.method == "GET":
        return request.query.get("echostr", "")
    return read_fields(request.body).get("Encrypt", "")


def _heard(fields: Mapping[str, str]) -> Heard:
    """Events (somebody opened the application …) say nothing; a photograph is fetched later, of other things we keep that they came."""
    kind = fields["MsgType"]
    if kind == "event":
        return Heard()
    body = fields["Content"] if kind == "text" else ""
    photo = fields.get("MediaId") if kind == "image" else None
    written = Incoming(provider_id=fields["MsgId"], sender=fields["FromUserName"], to=fields["AgentID"], body=body, photo=photo)
    return Heard(incoming=(written,))


def _trouble(refusal: Refused, agent_id: str) -> Trouble:
    if refusal.is_http:
        return Trouble("provider_unreachable", f"WeCom {refusal.code}")
    if refusal.code == IP_NOT_ALLOWED:
        ours = FROM_IP.search(refusal.words)
        return Trouble("ip_not_allowed", ours[1] if ours else "")
    if refusal.code in NO_SUCH_AGENT:
        return Trouble("agent_unknown", agent_id)
    return Trouble("account_refused" if refusal.code in REFUSED_ACCOUNT else "provider_refused", str(refusal.code))


def build(settings: Mapping[str, str], seconds: float = CALL_SECONDS) -> WeCom:
    """From `WECOM_CORP_ID`, `WECOM_AGENT_ID`, `WECOM_SECRET`, `WECOM_TOKEN`, `WECOM_AES_KEY` and, for another host, `WECOM_API_BASE`."""
    if not settings["WECOM_AGENT_ID"].isdecimal():
        raise ValueError("WECOM_AGENT_ID must be a number")
    corp_id, base = settings["WECOM_CORP_ID"], settings.get("WECOM_API_BASE") or OFFICIAL_BASE
    api = WeComApi(base, corp_id, settings["WECOM_SECRET"], seconds)
    return WeCom(int(settings["WECOM_AGENT_ID"]), api, Envelope(settings["WECOM_TOKEN"], settings["WECOM_AES_KEY"], corp_id))
