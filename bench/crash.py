"""Whether anything is lost or said twice when processes are killed, and when the provider or the database is away.

    python -m bench.crash [messages] [replies] [seconds that the database is gone]

Workers, web and database are real processes, killed at random while messages leave and replies come in; every report of the provider
comes before its own answer, twice and out of order. The provider itself is never killed: what it has got is what counts.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import le
from pathlib import Path

from bench._county import NOW, County, ask_families, installed, outbox, phone, settle
from bench._processes import Processes
from bench._provider import Provider
from bench._web import free_port
from bot.channels.registry import build_channels, close_channels
from bot.dialogs.route import route
from bot.worker import Worker
from fanxiao.logs import configure
from storage.tables import WAITING_SQL
from tests.processes.installation import morning_plan

MESSAGES, REPLIES, GONE = 20_000, 5_000, 60.0
RATE, FEW, PARTS = 100_000.0, 300, 3
LIMITS = re.compile(r"per_recipient:\n(?: +- .*\n)+")
"""Officers get what a whole day brings within minutes: their limits would hold it back for hours."""
LEG_SECONDS = 30.0  # within which the messages of a leg may leave, so that something can happen meanwhile
BETWEEN_KILLS = (0.0, 2.0)
MOST_KILLS = 60
"""The next kill waits until this part of the messages has gone through: a slow machine is to be hit in full flow, too."""
FAULT_SECONDS, CUT_SECONDS = 6.0, 1.0
PATIENCE = 240.0
UNDER_WAY = f"""
select (select count(*) from intent where state = 'pending' and due_at < clock_timestamp() + interval '1 hour')
     + (select count(*) from message where state in {WAITING_SQL})
     + (select count(*) from inbound where handled_at is null) + (select count(*) from attempt where outcome is null or outcome = 'unknown')
     + (select count(*) from delivery_status join message using (channel, provider_id) where applied_at is null)
"""
FOUND = """
select (select count(*) from message),
    (select count(*) from message where state in ('sent', 'delivered') or (state = 'answered' and provider_id is not null)),
    (select count(*) from message where state in ('delivered', 'answered')),
    (select count(*) from intent where state <> 'queued' and not (state = 'pending' and due_at > clock_timestamp()) and not (
        state = 'dropped' and reason = 'no_longer_true'
        and exists (select from guardian_answer answered where answered.student_id = intent.student_id)
    )),
    (select count(*) from inbound where handled_at is not null), (select count(*) from attempt where outcome = 'lost')
