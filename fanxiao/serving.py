"""Runs a web application in our own event loop until we are told to stop, so that storage is closed in order afterwards."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from fanxiao.connections import Connection
from storage.faults import StartFault

GRACE = 5
"""Seconds that a call under way is given at the end; open pages listen for as long as they are open."""
STOPPING = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else is done. Raises StartFault when somebody has the port."""
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise StartFault("port_taken", port=port) from error
    return taken


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn raises them again at its end, which would skip the closing of storage."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._tell is not None:
            self._tell()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, at: socket.socket, *, started: Callable[[], None] | None = None) -> None:
    """Until a signal comes. `started` is called once it answers."""
    server = _Server(
        uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=GRACE, http=Connection
        ),
        started,
    )

    def stop() -> None:
        server.should_exit = True

    with stopping(stop):
        await server.serve(sockets=[at])


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Inside, an interrupt or a request to end calls `stop`, within the running loop."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
