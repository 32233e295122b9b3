"""Whether providers get through to us: our own webhook is called as a stranger would, by the address that they use."""

from __future__ import annotations

import aiohttp

from bot.channels.base import Trouble

SECONDS = 10.0
FORGED, UNKNOWN_ACCOUNT = 403, 404


async def reach_troubles(hooks: str) -> list[Trouble]:
    """Below `hooks` our web process refuses an unsigned call as forged, and one of an account that it does not know as not found."""
    url = f"{hooks}/inbound"
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, allow_redirects=False) as answer:
            status = answer.status
    except aiohttp.ClientSSLError:
        return [Trouble("own_certificate", url)]
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return [Trouble("own_unreachable", url)]
    if status == UNKNOWN_ACCOUNT:
        return [Trouble("own_unknown", url)]
    return [] if status == FORGED else [Trouble("own_other", f"{url} {status}")]