"""
"""What is lost was never said, or is held to be said though the provider never got it. A question that was dropped
is not lost only where the family's answer is on record, nor is one that was answered before it could be put. What is for
another day, as the reminder of a promise, is not under way."""

IN_FLIGHT = "select count(*)::int from attempt where outcome = 'lost' group by epoch order by epoch"
"""Calls that were made and whose answer was not written, by the lease under which they were made."""


@dataclass
class Town:
    """An installation whose processes run, its provider, and what it has been given to do."""

    county: County
    provider: Provider
    processes: Processes
    messages: int
    replies: int = 0
    begun: float = field(default_factory=time.monotonic)

    def bring_replies(self, replies: int) -> None:
        """Each from a family of its own; brought again until it is taken."""
        self.replies = replies
        hook = f"http://127.0.0.1:{self.processes.port}/hooks/twilio_sms/main/inbound"
        texts = [{"sid": f"SM{number:032}", "from": phone(number), "body": "2"} for number in range(1, replies + 1)]
        self.provider.tell(texts=[(hook, text) for text in texts])

    def finish(self) -> None:
        """Until nothing is under way any more."""

        def is_done() -> bool:
            counts = self.provider.tell()
            return not counts["waiting"] and counts["taken"] >= self.messages and not self.county.rows(UNDER_WAY)[0][0]

        self.processes.until("all done", is_done, PATIENCE + self.messages / 50 + self.replies / 5)

    def report(self, name: str) -> tuple[int, int]:
        """Prints and gives what was lost and what was said twice."""
        counts = self.provider.tell()
        ((messages, said, arrived, unsaid, handled, lost_calls),) = self.county.rows(FOUND)
        lost = max(0, said - counts["distinct"]) + unsaid + (self.replies - handled)
        outcomes = dict(self.county.rows("select coalesce(outcome, '-'), count(*)::int from inbound group by 1"))
        states = self.county.rows("select state, reason, count(*)::int from intent group by 1, 2 order by 1, 2")
        sent = self.county.rows("select state, count(*)::int, count(provider_id)::int from message group by 1 order by 1")
        print(f"{name}: intents {states}, messages (state, number, with a provider's id) {sent}, provider {counts}")
        print(f"{name}: {time.monotonic() - self.begun:.0f} s, replies {outcomes}")
        print(f"{name}: {messages} messages, {arrived} known to have arrived, {handled} replies, {self.processes.kills} kills", flush=True)
        if counts["given_up"]:
            print(f"{name}: {counts['given_up']} calls of the provider were not taken")
        print(f"{name}: in flight, each time that another took over: {[count for (count,) in self.county.rows(IN_FLIGHT)]}")
        print(f"{name}: lost={lost} duplicates={counts['duplicates']} in_doubt_resolved={self.processes.doubts()} in_flight={lost_calls}")
        return lost, counts["duplicates"]


@contextmanager
def _town(folder: Path, provider: Provider, messages: int, module: str = "fanxiao") -> Iterator[Town]:
    folder.mkdir()
    now, port = datetime.now(UTC), free_port()
    plan = folder / "plan.yaml"
    plan.write_text(LIMITS.sub("per_recipient: []\n", morning_plan(now)), encoding="utf-8")
    environment = provider.environment(f"http://127.0.0.1:{port}") | {"FANXIAO_HOME": str(folder / "home"), "FANXIAO_PLAN": str(plan)}
    with installed(folder / "home") as county:
        asyncio.run(_give_work(county, messages, plan.read_text(encoding="utf-8"), now))
        processes = Processes(county, folder, port, environment, module)
        provider.tell(clear=True, mode="ok", callbacks="messy", early=True, patient=True)
        processes.begin()
        try:
            yield Town(county, provider, processes, messages)
        finally:
            processes.end()


async def _give_work(county: County, messages: int, plan: str, now: datetime) -> None:
    await settle(county, messages, PARTS * messages / LEG_SECONDS, plan, now)
    database = county.database()
    await ask_families(database, now)
    await database.close()


def _killed(folder: Path, provider: Provider, messages: int, replies: int, module: str, name: str) -> tuple[int, int]:
    """Kills until nearly all has left."""
    with _town(folder, provider, messages, module) as town:
        random = town.processes.random
        town.processes.until("first messages", lambda: provider.tell()["taken"] > 0, PATIENCE)
        town.bring_replies(replies)
        while (taken := provider.tell()["taken"]) < messages * 0.9:
            town.processes.kill_one()
            _wait_for(town, partial(le, taken + messages // MOST_KILLS))
            time.sleep(random.uniform(*BETWEEN_KILLS))
        town.finish()
        return town.report(name)


def _faults(folder: Path, provider: Provider, messages: int, replies: int, gone: float) -> tuple[int, int]:
    """Refusals for a while, calls that are accepted and cut off, and a database that is gone while families write.

    What the provider brings then it brings once, as Twilio does.
    """
    with _town(folder, provider, messages) as town:
        _wait_for(town, lambda taken: taken > 0)
        for mode, seconds in (("429", FAULT_SECONDS), ("cut", CUT_SECONDS), ("500", FAULT_SECONDS)):
            provider.tell(mode=mode)
            time.sleep(seconds)
            provider.tell(mode="ok")
            time.sleep(1)
        provider.tell(patient=False)
        town.processes.freeze_database(gone, lambda: town.bring_replies(replies))
        provider.tell(patient=True)
        town.finish()
        return town.report("faults")


def _wait_for(town: Town, enough: Callable[[int], bool]) -> None:
    town.processes.until("messages", lambda: enough(town.provider.tell()["taken"]), PATIENCE)


class _Hands:
    """A clock that is set by hand, also back."""

    def __init__(self) -> None:
        self.time = NOW

    async def now(self) -> datetime:
        return self.time


async def _six_hours(home: Path, provider: Provider) -> tuple[int, int]:
    """Nobody can connect to the provider from nine to three; the clock jumps, and once back."""
    provider.tell(clear=True, mode="down", callbacks="none", early=False)
    with installed(home) as county:
        plan, database, clock = await settle(county, FEW, RATE), county.database(), _Hands()
        channels = build_channels(provider.environment(""))
        worker = Worker(database, clock, outbox(county, plan, channels), route(county.cipher))
        try:
            await ask_families(database)
            for minutes in [*range(0, 360, 20), 340, *range(360, 720, 20)]:
                if minutes == 360:
                    provider.tell(mode="ok")
                clock.time = NOW + timedelta(minutes=minutes)
                await worker.drain(clock.time)
        finally:
            await close_channels(channels)
            await database.close()
        counts = provider.tell()
        print(f"six hours without provider: lost={FEW - counts['distinct']} duplicates={counts['duplicates']}", flush=True)
        return FEW - counts["distinct"], counts["duplicates"]


def _measure(folder: Path, messages: int, replies: int, gone: float) -> bool:
    """Whether all is as promised."""
    with Provider() as provider:
        steps = asyncio.run(_six_hours(folder / "stepped", provider))
        faults = _faults(folder / "faults", provider, max(FEW, messages // 4), max(FEW, replies // 10), gone)
        unasked = _killed(folder / "unasked", provider, messages, replies, "bench._unasked", "cannot be asked")
        asked = _killed(folder / "asked", provider, messages, replies, "fanxiao", "can be asked")
    return unasked[0] == 0 and steps == faults == asked == (0, 0)


def main() -> int:
    """Runs it in a folder of its own; gives 1 when anything was lost or, where that can be known, said twice."""
    configure(level="ERROR")
    given = [float(word) for word in sys.argv[1:]]
    messages, replies, gone = [*given, *(MESSAGES, REPLIES, GONE)[len(given) :]]
    with tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        return 0 if _measure(Path(folder), int(messages), int(replies), gone) else 1


if __name__ == "__main__":
    sys.exit(main())
