"""A very cheap Twilio in a process of its own, so that what is measured or killed is never the provider.

It takes and lists messages, calls the status callbacks back, brings texts in, and can be told to fail. Told so in lines of JSON:

    python -m bench._provider
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from fanxiao.running import run

ACCOUNT, TOKEN = "AC" + "0" * 32, "t" * 32
OUR_NUMBER = "+15005550006"
ANSWER_SECONDS = 0.005
SLOW_SECONDS = 12.0  # longer than we wait
CALLERS = 16  # connections to our webhooks
AGAIN_SECONDS = 0.2  # until a call to us that was not taken is made again
LONGEST_LINE = 64 * 1024 * 1024
REFUSALS = {"429": (429, b'{"code":20429,"message":"too many","status":429}'), "500": (500, b'{"code":20500,"message":"?","status":500}')}
CALLBACKS: dict[str, tuple[str, ...]] = {
    "none": (),
    "once": ("delivered",),
    "messy": ("delivered", "sent", "delivered", "queued"),  # out of order, and twice
}
"""Statuses that are reported of every message."""


@dataclass
class State:
    """What it has got, and how it is to behave."""

    mode: str = "ok"
    seconds: float = ANSWER_SECONDS  # until it answers that it took a message
    callbacks: str = "none"
    early: bool = False  # reports before the answer to the very call
    calls: int = 0
    asked: int = 0
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_number: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    connections: set[asyncio.Transport] = field(default_factory=set)
    outgoing: asyncio.Queue[tuple[str, dict[str, str]]] = field(default_factory=asyncio.Queue)
    brought: int = 0
    patient: bool = True  # whether a call to us that was not taken is made again
    given_up: int = 0

    def clear(self) -> None:
        self.calls = self.asked = self.brought = self.given_up = 0
        self.taken.clear()
        self.by_number.clear()

    def counts(self) -> dict[str, int]:
        taken = self.taken.total()
        told = {"taken": taken, "distinct": len(self.taken), "duplicates": taken - len(self.taken), "calls": self.calls}
        return told | {"asked": self.asked, "brought": self.brought, "waiting": self.outgoing.qsize(), "given_up": self.given_up}


class Connection(asyncio.Protocol):
    """One client's connection: requests one after the other."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._state.connections.add(self._transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._state.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _length(head)
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, target, _ = head.split(b" ", 2)
        if method == b"GET":
            self._list(target.decode())
        else:
            self._create(dict(parse_qsl(rest[:length].decode())))

    def _create(self, form: dict[str, str]) -> None:
        state = self._state
        state.calls += 1
        if state.mode in REFUSALS:
            self._later(*REFUSALS[state.mode])
            return
        message = _accept(state, form)
        if state.mode == "cut":
            self._transport.abort()
            return
        body = json.dumps(message).encode()
        self._later(201, body, SLOW_SECONDS if state.mode == "slow" else state.seconds)

    def _list(self, target: str) -> None:
        self._state.asked += 1
        asked = parse_qs(urlsplit(target).query)
        rows = self._state.by_number[asked["To"][0]][::-1]
        self._later(200, json.dumps({"messages": rows, "next_page_uri": None, "page": 0, "page_size": 200, "uri": target}).encode())

    def _later(self, status: int, body: bytes, seconds: float = ANSWER_SECONDS) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        asyncio.get_running_loop().call_later(seconds, self._answer, head + body)

    def _answer(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


def _accept(state: State, form: dict[str, str]) -> dict[str, Any]:
    sid = "SM" + secrets.token_hex(16)
    message = {"sid": sid, "to": form["To"], "from": form["From"], "body": form["Body"], "status": "queued"}
    message |= {"date_created": format_datetime(datetime.now(UTC)), "account_sid": ACCOUNT}
    state.taken[form["To"], form["Body"]] += 1
    state.by_number[form["To"]].append(message)
    url = form.get("StatusCallback")
    if url is not None:
        seconds = 0.0 if state.early else 2 * state.seconds
        for status in CALLBACKS[state.callbacks]:
            report = {"MessageSid": sid, "MessageStatus": status, "AccountSid": ACCOUNT, "To": form["To"], "From": form["From"]}
            asyncio.get_running_loop().call_later(seconds, state.outgoing.put_nowait, (url, report))
    return message


class Caller:
    """One connection on which we are called. What is not taken is brought again."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._signs = RequestValidator(TOKEN).compute_signature
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        while True:
            url, form = await self._state.outgoing.get()
            while not (taken := await self._is_taken(url, form)) and self._state.patient:  # noqa: ASYNC110 - the other side is tried again
                await asyncio.sleep(AGAIN_SECONDS)
            self._state.brought += taken
            self._state.given_up += not taken

    async def _is_taken(self, url: str, form: dict[str, str]) -> bool:
        try:
            async with asyncio.timeout(15):
                return await self._post(url, form) < 300
        except (OSError, EOFError, ValueError, asyncio.IncompleteReadError, TimeoutError):
            if self._streams is not None:
                self._streams[1].close()
            self._streams = None
            return False

    async def _post(self, url: str, form: dict[str, str]) -> int:
        parts, body = urlsplit(url), urlencode(form).encode()
        if self._streams is None:
            self._streams = await asyncio.open_connection(parts.hostname, parts.port)
        reader, writer = self._streams
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        head += f"X-Twilio-Signature: {self._signs(url, form)}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length(answer))
        return int(answer.split(b" ", 2)[1])


class Providing:
    """Serves, and does what it is told on its standard input."""

    def __init__(self) -> None:
        self._state = State()
        self._server: asyncio.Server | None = None
        self._port = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        await self._open()
        self._tasks = [asyncio.create_task(Caller(self._state).run()) for _ in range(CALLERS)]
        reader = asyncio.StreamReader(limit=LONGEST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        print(json.dumps({"port": self._port}), flush=True)
        while line := await reader.readline():
            print(json.dumps(await self._told(json.loads(line))), flush=True)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        make: Callable[[], Connection] = lambda: Connection(self._state)  # noqa: E731 - a factory
        self._server = await loop.create_server(make, "127.0.0.1", self._port, backlog=1000)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _told(self, wanted: dict[str, Any]) -> dict[str, int]:
        if wanted.get("clear"):
            self._state.clear()
        for name in ("callbacks", "early", "patient", "seconds"):
            if name in wanted:
                setattr(self._state, name, wanted[name])
        if "mode" in wanted:
            await self._become(wanted["mode"])
        for url, text in wanted.get("texts", ()):
            form = {"MessageSid": text["sid"], "AccountSid": ACCOUNT, "From": text["from"], "To": OUR_NUMBER, "Body": text["body"]}
            self._state.outgoing.put_nowait((url, form))
        return self._state.counts() | {"has": int(wanted.get("has") in self._state.by_number)}

    async def _become(self, mode: str) -> None:
        """`down` is a provider to which nobody can connect."""
        self._state.mode = mode
        if mode == "down" and self._server is not None:
            self._server.close()
            self._server = None
            for transport in list(self._state.connections):
                transport.abort()
        elif mode != "down" and self._server is None:
            await self._open()


class Provider:
    """The other end of it: `with Provider() as provider:`."""

    def __enter__(self) -> Provider:
        self._process = subprocess.Popen([sys.executable, "-m", "bench._provider"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.base = f"http://127.0.0.1:{self._read()['port']}"
        self.url = f"{self.base}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def tell(self, **wanted: Any) -> dict[str, int]:
        """Changes its behaviour (`clear`, `mode`, `callbacks`, `early`, `patient`, `seconds`, `texts`); gives what it has counted."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._process.stdin.flush()
        return self._read()

    def has(self, number: str) -> bool:
        """Whether it got a message to this number."""
        return bool(self.tell(has=number)["has"])

    def environment(self, public_url: str) -> dict[str, str]:
        """Settings of an installation that uses it."""
        return {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_API_BASE": self.base,
            "FANXIAO_PUBLIC_URL": public_url,
        }

    def _read(self) -> dict[str, int]:
        assert self._process.stdout is not None
        told: dict[str, int] = json.loads(self._process.stdout.readline())
        return told


if __name__ == "__main__":
    run(Providing().run())
