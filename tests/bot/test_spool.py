"""While the database is away, what providers bring waits on disk: nothing is lost, nothing is doubled, nothing can be read there."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from psycopg.errors import ProgramLimitExceeded
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.android_sms import AndroidSms
from bot.channels.base import Heard, Incoming, Request, Status
from bot.inbox import intake as intakes
from bot.inbox import spool as spools
from bot.inbox.intake import Intake
from bot.inbox.receive import Brought, brought
from bot.inbox.spool import Spool
from console import webhooks
from console.webhooks import Hooks, routes
from storage.crypto import Cipher
from storage.database import Database
from storage.keys import new_key
from storage.tables import DeliveryStatus, Inbound
from tests.bot.test_courier import Scripted
from tests.bot.world import NOW, World

PARENT, WORDS = "+8613893010001", "孩子生病了"
AWAY = OperationalError("", {}, Exception())
OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from bot.inbox.receive import Brought
from bot.inbox.spool import Spool
from storage.crypto import Cipher

async def main():
    spool = Spool(Path(sys.argv[1]), Cipher([sys.argv[2]]), None)
    await spool.keep(Brought([{"provider_id": "theirs"}], []))
    await asyncio.sleep(60)

asyncio.run(main())
"""


class Taking:
    """A database that is away for as long as the test says, and remembers what it was given."""

    def __init__(self) -> None:
        self.error: Exception | None = AWAY
        self.taken: list[str] = []

    async def store(self, call: Brought) -> None:
        if self.error is not None and (call.texts or self.error is AWAY):
            raise self.error
        self.taken += [row["provider_id"] for row in call.texts]


def _call(cipher: Cipher, provider_id: str) -> Brought:
    return brought(cipher, Scripted().capabilities, Heard(incoming=(Incoming(provider_id, PARENT, "1", WORDS),)), NOW)


@pytest.fixture
def taking() -> Taking:
    return Taking()


@pytest.fixture
def spool(tmp_path: Path, cipher: Cipher, taking: Taking) -> Spool:
    return Spool(tmp_path, cipher, taking.store)


