"""How fast messages leave: the whole path against a client that only posts, and against Procrastinate with a job per message.

    python -m bench.delivery [messages] [profile]

Everything runs against one fake provider in the same run. The whole path begins with intents that are written, and ends when the
provider's report on every message has been applied. `profile` prints what its process spends its time on.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import aiohttp
import procrastinate

from bench._costs import used
from bench._county import County, FixedClock, ask_families, installed, outbox, phone, settle
from bench._provider import ACCOUNT, OUR_NUMBER, TOKEN, Provider
from bench._web import free_port, web
from bot.channels.registry import build_channels, close_channels
from bot.dialogs.route import route
from bot.outbox import courier
from bot.worker import Worker
from fanxiao.logs import configure
from fanxiao.running import run

MESSAGES, AT_ONCE, RATE = 4000, 40, 100_000.0
LOOK_SECONDS, CONNECTIONS = 0.05, 10
BODY = (
    "【东乡县教育局】马小龙家长您好，锁南小学三(2)班的马小龙今天还没到校，老师很惦记。请回数字：1生病请假 2今天送来 3明天送来 4已转学搬走"
)
HEADERS = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}


class Stages:
    """Seconds that passed inside each stage. Stages overlap each other."""

    def __init__(self) -> None:
        self.took: defaultdict[str, float] = defaultdict(float)

    def of(self, name: str, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def timed(*values: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return await function(*values, **named)
            finally:
                self.took[name] += time.perf_counter() - begun

        return timed

    def show(self) -> None:
        for name, seconds in self.took.items():
            print(f"  {name:10} {seconds:7.2f} s")


async def _post(session: aiohttp.ClientSession, url: str, number: str, **further: str) -> None:
    async with session.post(url, data={"To": number, "From": OUR_NUMBER, "Body": BODY, **further}, headers=HEADERS) as answer:
        assert answer.status == 201
        await answer.read()


async def _reported(county: County, provider: Provider, messages: int) -> float:
    """The same with the provider's reports on them, which somebody answers and throws away: until the last has been answered."""
    provider.tell(clear=True, callbacks="once")
    with web(county.home, free_port(), {}, module="bench._deaf") as url:
        begun = time.perf_counter()
        await _raw(provider, messages, StatusCallback=f"{url}/hooks/twilio_sms/main/status")
        ended = await _until(lambda: provider.tell()["brought"] >= messages)
    provider.tell(callbacks="none")
    return messages / (ended - begun)


