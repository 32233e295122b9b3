"""Where providers bring texts and reports: checked, stored, answered at once. Understanding them is the worker's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy.exc import OperationalError
from starlette.datastructures import ImmutableMultiDict

from bot.channels.base import Channel
from bot.channels.base import Request as Call
from bot.inbox.receive import receive, receive_status
from storage.clock import Clock
from storage.crypto import Cipher
from storage.database import Database

log = structlog.get_logger("webhooks")
LARGEST = 64 * 1024
MOST_FIELDS = 200
PATIENCE = 10.0  # seconds; below the 15 that Twilio waits for an answer
PAUSE = 0.3
Stored = TypeVar("Stored")
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@dataclass(frozen=True)
class Hooks:
    """What the webhooks need. `public_url`: how providers reach us, which is what they sign."""

    web: Database
    cipher: Cipher
    clock: Clock
    channels: Mapping[str, Channel]
    public_url: str

    def channel(self, name: str) -> Channel:
        """404 when that provider is not set up here."""
        if name not in self.channels:
            raise HTTPException(404)
        return self.channels[name]

    async def verified(self, request: Request, channel: Channel) -> Call:
        """The call, once its signature is right (403) and it is no larger than allowed (413)."""
        body = await _body(request)
        query = f"?{request.url.query}" if request.url.query else ""
        call = Call(
            url=self.public_url.rstrip("/") + request.url.path + query, form=_form(body), body=body,
            headers={name.lower(): value for name, value in request.headers.items()},
        )  # fmt: skip
        if not channel.verify(call):
            log.warning("call refused", action="webhook_forged", channel=channel.capabilities.name)
            raise HTTPException(403)
        return call


async def _body(request: Request) -> bytes:
    """Read piece by piece: a wrong or missing length must not make us hold more than allowed."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            log.warning("call refused", action="webhook_too_large", path=request.url.path)
            raise HTTPException(413)
    return bytes(body)


def _form(body: bytes) -> ImmutableMultiDict[str, str]:
    try:
        return ImmutableMultiDict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise HTTPException(400) from error


def router(hooks: Hooks) -> APIRouter:
    """The routes of every provider that calls us."""
    made = APIRouter(prefix="/hooks")

    @made.post("/twilio/sms")
    async def twilio_sms(request: Request) -> Response:
        channel = hooks.channel("twilio_sms")
        call = await hooks.verified(request, channel)
        try:
            incoming = channel.parse_inbound(call)
        except KeyError as error:
            raise _malformed(channel) from error
        now = await hooks.clock.now()
        stored = await patiently(lambda: receive(hooks.web, hooks.cipher, channel.capabilities.name, channel.capabilities, incoming, now))
        log.info("text stored", action="inbound_stored", channel=channel.capabilities.name, inbound_id=stored)
        return Response(EMPTY_TWIML, media_type="text/xml")

    @made.post("/twilio/status")
    async def twilio_status(request: Request) -> Response:
        channel = hooks.channel("twilio_sms")
        call = await hooks.verified(request, channel)
        try:
            status = channel.parse_status(call)
        except KeyError as error:
            raise _malformed(channel) from error
        name, now = channel.capabilities.name, await hooks.clock.now()
        await patiently(lambda: receive_status(hooks.web, name, status.provider_id, status.status, status.code, now))
        return Response(status_code=204)

    return made


async def patiently(store: Callable[[], Awaitable[Stored]]) -> Stored:
    """Stores what a provider brought, also when the database is gone for a few seconds: not every provider calls again.

    It is safe to store twice, as the provider's own id is unique. Raises OperationalError when the database stays away.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return await store()
        except OperationalError:
            if time.monotonic() + PAUSE > deadline:
                raise
        await asyncio.sleep(PAUSE)


def _malformed(channel: Channel) -> HTTPException:
    log.warning("call not understood", action="webhook_malformed", channel=channel.capabilities.name)
    return HTTPException(400)
