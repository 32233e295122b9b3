"""Where providers bring texts and reports: checked, stored, answered at once. Understanding them is the worker's.

Every provider account has its own address, `/hooks/{channel}/{account}/{hook}`.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import Message
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import structlog
from sqlalchemy import text
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.base import Channel, Heard, MalformedCall, RungBack
from bot.channels.base import Request as Call
from bot.channels.registry import Line
from bot.inbox.intake import Intake
from bot.inbox.receive import Brought, brought, normal_phone
from bot.inbox.spool import FOLDER, Spool
from storage.clock import Clock
from storage.crypto import Cipher
from storage.database import Database, is_away
from storage.rows import LARGEST_ID

log = structlog.get_logger("webhooks")
MOST_FIELDS = 200
PATIENCE = 10.0  # seconds; below the 15 that Twilio waits for an answer
PAUSE = 0.3
BODY_SECONDS = 20.0
"""For one call to arrive: who sends it a byte at a time must not keep connections open for ever."""
COURTESY_SECONDS = 10.0
"""For the courtesies under way when the process ends."""
Stored = TypeVar("Stored")
FORM = "application/x-www-form-urlencoded"
CHARSETS = dict.fromkeys(("utf-8", "utf8", "us-ascii"), "utf-8") | dict.fromkeys(("gb18030", "gbk", "gb2312"), "gb18030")
"""In which a body may be written, by the names of the content type: GB 18030 holds the older two."""
DOCUMENTS = (b"{", b"[", b"<")
"""How JSON and XML begin, whatever type they are said to be of; no form begins so."""
SAID = text("select said(:message_id, :channel)")
RUNG_BACK = text("select body, provider_id, school_phone from rung_back(:channel, :index, :at)")
RECORDING = text("select media_type, content from recording_of(:recording_id)")


class Hooks:
    """What the webhooks need. `public_url`: how providers reach us, which is what they sign."""

    def __init__(
        self, web: Database, cipher: Cipher, clock: Clock, channels: Mapping[Line, Channel], public_url: str, home: Path | None = None
    ) -> None:
        self.web = web
        self.cipher = cipher
        self.clock = clock
        self._channels = channels
        self._public_url = public_url.rstrip("/")
        self._intake = Intake(web)
        self._spool = Spool(home / FOLDER, cipher, self._intake.store) if home is not None else None
        self._courtesies: set[asyncio.Task[None]] = set()

    @property
    def is_https(self) -> bool:
        """Whether people and providers reach us encrypted."""
        return self._public_url.startswith("https:")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Inside, what was kept on disk is brought to the database. At the end the courtesies under way are finished."""
        async with AsyncExitStack() as until_end:
            if self._spool is not None:
                await until_end.enter_async_context(self._spool.running())
            try:
                yield
            finally:
                await self.finish()

    async def finish(self) -> None:
        """Returns once no courtesy is under way."""
        if self._courtesies:
            await asyncio.wait(self._courtesies, timeout=COURTESY_SECONDS)

    async def called(self, request: Request) -> Response:
        """One call of a provider. 404 unknown account, 413 too large, 415 in a charset that we do not read, 400 not as documented, 403
        forged, 503 no database."""
        channel = self._channel(request.path_params)
        call = await self._call(request, channel)
        if not channel.verify(call):
            log.warning("call refused", action="webhook_forged", channel=channel.capabilities.name)
            raise HTTPException(403)
        try:
            heard = await patiently(lambda: channel.hear(call))
        except (MalformedCall, RecursionError) as error:  # the latter: JSON within JSON, thousands deep
            log.warning("call not understood", action="webhook_malformed", channel=channel.capabilities.name)
            raise HTTPException(400) from error
        await self._keep(channel, heard)
        return Response(heard.answer.body, heard.answer.status, media_type=heard.answer.media_type)

    async def recording(self, request: Request) -> Response:
        """The county's own voice, which a call plays."""
        recording_id = request.path_params["recording_id"]
        if recording_id > LARGEST_ID:
            raise HTTPException(404)
        async with self.web.session() as session:
            found = (await session.execute(RECORDING, {"recording_id": recording_id})).one()
        if found.content is None:
            raise HTTPException(404)
        return Response(found.content, media_type=found.media_type)

    def _channel(self, path: Mapping[str, Any]) -> Channel:
        line = (path["channel"], path["account"])
        if line not in self._channels:
            known = {name for name, _ in self._channels}
            log.warning("call refused", action="webhook_unknown_account", channel=line[0] if line[0] in known else None)
            raise HTTPException(404)
        return self._channels[line]

    async def _call(self, request: Request, channel: Channel) -> Call:
        async def said(message_id: int) -> str | None:
            if not 0 < message_id <= LARGEST_ID:
                return None
            async with self.web.session() as session:
                found: str | None = await session.scalar(SAID, {"message_id": message_id, "channel": channel.capabilities.name})
                return found

        async def rung_back(phone: str) -> RungBack | None:
            return await self._rung_back(channel.capabilities.name, phone)

        body, kind = await _body(request, channel.capabilities.call_bytes), request.headers.get("content-type", FORM)
        charset = _charset(kind, channel.capabilities.name)
        is_form = kind.lower().startswith(FORM) and not body.startswith(DOCUMENTS)
        return Call(
            url=self._public_url + _asked(request), hook=request.path_params["hook"], method=request.method,
            query=request.query_params, form=_form(body, charset, channel.capabilities.name) if is_form else {}, body=body,
            charset=charset, headers={name.lower(): value for name, value in request.headers.items()}, said=said,
            rung_back=rung_back,
        )  # fmt: skip

    async def _rung_back(self, channel: str, phone: str) -> RungBack | None:
        facts = {"channel": channel, "index": self.cipher.index(normal_phone(phone)), "at": await self.clock.now()}
        async with self.web.session() as session:
            found = (await session.execute(RUNG_BACK, facts)).one_or_none()
        return RungBack(found.body, found.provider_id, found.school_phone) if found is not None else None

    async def _keep(self, channel: Channel, heard: Heard) -> None:
        if heard.incoming or heard.statuses:
            await self._store(brought(self.cipher, channel.capabilities, heard, await self.clock.now()))
        if heard.after is not None:  # the provider waits for our answer, not for what we tell the writer
            courtesy = asyncio.create_task(_afterwards(channel, heard.after))
            self._courtesies.add(courtesy)
            courtesy.add_done_callback(self._courtesies.discard)

    async def _store(self, call: Brought) -> None:
        """In the database, or on disk while that is away; behind what is on disk already, so that a family's texts stay in order."""
        if self._spool is None:
            await patiently(lambda: self._intake.store(call))
            return
        if not self._spool.is_holding:
            try:
                await patiently(lambda: self._intake.store(call))
                return
            except Exception as error:
                if not is_away(error):
                    raise
        try:
            await self._spool.keep(call)
        except OSError as error:
            log.error("call not kept", action="spool_failed", error=errno.errorcode.get(error.errno or 0, type(error).__name__))
            raise HTTPException(503) from error


