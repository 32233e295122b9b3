"""A process that a provider reports to, which checks signatures, keeps what it is told before it answers, and does nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl

from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from bench._provider import TOKEN
from bot.gathering import Gathering
from fanxiao.serving import listen, serve
from storage import server
from storage.roles import Role
from storage.server import keywords

Report = tuple[str, str]
"""The provider's name of a message, and what became of it."""


async def stay(home: Path, port: int, public_url: str, statement: str) -> None:
    """Serves until it is killed. `statement` keeps the reports of a moment: an array of names of messages, one of what became of them."""
    signs, kept = RequestValidator(TOKEN), statement.encode()
    async with AsyncConnectionPool(kwargs=keywords(server.start(home).logins[Role.WEB]) | {"autocommit": True}, open=False) as pool:

        async def keep(reports: Sequence[Report]) -> None:
            async with pool.connection() as connection:
                await connection.execute(kept, [list(column) for column in zip(*reports, strict=True)])

        keeping: Gathering[Report, None] = Gathering(keep)

        async def heard(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode()))
            if not signs.validate(public_url + request.url.path, form, request.headers["x-twilio-signature"]):
                return Response(status_code=403)
            await keeping.give((form["MessageSid"], form["MessageStatus"]))
            return Response(status_code=204)

        app = Starlette(routes=[Route("/hooks/twilio_sms/main/status", heard, methods=["POST"])])
        await serve(app, listen("127.0.0.1", port))
