"""WeCom's API over real HTTP: tokens, application messages, the application itself, and its encrypted callbacks, with faults on demand.

Fields, codes and encryption follow developer.work.weixin.qq.com; an unknown field is refused, so that we notice.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tests.fakes.provider import Drop, Malformed, Provider, Slow

SEND_FIELDS = {"touser", "msgtype", "agentid", "text", "safe", "enable_id_trans", "enable_duplicate_check", "duplicate_check_interval"}
LONGEST_BYTES = 2048
WITHOUT_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c"))


@dataclass(frozen=True)
class Refuse:
    """An errcode in an answer of HTTP status 200."""

    code: int
    words: str = "refused"


@dataclass(frozen=True)
class Gateway:
    """Something before WeCom answers."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True)
class Accept:
    """Accepted with these fields besides: invaliduser, unlicenseduser."""

    more: Mapping[str, str]


Fault = Refuse | Gateway | Accept | Slow | Drop | Malformed


@dataclass
class FakeWeCom(Provider):
    """`async with FakeWeCom() as wecom:` serves at `wecom.base`. `next` holds faults for the messages, `next_token` for tokens to come."""

    corp_id: str = "ww" + "0" * 16
    agent_id: int = 1000002
    secret: str = "s" * 43
    token: str = "t" * 24
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    members: set[str] = field(default_factory=set)
    closed: int = 0
    expires_in: int = 7200
    next: deque[Fault] = field(default_factory=deque)
    next_token: deque[Fault] = field(default_factory=deque)
    next_agent: deque[Fault] = field(default_factory=deque)
    shown: list[tuple[str, str]] = field(default_factory=list)  # user and text, as it stands in their chat
    calls: list[str] = field(default_factory=list)
    base: str = ""
    media: dict[str, bytes] = field(default_factory=dict)  # photographs that members sent, by media id
    _tokens: list[str] = field(default_factory=list)
    _requests: set[bytes] = field(default_factory=set)

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/cgi-bin/gettoken", self._gettoken),
                web.post("/cgi-bin/message/send", self._send),
                web.get("/cgi-bin/agent/get", self._agent),
                web.get("/cgi-bin/media/get", self._media),
            ]
        )
        return app

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a bot for this application."""
        return {
            "WECOM_CORP_ID": self.corp_id, "WECOM_AGENT_ID": str(self.agent_id), "WECOM_SECRET": self.secret, "WECOM_TOKEN": self.token,
            "WECOM_AES_KEY": base64.b64encode(self.key).decode().rstrip("="), "WECOM_API_BASE": self.base,
        }  # fmt: skip

    def sees(self, user: str) -> list[str]:
        """What stands in this member's chat."""
        return [text for to, text in self.shown if to == user]

    def revoke(self) -> None:
        """No token that was given out is valid any more."""
        self._tokens.clear()

    def text(self, user: str, body: str, number: int = 1) -> tuple[dict[str, str], bytes]:
        """A member writes to the application: query and body of the call."""
        return self.call(self.written(user, "text", f"<Content><![CDATA[{body}]]></Content><MsgId>{number}</MsgId>"))

    def written(self, user: str, kind: str, more: str) -> str:
        """The XML inside a call."""
        return (
            f"<xml><ToUserName><![CDATA[{self.corp_id}]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName>"
            f"<CreateTime>1795000000</CreateTime><MsgType><![CDATA[{kind}]]></MsgType>{more}<AgentID>{self.agent_id}</AgentID></xml>"
        )

    def call(self, inside: str, corp_id: str | None = None) -> tuple[dict[str, str], bytes]:
        """Any callback: encrypted and signed."""
        sealed = self.sealed(inside, corp_id)
        body = (
            f"<xml><ToUserName><![CDATA[{self.corp_id}]]></ToUserName><AgentID><![CDATA[{self.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        return self.signed(sealed), body.encode()

    def signed(self, sealed: str, timestamp: str = "1795000000", nonce: str = "1372623149") -> dict[str, str]:
        """The query of a callback."""
        covered = "".join(sorted([self.token, timestamp, nonce, sealed]))
        return {"msg_signature": hashlib.sha1(covered.encode()).hexdigest(), "timestamp": timestamp, "nonce": nonce}

    def sealed(self, inside: str, corp_id: str | None = None) -> str:
        """16 random bytes, length, text, corp id, padded to blocks of 32, AES-256-CBC, base64."""
        text = inside.encode()
        plain = secrets.token_bytes(16) + len(text).to_bytes(4, "big") + text + (corp_id or self.corp_id).encode()
        missing = 32 - len(plain) % 32
        encryptor = Cipher(AES(self.key), CBC(self.key[:16])).encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()).decode()

    async def post(self, url: str, call: tuple[Mapping[str, str], bytes]) -> int:
        """Brings a callback; gives the HTTP status of the answer."""
        query, body = call
        async with self._session.post(url, params=query, data=body, headers={"Content-Type": "text/xml"}) as answer:
            await answer.read()
            return answer.status

    async def saves(self, url: str, echo: str = "1616140317555161061") -> tuple[int, str]:
        """An administrator saves the address: WeCom asks it to decrypt something."""
        sealed = self.sealed(echo)
        async with self._session.get(f"{url}?{urlencode(self.signed(sealed) | {'echostr': sealed})}") as answer:
            return answer.status, await answer.text()

    async def _gettoken(self, request: web.Request) -> web.StreamResponse:
        self.calls.append("gettoken")
        if self.next_token:
            return await self._answer(request, {}, self.next_token.popleft())
        if dict(request.query) != {"corpid": self.corp_id, "corpsecret": self.secret}:
            return _told({"errcode": 40001, "errmsg": "invalid credential"})
        self._tokens.append(secrets.token_urlsafe(16))
        return _told({"errcode": 0, "errmsg": "ok", "access_token": self._tokens[-1], "expires_in": self.expires_in})

    async def _send(self, request: web.Request) -> web.StreamResponse:
        self.calls.append("send")
        raw = await request.read()
        asked = json.loads(raw)
        fault = self.next.popleft() if self.next else None
        if refusal := self._unfit(request, raw, asked):
            return _told({"errcode": refusal, "errmsg": "refused"})
        if isinstance(fault, Refuse | Gateway) or (isinstance(fault, Drop) and not fault.accepted):
            return await self._answer(request, {}, fault)
        if not isinstance(fault, Accept):
            self._show(raw, asked)
        return await self._answer(request, {"msgid": secrets.token_urlsafe(8)}, fault)

    def _unfit(self, request: web.Request, raw: bytes, asked: Mapping[str, Any]) -> int:
        if request.query.get("access_token") not in self._tokens:
            return 40014
        if b"\\u" in raw:
            return 40033
        if set(asked) - SEND_FIELDS or asked["msgtype"] != "text":
            return 40058
        if asked["agentid"] != self.agent_id:
            return 40056
        return 81013 if self.members and asked["touser"] not in self.members else 0

    def _show(self, raw: bytes, asked: Mapping[str, Any]) -> None:
        """Cut at so many bytes; the same request again is not shown."""
        if asked.get("enable_duplicate_check") and raw in self._requests:
            return
        self._requests.add(raw)
        text = asked["text"]["content"].encode()[:LONGEST_BYTES].decode("utf-8", "ignore")
        self.shown.append((asked["touser"], text.translate(WITHOUT_WIDTH)))

    def photo(self, user: str, content: bytes, number: int = 1) -> tuple[dict[str, str], bytes]:
        """A member sends a photograph: query and body of the call."""
        media_id = f"media{number}"
        self.media[media_id] = content
        more = f"<PicUrl><![CDATA[http://p.test/1]]></PicUrl><MediaId><![CDATA[{media_id}]]></MediaId><MsgId>{number}</MsgId>"
        return self.call(self.written(user, "image", more))

    async def _media(self, request: web.Request) -> web.StreamResponse:
        self.calls.append("media")
        if request.query.get("access_token") not in self._tokens:
            return _told({"errcode": 40014, "errmsg": "invalid access_token"})
        content = self.media.get(request.query.get("media_id", ""))
        if content is None:
            return _told({"errcode": 40007, "errmsg": "invalid media_id"})
        return web.Response(body=content, content_type="image/jpeg")

    async def _agent(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("access_token") not in self._tokens:
            return _told({"errcode": 40014, "errmsg": "invalid access_token"})
        fault = self.next_agent.popleft() if self.next_agent else None
        if request.query.get("agentid") != str(self.agent_id):
            fault = Refuse(301002)
        return await self._answer(request, {"agentid": self.agent_id, "name": "返校", "close": self.closed}, fault)

    async def _answer(self, request: web.Request, fields: Mapping[str, Any], fault: Fault | None) -> web.StreamResponse:
        if isinstance(fault, Refuse):
            return _told({"errcode": fault.code, "errmsg": fault.words})
        if isinstance(fault, Gateway):
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else None
            return web.Response(status=fault.status, text="gateway", headers=headers)
        if isinstance(fault, Malformed):
            return web.Response(text=fault.text)
        if isinstance(fault, Drop):
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        return _told({"errcode": 0, "errmsg": "ok", **fields, **(fault.more if isinstance(fault, Accept) else {})})


def _told(fields: Mapping[str, Any]) -> web.Response:
    return web.json_response(fields)