def _files(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted(folder.glob(pattern))


async def test_what_waits_cannot_be_read_and_goes_in_order(spool: Spool, taking: Taking, cipher: Cipher, tmp_path: Path) -> None:
    for number in range(3):
        await spool.keep(_call(cipher, f"incoming-{number}"))
    kept = b"".join(path.read_bytes() + path.name.encode() for path in _files(tmp_path))
    for told in (PARENT, PARENT[3:], WORDS, "incoming-"):
        assert told.encode() not in kept
    with pytest.raises(OperationalError):
        await spool.bring()
    assert (spool.is_holding, taking.taken) == (True, [])
    taking.error = None
    assert await spool.bring() == 3
    assert (spool.is_holding, taking.taken, _files(tmp_path)) == (False, ["incoming-0", "incoming-1", "incoming-2"], [])


async def test_many_at_once_share_their_way_to_the_disk(
    spool: Spool, cipher: Cipher, taking: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(spools.os, "fsync", synced.append)
    await asyncio.gather(*(spool.keep(_call(cipher, f"in{number}")) for number in range(200)))
    assert len(synced) < 10
    taking.error = None
    assert await spool.bring() == 200


async def test_killed_before_the_file_is_gone_it_is_brought_again(
    spool: Spool, taking: Taking, cipher: Cipher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await spool.keep(_call(cipher, "in1"))
    taking.error = None

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(spools, "_remove", die)
        with pytest.raises(KeyboardInterrupt):
            await spool.bring()
    assert await Spool(tmp_path, cipher, taking.store).bring() == 1
    assert taking.taken == ["in1", "in1"]  # the provider's id makes one of them


async def test_another_s_file_is_brought_once_it_has_died(taking: Taking, tmp_path: Path) -> None:
    key, taking.error = new_key(), None
    spool = Spool(tmp_path, Cipher([key]), taking.store)
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", OTHER_PROCESS, str(tmp_path), key, stdout=asyncio.subprocess.PIPE)
    assert other.stdout is not None
    assert b"calls_spooled" in await other.stdout.readline()
    assert await spool.bring() == 0
    other.kill()
    await other.wait()
    assert await spool.bring() == 1
    assert (taking.taken, _files(tmp_path)) == (["theirs"], [])


async def test_what_cannot_be_read_or_stored_keeps_nothing_else_out(
    spool: Spool, taking: Taking, cipher: Cipher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await spool.keep(_call(cipher, "in1"))
    (file,) = _files(tmp_path, "*.calls")
    with file.open("ab") as written:
        written.write(b"damaged\n" + Cipher([new_key()]).encrypt("[]") + b"\n" + b"torn")
    taking.error = None
    assert await spool.bring() == 1
    assert (taking.taken, len(_files(tmp_path, "*.unread"))) == (["in1"], 1)
    await spool.keep(_call(cipher, "in2"))
    taking.error = DataError("", {}, Exception())
    assert await spool.bring() == 0
    assert (spool.is_holding, len(_files(tmp_path, "*.unread"))) == (False, 2)
    logged = capsys.readouterr().out
    assert ("calls=2" in logged, PARENT in logged, WORDS in logged) == (True, False, False)


async def test_on_a_full_disk_nothing_counts_as_kept(spool: Spool, taking: Taking, cipher: Cipher, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int, data: memoryview) -> int:
        write(number, data[:10])
        raise OSError(errno.ENOSPC, "full")

    write = os.write
    await spool.keep(_call(cipher, "in1"))
    with monkeypatch.context() as filled:
        filled.setattr(spools.os, "write", full)
        with pytest.raises(OSError, match="full"):
            await spool.keep(_call(cipher, "in2"))
    await spool.keep(_call(cipher, "in3"))
    taking.error = None
    assert await spool.bring() == 2
    assert sorted(taking.taken) == ["in1", "in3"]


class Calling(Scripted):
    """A provider that brings one text and one report with every call."""

    def verify(self, request: Request) -> bool:
        return True

    async def hear(self, request: Request) -> Heard:
        number = request.query["number"]
        return Heard(incoming=(Incoming(f"in{number}", PARENT, "1", WORDS),), statuses=(Status(f"p{number}", "delivered"),))


class Web:
    """Our webhooks, called by that provider; `patience` in seconds."""

    def __init__(self, hooks: Hooks, http: httpx.AsyncClient) -> None:
        self.hooks, self.http = hooks, http

    async def call(self, number: int) -> int:
        return (await self.http.post("/hooks/scripted/main/inbound", params={"number": number})).status_code

    async def bring(self) -> int:
        assert self.hooks._spool is not None
        return await self.hooks._spool.bring()


@pytest.fixture
async def called(world: World, web: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Web]:
    monkeypatch.setattr(webhooks, "PATIENCE", 0.2)
    world.channels["scripted", "main"] = Calling()
    hooks = Hooks(web, world.cipher, world.clock, world.channels, "http://test", tmp_path)
    app = FastAPI(routes=routes(hooks))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as http:
        yield Web(hooks, http)


async def _stored(world: World) -> tuple[list[str], int]:
    texts = await world.all(select(Inbound.provider_id).order_by(Inbound.id))
    return texts, len(await world.all(select(DeliveryStatus)))


async def test_a_provider_is_answered_while_the_database_is_away(called: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> None:
        raise AWAY

    with monkeypatch.context() as gone:
        gone.setattr("bot.inbox.intake.write", away)
        assert [await called.call(number) for number in (1, 2, 2)] == [200, 200, 200]
    assert await called.call(3) == 200  # behind the others, in their order
    assert await _stored(world) == ([], 0)
    await called.bring()
    assert await _stored(world) == (["in1", "in2", "in3"], 3)
    assert await called.call(3) == 200
    assert await _stored(world) == (["in1", "in2", "in3"], 3)
    await world.worker().drain(NOW)
    assert {row.outcome for row in await world.all(select(Inbound))} == {"noted"}


async def test_a_database_that_hangs_counts_as_away(called: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.database.engine.connect() as holding:
        await holding.execute(text("lock table inbound in exclusive mode"))
        with monkeypatch.context() as impatient:
            impatient.setattr(called.hooks._intake, "_seconds", 0.2)
            assert [await called.call(number) for number in (1, 2)] == [200, 200]
    async with asyncio.timeout(10):
        while await _stored(world) != (["in1", "in2"], 2):  # what hung is written now too
            with suppress(TimeoutError):  # while that is not over, as the spool's own loop
                await called.bring()
            await asyncio.sleep(0.05)


async def test_what_is_too_large_for_the_database_is_no_database_that_is_away(
    called: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go to the disk, never come off it, and keep all that came later there."""
    real = intakes.write

    async def full(connection: AsyncConnection, calls: Sequence[Brought]) -> list[int]:
        if any(row["provider_id"] == "in1" for call in calls for row in call.texts):
            raise OperationalError("", {}, ProgramLimitExceeded())
        return await real(connection, calls)

    monkeypatch.setattr(intakes, "write", full)
    with pytest.raises(OperationalError):
        await called.call(1)
    assert [await called.call(2), called.hooks._spool is not None and called.hooks._spool.is_holding] == [200, False]
    assert (await _stored(world))[0] == ["in2"]


async def test_a_call_that_drips_in_is_given_up(called: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "BODY_SECONDS", 0.1)

    async def drips() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    answer = await called.http.post("/hooks/scripted/main/inbound", content=drips())
    assert answer.status_code == 408


async def test_json_thousands_deep_is_a_call_that_does_not_read(called: Web, world: World) -> None:
    phone = AndroidSms("http://127.0.0.1:9", "x", "x", "key")
    world.channels["android_sms", "main"] = phone
    body = b'{"event":"sms:received","payload":' + b"[" * 100_000
    signature = hmac.new(b"key", body + b"1", hashlib.sha256).hexdigest()
    answer = await called.http.post("/hooks/android_sms/main/inbound", content=body, headers={"X-Signature": signature, "X-Timestamp": "1"})
    assert answer.status_code == 400


async def test_where_nothing_can_be_kept_the_provider_is_told_to_come_again(
    called: Web, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise AWAY

    monkeypatch.setattr("bot.inbox.intake.write", away)
    (tmp_path / spools.FOLDER).write_text("a file where the folder should be")
    assert await called.call(1) == 503


async def test_what_another_run_has_left_is_brought_when_the_web_process_starts(called: Web, world: World, tmp_path: Path) -> None:
    left = Spool(tmp_path / spools.FOLDER, world.cipher, Intake(world.database).store)
    await left.keep(_call(world.cipher, "in7"))
    await left._let_go()
    async with called.hooks.running(), asyncio.timeout(10):
        while not (await _stored(world))[0]:  # noqa: ASYNC110 - it shows in the database alone
            await asyncio.sleep(0.05)
    assert (await _stored(world))[0] == ["in7"]