async def _afterwards(channel: Channel, after: Callable[[], Awaitable[None]]) -> None:
    """A courtesy to the writer; what was heard is stored, whatever comes of it."""
    try:
        await after()
    except Exception as error:  # noqa: BLE001
        log.warning("courtesy failed", action="webhook_after_failed", channel=channel.capabilities.name, error=type(error).__name__)


def _asked(request: Request) -> str:
    """Path and query as they were asked for."""
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}?{query}" if query else str(request.scope["path"])


async def _body(request: Request, most: int) -> bytes:
    """Read piece by piece: a wrong or missing length must not make us hold more than allowed, nor a slow caller longer."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > most:
                    log.warning("call refused", action="webhook_too_large", path=request.url.path)
                    raise HTTPException(413)
    except TimeoutError as error:
        log.warning("call refused", action="webhook_too_slow", path=request.url.path)
        raise HTTPException(408) from error
    except ClientDisconnect as error:  # nobody is left to be answered
        raise HTTPException(400) from error
    return bytes(body)


def _charset(kind: str, channel: str) -> str:
    """What the content type says that the body is written in."""
    header = Message()
    header["content-type"] = kind
    named = str(header.get_content_charset("utf-8"))
    if named not in CHARSETS:
        log.warning("call not understood", action="webhook_charset", channel=channel)
        raise HTTPException(415)
    return CHARSETS[named]


def _form(body: bytes, charset: str, channel: str) -> ImmutableMultiDict[str, str]:
    """Words in another charset than was said are refused, not kept as what nobody can read."""
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, encoding=charset, errors="strict")
        return ImmutableMultiDict(fields)
    except ValueError as error:
        log.warning("call not understood", action="webhook_unreadable", channel=channel)
        raise HTTPException(400) from error


def routes(hooks: Hooks) -> list[Route]:
    """The addresses that providers call."""
    return [
        Route("/hooks/{channel}/{account}/{hook}", hooks.called, methods=["GET", "POST"]),
        Route("/hooks/recordings/{recording_id:int}", hooks.recording),
    ]


async def patiently(doing: Callable[[], Awaitable[Stored]]) -> Stored:
    """Does it also when the database is gone for a few seconds: not every provider calls again.

    It is safe to store twice, as the provider's own id is unique. Raises what the database said when it stays away.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await doing()
        except Exception as error:
            if not is_away(error) or time.monotonic() + PAUSE > deadline:
                raise
        await asyncio.sleep(PAUSE)
