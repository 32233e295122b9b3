"""What every stand-in for a provider has: an application served on a loopback port, and answers that are none."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self

from aiohttp import ClientSession, web


@dataclass(frozen=True)
class Slow:
    """Accepts at once, and answers only after some seconds."""

    seconds: float


@dataclass(frozen=True)
class Drop:
    """Cuts the connection without an answer, having accepted the message or not."""

    accepted: bool = True


@dataclass(frozen=True)
class Malformed:
    """Accepts, and answers with something else than documented."""

    text: str = "<html>ok</html>"


class Provider:
    """`async with` serves its application at `base`."""

    closes_within: ClassVar[float] = 0.1
    """Seconds for calls that are under way at its end."""
    base: str

    def application(self) -> web.Application:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(self.application(), shutdown_timeout=self.closes_within)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.base = f"http://{host}:{port}"
        self._session = ClientSession()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()
        await self._runner.cleanup()


def cut(request: web.Request) -> web.StreamResponse:
    """The connection ends without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
