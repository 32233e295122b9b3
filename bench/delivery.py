"""How fast messages leave: the whole path against a client that only posts, and against Procrastinate with a job per message.

    python -m bench.delivery [messages] [workers]

Everything runs against one fake provider in the same run. The whole path begins with intents that are written, and ends when the
provider's report on every message has been applied. It is compared with the same requests posted by a client that does nothing else
while the provider's reports are answered and thrown away, and with that client where nobody reports: what then counts is that every
message has left and its acceptance is stored. `least` shows how much of such a client is left to the smallest program that loses no
message and sends none twice, on one narrow table; `contract` how much to one that writes all the rows and makes all the commits of ours.
Both decide nothing.

The fake answers in 5 ms, so that the processor is all that counts. The same is measured once more with answers after 50 ms, which is
still quicker than providers are: there the forty calls that may be under way at once are the limit of both.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
import orjson
import procrastinate

from bench._bound import BODY, Statements, bound
from bench._contract import CONTRACT
from bench._costs import used
from bench._county import County, ask_families, installed, phone, settle
from bench._least import LEAST
from bench._provider import ACCOUNT, OUR_NUMBER, TOKEN, Provider
from bench._web import free_port, web
from bench._worker import workers
from bot.channels.twilio_sms import LIVES_SECONDS
from fanxiao.logs import configure
from fanxiao.running import run
from storage.server import keywords

MESSAGES, WORKERS, AT_ONCE, RATE = 10_000, 2, 40, 100_000.0
LOOK_SECONDS, WARM_SECONDS, CONNECTIONS, BATCH = 0.05, 3.0, 10, 500
QUICK, LIFELIKE = 0.005, 0.05  # seconds until the provider answers
HEADERS = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
KNOWN = {
    "once": "select count(*) from message where state = 'delivered'",
    "none": "select count(*) from message where state = 'sent'",
}
"""By what the provider reports: when it is known of a message that it has arrived, or that it was accepted."""


async def _post(session: aiohttp.ClientSession, url: str, number: str, **further: str) -> str:
    """Gives the provider's name of the message."""
    fields = {"To": number, "From": OUR_NUMBER, "Body": BODY, "ValidityPeriod": str(LIVES_SECONDS), **further}
    async with session.post(url, data=fields, headers=HEADERS) as answer:
        assert answer.status == 201
        return str(orjson.loads(await answer.read())["sid"])


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


async def _reported(county: County, provider: Provider, messages: int) -> float:
    """The same with the provider's reports on them, which somebody answers and throws away: until the last has been answered."""
    provider.tell(clear=True, callbacks="once")
    with web(county.home, free_port(), {}, module="bench._deaf") as url:
        begun = time.perf_counter()
        await _raw(provider, messages, StatusCallback=f"{url}/hooks/twilio_sms/main/status")
        ended = await _until(lambda: provider.tell()["brought"] >= messages)
    return messages / (ended - begun)


async def _kept(home: Path, provider: Provider, messages: int, statements: Statements) -> float:
    """The same, but with what these statements keep, on an installation of its own; nothing is decided."""
    provider.tell(clear=True, callbacks="once")
    with installed(home) as county:
        await settle(county, messages, RATE)
        database = county.database()
        await ask_families(database)
        await database.close()
        county.rows(statements.prepared)
        county.learn()
        with web(home, free_port(), {}, module=statements.module) as url:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

                async def post(number: str) -> str:
                    return await _post(session, provider.url, number, StatusCallback=f"{url}/hooks/twilio_sms/main/status")

                async with bound(county, statements, post, AT_ONCE) as all_of_it:
                    before, begun = used(home), time.perf_counter()
                    await all_of_it.run(messages)
                    ended = time.perf_counter()
                    _show(before, used(home), messages)
        assert county.rows(statements.arrived) == [(messages,)]
    return messages / (ended - begun)


async def _jobs(county: County, provider: Provider, messages: int) -> float:
    """Messages a second of Procrastinate, on a database of its own beside ours; nobody reports."""
    provider.tell(clear=True, callbacks="none")
    with county.server.direct() as connection:
        connection.execute("create database procrastinate")
    address = county.server.bootstrap.set(database="procrastinate")
    connector = procrastinate.PsycopgConnector(conninfo="", max_size=CONNECTIONS, kwargs=keywords(address))
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


