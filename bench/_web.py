"""The web process as it is installed, but at nine o'clock: `python -m bench._web home port public_url`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench._county import FixedClock
from bot.channels.registry import build_channels
from console.app import create_app
from console.webhooks import Hooks
from fanxiao.logs import configure
from fanxiao.running import run
from fanxiao.serving import listen, serve
from storage import keys, server
from storage.database import Database
from storage.roles import Role


async def _stay(home: Path, port: int, public_url: str) -> None:
    database = Database(server.start(home).url(Role.WEB))
    hooks = Hooks(database, keys.cipher_of_home(home), FixedClock(), build_channels(os.environ), public_url, home)
    async with hooks.running():
        await serve(create_app(hooks), listen("127.0.0.1", port))
    await database.close()


def free_port() -> int:
    """One at which nobody listens now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def web(home: Path, port: int, environment: Mapping[str, str], module: str = "bench._web") -> Iterator[str]:
    """Gives the address at which it answers."""
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", module, str(home), str(port), url]
    process = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(300):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the web process does not answer")


if __name__ == "__main__":
    configure()
    run(_stay(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