async def _raw(provider: Provider, messages: int, **further: str) -> float:
    """Messages a second of a client that does nothing but post."""
    numbers = iter(range(1, messages + 1))

    async def post_on(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            await _post(session, provider.url, phone(number), **further)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        begun = time.perf_counter()
        await asyncio.gather(*(post_on(session) for _ in range(AT_ONCE)))
        return messages / (time.perf_counter() - begun)


async def _jobs(county: County, provider: Provider, messages: int) -> float:
    """Messages a second of Procrastinate, on a database of its own beside ours."""
    with county.server.direct() as connection:
        connection.execute("create database procrastinate")
    address = county.server.bootstrap.set(database="procrastinate")
    connector = procrastinate.PsycopgConnector(
        conninfo="", max_size=CONNECTIONS, kwargs=address.translate_connect_args(username="user", database="dbname") | dict(address.query)
    )
    app = procrastinate.App(connector=connector)
    async with app.open_async(), aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        await app.schema_manager.apply_schema_async()

        @app.task(name="bench.send")
        async def send(number: str) -> None:
            await _post(session, provider.url, number)

        await send.configure().batch_defer_async(*({"number": phone(number)} for number in range(1, messages + 1)))
        begun = time.perf_counter()
        await app.run_worker_async(concurrency=AT_ONCE, wait=False, install_signal_handlers=False, listen_notify=False)
        return messages / (time.perf_counter() - begun)


async def _whole(county: County, provider: Provider, messages: int, profiler: cProfile.Profile | None) -> tuple[float, float]:
    """Messages a second until each has left, and until each is known to have arrived."""
    plan = await settle(county, messages, RATE)
    port = free_port()
    environment = provider.environment(f"http://127.0.0.1:{port}")
    provider.tell(clear=True, callbacks="once")
    with web(county.home, port, environment) as url:
        channels = build_channels(environment)
        stages, database = Stages(), county.database()
        try:
            await ask_families(database)
            county.rows("analyze")
            worker = Worker(database, FixedClock(), outbox(county, plan, channels, url), route(county.cipher))
            _watch(stages, worker)
            with profiler or nullcontext():
                speeds = await _until_known(county, worker, provider, messages)
            stages.show()
        finally:
            await close_channels(channels)
            await database.close()
    provider.tell(callbacks="none")
    return speeds


def _watch(stages: Stages, worker: Any) -> None:
    courier.PickUp.take = stages.of("pick up", courier.PickUp.take)  # type: ignore[method-assign]
    courier.Courier._call = stages.of("call", courier.Courier._call)  # type: ignore[method-assign]
    courier.Courier._conclude = stages.of("conclude", courier.Courier._conclude)  # type: ignore[method-assign]

    worker._dispatch = stages.of("dispatch", worker._dispatch)
    worker._statuses = stages.of("statuses", worker._statuses)


async def _until_known(county: County, worker: Worker, provider: Provider, messages: int) -> tuple[float, float]:
    """Looked at from another thread and seldom, so that looking costs next to nothing."""
    stop, begun, before = asyncio.Event(), time.perf_counter(), used(county.home)
    running = asyncio.create_task(worker.run(stop))

    def left() -> bool:
        return provider.tell()["taken"] >= messages

    sent = await _until(left) - begun
    with county.server.direct() as looking:

        def arrived() -> bool:
            found = looking.execute("select count(*) from message where state = 'delivered'").fetchone()
            return found is not None and found[0] == messages

        known = await _until(arrived) - begun
    for name, seconds in used(county.home).items():
        print(f"  {name:14} {(seconds - before.get(name, 0.0)) / messages * 1000:6.2f} ms of a core per message")
    stop.set()
    await running
    return messages / sent, messages / known


async def _until(done: Callable[[], bool]) -> float:
    """When it was seen to be so."""
    while not await asyncio.to_thread(done):  # noqa: ASYNC110 - other processes are looked at
        await asyncio.sleep(LOOK_SECONDS)
    return time.perf_counter()


async def _measure(home: Path, messages: int, profiler: cProfile.Profile | None) -> None:
    with Provider() as provider, installed(home) as county:
        raw = await _raw(provider, messages)
        print(f"only posting    {raw:7.0f} messages/s", flush=True)
        reported = await _reported(county, provider, messages)
        print(f"posting, reports thrown away {reported:7.0f} messages/s", flush=True)
        provider.tell(clear=True)
        jobs = await _jobs(county, provider, messages)
        print(f"procrastinate   {jobs:7.0f} messages/s", flush=True)
        sent, known = await _whole(county, provider, messages, profiler)
        print(f"whole path      {sent:7.0f} messages/s until sent, {known:.0f} until known to have arrived")
        counts = provider.tell()
        assert counts["distinct"] == counts["taken"] == messages, counts
    print(f"delivery alternative={known / jobs:.1f}")
    print(f"delivery ratio={known / raw:.2f}")


def main() -> None:
    """Runs it in a folder of its own."""
    configure(level="WARNING")
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    profiler = cProfile.Profile() if "profile" in sys.argv else None
    with tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        run(_measure(Path(folder) / "home", messages, profiler))
    if profiler is not None:
        pstats.Stats(profiler).sort_stats("cumtime").print_stats(110)


if __name__ == "__main__":
    main()
