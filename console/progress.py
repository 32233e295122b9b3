"""Long work that somebody waits for on a page: how far it is travels ahead of its answer, in the same call.

So no process has to know of another's work. The answer is lines of JSON while it goes on, {"done": 3, "total": 200}, and then one line that
says what has come of it: {"go": address}, {"page": html}, or {"file": name, "type": …} with the file's bytes behind it.
A browser without our script asks for no progress, and gets the answer as it is.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response, StreamingResponse

PART, ASKED = "x-part", "progress"
HEADERS = {"Content-Encoding": "identity", "X-Accel-Buffering": "no"}
"""Held back by nobody on the way: neither compressed nor gathered."""
NAME = re.compile(r'filename="([^"]+)"')
RUNNING: set[asyncio.Task[Response]] = set()
Tell = Callable[[int, int], None]
"""Called with how much is done, and of how much; from any thread."""


async def with_progress(request: Request, work: Callable[[Tell], Awaitable[Response]]) -> Response:
    """The answer of `work`, behind how far it is where the page's script asked for that.

    Work that has begun is finished, also when its page is closed.
    """
    if request.headers.get(PART) != ASKED:
        return await work(lambda _done, _total: None)
    return StreamingResponse(_lines(work), media_type="application/x-ndjson", headers=HEADERS)


async def _lines(work: Callable[[Tell], Awaitable[Response]]) -> AsyncIterator[bytes]:
    told: asyncio.Queue[tuple[int, int] | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(done: int, total: int) -> None:
        loop.call_soon_threadsafe(told.put_nowait, (done, total))

    task = asyncio.ensure_future(work(tell))
    RUNNING.add(task)
    task.add_done_callback(RUNNING.discard)
    task.add_done_callback(lambda _: told.put_nowait(None))
    while (far := await told.get()) is not None:
        yield _line(done=far[0], total=far[1])
    for part in _come_of_it(await task):
        yield part


def _come_of_it(answer: Response) -> tuple[bytes, ...]:
    if "location" in answer.headers:
        return (_line(go=answer.headers["location"]),)
    named = NAME.search(answer.headers.get("content-disposition", ""))
    if named is None:
        return (_line(page=bytes(answer.body).decode()),)
    return (_line(file=named[1], type=answer.media_type), bytes(answer.body))


def _line(**said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"
