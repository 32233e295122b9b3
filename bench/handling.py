"""How fast families' answers are acted on: read, the case moved, a task ended, the confirmation written.

    python -m bench.handling [replies]

Against the same texts that are taken from the queue by their contact and put aside unread, in the same run; both by the handler of
one worker, nothing else to do.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import event, select

from bench._county import NOW, County, FixedClock, ask_families, installed, outbox, phone, settle
from bench._provider import Provider
from bot.channels.base import Heard, Incoming
from bot.channels.registry import build_channels, close_channels
from bot.channels.twilio_sms import CAPABILITIES
from bot.dialogs.route import route
from bot.inbox.handle import Route, handle
from bot.inbox.receive import store
from bot.worker import Worker
from cases.escalation import settle as settle_case
from fanxiao.logs import configure
from storage.database import Database
from storage.tables import CaseFile, Inbound
from storage.work import Work, working

REPLIES, RATE, WARM_UP = 600, 100_000.0, 20
TEXT = "2"  # comes back


async def _unread(_: Work, __: Inbound) -> str:
    return "unread"


async def _begin_chain(database: Database) -> None:
    """What the plan wants at once of each case is owed before the family answers, as every morning."""
    async with working(database, NOW) as work:
        for case in await work.session.scalars(select(CaseFile)):
            await settle_case(work, case)


async def _bring(county: County, database: Database, replies: int, kind: str) -> None:
    """A text of each family."""
    incoming = [Incoming(f"{kind}{number}", phone(number), "+15005550006", TEXT) for number in range(1, replies + 1)]
    await store(database, county.cipher, CAPABILITIES, Heard(incoming=tuple(incoming)), NOW)
    county.learn()


async def _handled(database: Database, replies: int, how: Route, name: str) -> float:
    """Replies a second."""
    await handle(database, NOW, how, quantity=WARM_UP)
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    event.listen(database.engine.sync_engine, "before_cursor_execute", count)
    begun, used, done = time.perf_counter(), time.process_time(), 0
    while handled := await handle(database, NOW, how):
        done += handled
    seconds, own = time.perf_counter() - begun, time.process_time() - used
    event.remove(database.engine.sync_engine, "before_cursor_execute", count)
    if done != replies - WARM_UP:
        raise SystemExit(f"{done} of {replies} replies handled")
    costs = f"{statements / done:.0f} statements, {own / done * 1000:.0f} ms of its own a reply"
    print(f"{name:10} {done / seconds:6.1f} replies/s, {costs}", flush=True)
    return done / seconds


async def _measure(home: Path, provider: Provider, replies: int) -> None:
    with installed(home) as county:
        plan, database = await settle(county, replies, RATE), county.database()
        channels = build_channels(provider.environment(""))
        try:
            await ask_families(database)
            await _begin_chain(database)
            await Worker(database, FixedClock(), outbox(county, plan, channels), route(county.cipher)).drain(NOW)
            await _bring(county, database, replies, "acted")
            acted = await _handled(database, replies, route(county.cipher), "acted on")
            outcomes = county.rows("select outcome, count(*)::int from inbound group by 1")
            await _bring(county, database, replies, "unread")
            unread = await _handled(database, replies, _unread, "put aside")
        finally:
            await close_channels(channels)
            await database.close()
    print(f"outcomes {outcomes}")
    print(f"handling ratio={acted / unread:.2f}")


def main() -> None:
    """Runs it in a folder of its own."""
    configure(level="ERROR")
    with Provider() as provider, tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        asyncio.run(_measure(Path(folder) / "home", provider, int(sys.argv[1]) if len(sys.argv) > 1 else REPLIES))


if __name__ == "__main__":
    main()
