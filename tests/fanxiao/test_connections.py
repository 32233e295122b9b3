"""Who opens a connection and says nothing, a little at a time, or endlessly, is shut out; whoever asks is answered."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fanxiao import connections
from fanxiao.serving import listen, serve


async def _slowly(request: Request) -> PlainTextResponse:
    await asyncio.sleep(0.5)
    return PlainTextResponse(f"{len(await request.body())}")


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    taken, started = listen("127.0.0.1", 0), asyncio.Event()
    running = asyncio.create_task(serve(Starlette(routes=[Route("/", _slowly, methods=["POST"])]), taken, started=started.set))
    await started.wait()
    yield taken.getsockname()[1]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"


@pytest.mark.parametrize("said", [b"", b"POST / HTTP/1.1\r\nHost: "])
async def test_a_head_that_does_not_come_ends_the_connection(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    began = time.monotonic()
    assert await asyncio.wait_for(reader.read(), 3) == b""
    assert time.monotonic() - began < 2
    writer.close()


async def test_a_head_without_end_ends_the_connection(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nX: " + b"x" * 200_000)
    began = time.monotonic()
    with suppress(ConnectionError):  # it is reset, as not all was read
        assert await asyncio.wait_for(reader.read(), 3) == b""
    assert time.monotonic() - began < 0.25  # sooner than one that is too slow
    writer.close()


async def test_a_request_that_takes_longer_than_its_head_may_is_answered_twice(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(HEAD + b"abc")
        head = await reader.readuntil(b"\r\n\r\n")
        assert (head[:12], await reader.readexactly(1)) == (b"HTTP/1.1 200", b"3")
    writer.close()


async def test_who_sends_far_too_much_reads_the_refusal(port: int) -> None:
    """The answer comes before the body has; cut off, the caller would never see it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n")
    await asyncio.sleep(0.05)
    writer.write(b"x" * 3_000_000 + HEAD + b"abc")
    await writer.drain()
    assert (await reader.readuntil(b"\r\n\r\n"))[:12] == b"HTTP/1.1 404"
    assert b"HTTP/1.1 200" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
