"""A sign of life to a watcher outside: when it stays away, somebody there is told that nobody audits any more."""

from __future__ import annotations

import httpx
import structlog

log = structlog.get_logger("heartbeat")
SECONDS = 10.0


class Heartbeat:
    """Calls `url` after each audit. The address may hold a secret, so it is never logged."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def beat(self) -> bool:
        """Says whether the call arrived; a failure is logged and never in anybody's way."""
        try:
            async with httpx.AsyncClient(timeout=SECONDS) as client:
                (await client.get(self._url)).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("heartbeat failed", action="heartbeat_failed", error=type(error).__name__)
            return False
        return True
