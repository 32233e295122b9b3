"""How long a duty message waits while a campaign stands in the queue, against an empty queue.

    python -m bench.lanes [publicity]

The same worker, sender and rate; first with nothing else to do, then while 300,000 publicity messages wait on the sender's queue and
leave as fast as the sender may, then while as many more are still to be put into words. Prints the median and the longest time from the
commit of the intent until the provider has the message, and the ratio of the medians.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench._county import NOW, County, installed, phone, settle
from bench._provider import Provider
from bench._worker import workers
from fanxiao.logs import configure
from fanxiao.running import run
from storage.database import Database
from storage.work import working

PUBLICITY, RATE, SAMPLES, WARM_SECONDS = 300_000, 50.0, 15, 4.0
LOOK_SECONDS, PATIENCE = 0.02, 60.0
CROWD = """
insert into contact (kind, address_encrypted, address_index)
    select 'phone', address_encrypted, int8send(number) from contact, generate_series(1::bigint, {number}) number where contact.id = 1;
insert into person (id, name, name_pinyin, area_code)
    select 1000000 + number, '马' || number, 'ma', '622926100' from generate_series(1::bigint, {number}) number;
insert into person_contact (person_id, contact_id)
    select 1000000 + row_number() over (), id from contact where address_index in
    (select int8send(number) from generate_series(1::bigint, {number}) number)
"""
QUEUED = """
insert into message (sender_id, channel, contact_id, person_id, area_code, urgency, template, body, parts, state, queued_at,
    expires_at, tries)
    select 1, 'twilio_sms', contact_id, person_id, '622926100', 'bulk', 'publicity', '义务教育免费', 1, 'queued', '{now}', '{end}', 0
    from person_contact where person_id > 1000000;
insert into intent (dedupe_key, person_id, template, urgency, facts, area_code, created_at, due_at, expires_at, state, message_id, calls)
    select 'c:' || id, person_id, 'publicity', 'bulk', '{{}}', '622926100', '{now}', '{now}', '{end}', 'queued', id, 0
    from message where urgency = 'bulk';
select create_queue('out_1_bulk');
select pgmq.send_batch('out_1_bulk', array(select jsonb_build_object('message_id', id) from message where urgency = 'bulk'));
analyze
"""
PENDING = """
insert into intent (dedupe_key, person_id, template, urgency, facts, area_code, created_at, due_at, expires_at, state, calls)
    select 'd:' || person_id, person_id, 'publicity', 'bulk', '{{"words": "义务教育免费"}}', '622926100',
    '{now}', '{now}', '{end}', 'pending', 0
    from person_contact where person_id > 1000000;
analyze
"""


def _run(county: County, script: str, number: int) -> None:
    filled = script.format(number=number, now=NOW.isoformat(), end="2026-11-28")
    with county.server.direct() as connection:
        for statement in filled.split(";\n"):
            connection.execute(statement.encode())


async def _wait_of(database: Database, county: County, number: int, provider: Provider) -> float:
    """Seconds from the commit until the provider has it."""
    person = county.rows("select distinct person_id from guardianship order by 1 offset %s limit 1", number)[0][0]
    async with working(database, NOW) as work:
        work.say(
            f"lane:{number}",
            person,
            "welcome_back",
            area_code="622926100",
            facts={"child": "小龙", "school": "锁南小学", "school_phone": "0930-7120001"},
        )
    begun = time.perf_counter()
    while not provider.has(phone(number + 1)):
        if time.perf_counter() - begun > PATIENCE:
            raise TimeoutError(f"lane:{number}")
        await asyncio.sleep(LOOK_SECONDS)
    return time.perf_counter() - begun


async def _waits(name: str, database: Database, county: County, first: int, provider: Provider) -> float:
    found = []
    for number in range(first, first + SAMPLES):
        found.append(await _wait_of(database, county, number, provider))
        await asyncio.sleep(0.37)  # so that it falls anywhere in the worker's rounds
    print(f"{name:34} median {statistics.median(found):.2f} s, longest {max(found):.2f} s", flush=True)
    return statistics.median(found)


async def _measure(home: Path, number: int) -> None:
    with Provider() as provider, installed(home) as county:
        await settle(county, 4 * SAMPLES, RATE)
        provider.tell(clear=True, callbacks="none")
        _run(county, CROWD, number)
        database = county.database()
        with workers(home, "", provider.environment(""), 1):
            await asyncio.sleep(WARM_SECONDS)
            alone = await _waits("alone", database, county, 0, provider)
            _run(county, QUEUED, number)
            await asyncio.sleep(WARM_SECONDS)
            queued = await _waits(f"{number} messages in the queue", database, county, SAMPLES, provider)
            _run(county, PENDING, number)
            pending = await _waits(f"{number} more to be put into words", database, county, 2 * SAMPLES, provider)
        await database.close()
    print(f"lanes pending={pending / alone:.2f}")
    print(f"lanes ratio={queued / alone:.2f}")


def main() -> None:
    """Runs it in a folder of its own."""
    configure(level="WARNING")
    number = int(sys.argv[1]) if len(sys.argv) > 1 else PUBLICITY
    with tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        run(_measure(Path(folder) / "home", number))


if __name__ == "__main__":
    main()
