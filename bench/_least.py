"""The least that could keep reports: their signature checked, those of a moment written in one statement, a row each.

`python -m bench._least home port public_url`
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from urllib.parse import parse_qsl

import psycopg
import uvicorn
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from bench._provider import TOKEN
from fanxiao.running import run
from storage import server
from storage.roles import Role
from storage.server import keywords

TABLES = """
create table least (id bigint primary key, number text, body text, provider_id text);
create table least_report (provider_id text, status text);
"""
GRANT = f"grant select, insert, update on least, least_report to {Role.WEB.value}".encode()
REPORT = "insert into least_report select * from unnest(%s::text[], %s::text[])"
Report = tuple[str, str]


class Keeping:
    """Gathers reports while the group before is written."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection], statement: str) -> None:
        self._pool, self._statement = pool, statement.encode()
        self._waiting: list[tuple[Report, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, report: Report) -> None:
        """Returns once it is committed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((report, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._empty())
        await done

    async def _empty(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            async with self._pool.connection() as connection:
                await connection.execute(self._statement, [[report[at] for report, _ in group] for at in (0, 1)])
            for _, done in group:
                done.set_result(None)


async def stay(home: Path, port: int, public_url: str, statement: str) -> None:
    """Serves until it is killed. `statement` keeps reports: an array of the provider's names of messages, one of what became of them."""
    signs = RequestValidator(TOKEN)
    async with AsyncConnectionPool(kwargs=keywords(server.start(home).logins[Role.WEB]) | {"autocommit": True}, open=False) as pool:
        keeping = Keeping(pool, statement)

        async def heard(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode()))
            if not signs.validate(public_url + request.url.path, form, request.headers["x-twilio-signature"]):
                return Response(status_code=403)
            await keeping.keep((form["MessageSid"], form["MessageStatus"]))
            return Response(status_code=204)

        app = Starlette(routes=[Route("/hooks/twilio_sms/main/status", heard, methods=["POST"])])
        await uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, access_log=False, lifespan="off", server_header=False)).serve()


if __name__ == "__main__":
    run(stay(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], REPORT))
