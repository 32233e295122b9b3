"""Connections that say too little for too long, or too much before they ask for anything, are closed: they keep others out."""

from __future__ import annotations

import asyncio

import structlog
from uvicorn.protocols.http.auto import AutoHTTPProtocol

log = structlog.get_logger("web")
HEAD_SECONDS = 20.0
"""For the head of a request to arrive. uvicorn itself waits for ever."""
LARGEST_HEAD = 64 * 1024
"""Bytes of a request's head."""


class Connection(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """As uvicorn's, with a time and a size for each request's head. How long a body may take is for whoever reads it to say."""

    _late: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head = self._head + len(data) if self._is_idle() and not self._is_answered_early() else 0
        if self._is_idle() and self._late is None:
            self._wait()
        super().data_received(data)
        if not self._is_idle():
            self._stop_waiting()
        elif self._head > LARGEST_HEAD and not self._is_answered_early():
            self._close("head_too_large")

    def _is_idle(self) -> bool:
        """Whether nobody waits for an answer."""
        return self.cycle is None or self.cycle.response_complete

    def _is_answered_early(self) -> bool:
        """Whether the rest of a body comes in that nobody waits for: who is cut off while sending never reads the answer."""
        return self.cycle is not None and self.cycle.response_complete and self.cycle.more_body

    def _wait(self) -> None:
        self._late = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._close, "head_too_slow")

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self, why: str) -> None:
        if self in self.connections and self._is_idle() and not self.transport.is_closing():  # it may speak WebSocket by now
            log.warning("connection closed", action="connection_closed", why=why)
            self.transport.close()
