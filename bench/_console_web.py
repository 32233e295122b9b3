"""The console's web process as it is installed, but at nine o'clock: `python -m bench._console_web home port`."""

from __future__ import annotations

import sys
from pathlib import Path

from starlette.types import ASGIApp

from bench._county import FixedClock
from bot.channels.registry import build_channels
from bot.rendering import Catalogue
from console.app import create_app
from console.parts import Parts
from console.webhooks import Hooks
from fanxiao.files import TEMPLATES
from fanxiao.logs import configure
from fanxiao.running import run
from fanxiao.serving import listen, serve
from storage import keys, server
from storage.database import Database
from storage.roles import Role

ACCOUNTS = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "bench", "TWILIO_FROM": "+15005550006"}


def console(home: Path, web: Database, worker: Database) -> ASGIApp:
    """The whole application over these log-ins."""
    cipher, channels = keys.cipher_of_home(home), build_channels(ACCOUNTS)
    parts = Parts(web, worker, cipher, FixedClock(), Catalogue.load(TEMPLATES), channels)
    return create_app(Hooks(web, cipher, FixedClock(), channels, "http://bench", home), parts=parts)


async def _stay(home: Path, port: int) -> None:
    started = server.start(home)
    web, worker = Database(started.url(Role.WEB)), Database(started.url(Role.WORKER))
    await serve(console(home, web, worker), listen("127.0.0.1", port))
    await web.close()
    await worker.close()


if __name__ == "__main__":
    configure()
    run(_stay(Path(sys.argv[1]), int(sys.argv[2])))
