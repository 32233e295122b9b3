"""The worker as it is installed, but at nine o'clock and without the scheduler: `python -m bench._worker home public_url`."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench._county import County, FixedClock, outbox
from bot.channels.registry import build_channels, close_channels
from bot.dialogs.route import route
from bot.worker import Worker
from cases.plans import plan_in_force
from fanxiao.logs import configure
from fanxiao.running import run
from storage import keys, server
from storage.database import Database
from storage.roles import Role


async def _stay(home: Path, public_url: str) -> None:
    started = server.start(home)
    database, cipher, stop = Database(started.url(Role.WORKER)), keys.cipher_of_home(home), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with database.session() as session:
        _, plan = await plan_in_force(session)
    channels = build_channels(os.environ)
    settings = outbox(County(started, cipher, home), plan, channels, public_url)
    await Worker(database, FixedClock(), settings, route(cipher)).run(stop)
    await close_channels(channels)
    await database.close()


@contextmanager
def workers(home: Path, public_url: str, environment: Mapping[str, str], number: int) -> Iterator[None]:
    """So many of them."""
    command = [sys.executable, "-m", "bench._worker", str(home), public_url]
    running = [subprocess.Popen(command, env=os.environ | environment) for _ in range(number)]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


if __name__ == "__main__":
    configure(level="WARNING")
    run(_stay(Path(sys.argv[1]), sys.argv[2]))
