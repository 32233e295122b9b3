"""The least that could be called back: a route that answers and keeps nothing. `python -m bench._deaf home port public_url`."""

from __future__ import annotations

import sys

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanxiao.running import run
from fanxiao.serving import listen, serve


async def _heard(request: Request) -> Response:
    await request.body()
    return Response(status_code=204)


async def _stay(port: int) -> None:
    app = Starlette(routes=[Route("/hooks/twilio_sms/main/status", _heard, methods=["POST"])])
    await serve(app, listen("127.0.0.1", port))


if __name__ == "__main__":
    run(_stay(int(sys.argv[2])))