async def _whole(home: Path, provider: Provider, messages: int, number: int, callbacks: str) -> float:
    """Messages a second, on an installation of its own, until what can be known of each is stored."""
    provider.tell(clear=True, callbacks=callbacks)
    with installed(home) as county:
        await settle(county, messages, RATE)
        port = free_port()
        environment = provider.environment(f"http://127.0.0.1:{port}")
        with web(county.home, port, environment) as url, workers(home, url, environment, number):
            time.sleep(WARM_SECONDS)  # noqa: ASYNC251 - processes load, and nothing else is to be done meanwhile
            database = county.database()
            before = used(home)
            begun = time.perf_counter()
            await ask_families(database)
            county.learn()
            asked = time.perf_counter()
            # The provider's own counts first: a look at all messages is not free, and would count as ours.
            await _until(lambda: provider.tell()["brought" if callbacks == "once" else "taken"] >= messages)
            ended = await _until(lambda: county.rows(KNOWN[callbacks])[0][0] == messages)
            _show(before, used(home), messages)
            await database.close()
    counts = provider.tell()
    assert counts["distinct"] == counts["taken"] == messages, counts
    print(f"  asking took {asked - begun:.1f} s of {ended - begun:.1f}")
    return messages / (ended - asked)


async def _lifelike(folder: Path, provider: Provider, messages: int, number: int) -> float:
    """The whole path's share of posting with reports, where the provider takes its time."""
    provider.tell(seconds=LIFELIKE)
    with installed(folder / "beside") as county:
        reported = await _reported(county, provider, messages)
    known = await _whole(folder / "known", provider, messages, number, "once")
    provider.tell(seconds=QUICK)
    print(f"answers after {LIFELIKE * 1000:.0f} ms: posting {reported:.0f}, whole path {known:.0f} messages/s", flush=True)
    return known / reported


def _show(before: dict[str, float], after: dict[str, float], messages: int) -> None:
    for name, seconds in after.items():
        print(f"  {name:14} {(seconds - before.get(name, 0.0)) / messages * 1000:6.2f} ms of a core per message")


async def _until(done: Callable[[], bool]) -> float:
    """When it was seen to be so."""
    while not await asyncio.to_thread(done):  # noqa: ASYNC110 - other processes are looked at
        await asyncio.sleep(LOOK_SECONDS)
    return time.perf_counter()


async def _measure(folder: Path, messages: int, number: int) -> None:
    with Provider() as provider:
        with installed(folder / "beside") as county:
            raw = await _raw(provider, messages)
            print(f"only posting                   {raw:7.0f} messages/s", flush=True)
            reported = await _reported(county, provider, messages)
            print(f"posting, reports thrown away   {reported:7.0f} messages/s", flush=True)
            least = await _kept(folder / "least", provider, messages, LEAST)
            print(f"the least that loses nothing   {least:7.0f} messages/s", flush=True)
            contract = await _kept(folder / "contract", provider, messages, CONTRACT)
            print(f"what the contract alone costs  {contract:7.0f} messages/s", flush=True)
            jobs = await _jobs(county, provider, messages)
            print(f"procrastinate                  {jobs:7.0f} messages/s", flush=True)
        sent = await _whole(folder / "sent", provider, messages, number, "none")
        print(f"whole path, until accepted     {sent:7.0f} messages/s", flush=True)
        known = await _whole(folder / "known", provider, messages, number, "once")
        print(f"whole path, until reported     {known:7.0f} messages/s", flush=True)
        lifelike = await _lifelike(folder / "lifelike", provider, messages, number)
    print(f"delivery alternative={sent / jobs:.1f}")
    print(f"delivery accepted={sent / raw:.2f} (against only posting, nobody reports)")
    print(f"delivery strictest={known / raw:.2f} (with reports, against only posting without any)")
    print(f"delivery lifelike={lifelike:.2f} (the same with a provider that takes {LIFELIKE * 1000:.0f} ms to answer)")
    print(f"delivery least={least / reported:.2f} (what the smallest program that loses nothing would reach, nothing decided)")
    print(f"delivery contract={contract / reported:.2f} (the same with the rows and commits of our contract)")
    print(f"delivery of_contract={known / contract:.2f} (the whole path against these)")
    print(f"delivery ratio={known / reported:.2f}")


def main() -> None:
    """Runs it in a folder of its own."""
    configure(level="WARNING")
    given = [int(word) for word in sys.argv[1:]]
    messages, number = [*given, *(MESSAGES, WORKERS)[len(given) :]]
    with tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        run(_measure(Path(folder), messages, number))


if __name__ == "__main__":
    main()
