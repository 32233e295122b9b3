"""The least that could take a text in: one route that inserts what it got. `python -m bench._bare home port public_url`."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import parse_qsl

from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanxiao.running import run
from fanxiao.serving import listen, serve
from storage import server
from storage.roles import Role
from storage.server import keywords

CONNECTIONS = 10
INSERT = "insert into bare_text (provider_id, sender, body) values (%s, %s, %s)"


async def _stay(home: Path, port: int) -> None:
    address = keywords(server.start(home).logins[Role.WEB])
    async with AsyncConnectionPool(kwargs=address | {"autocommit": True}, min_size=CONNECTIONS, open=False) as pool:

        async def take(request: Request) -> Response:
            form = dict(parse_qsl((await request.body()).decode()))
            async with pool.connection() as connection:
                await connection.execute(INSERT, (form["MessageSid"], form["From"], form["Body"]))
            return Response("<Response/>", media_type="text/xml")

        app = Starlette(routes=[Route("/inbound", take, methods=["POST"])])
        await serve(app, listen("127.0.0.1", port))


if __name__ == "__main__":
    run(_stay(Path(sys.argv[1]), int(sys.argv[2])))
