"""What the contract alone costs: the rows and commits that it asks of each message, by statements written for nothing else.

Nothing is decided: no rule, no template, no check, no rate, one sender, every text the same. What stays is what makes that no message
is lost or sent twice: the intent is claimed and becomes a message with its question on the queue (one transaction), it leaves the queue
with an attempt (one), the call is written down before it is made (one for those of a moment), then its answer (the same), and the
provider's report, which is kept as it came before it is answered, and then applied. Numbers are decrypted: they are kept no other way.

`python -m bench._contract home port public_url` is the process that the provider reports to.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from bench._county import NOW, County
from bench._least import stay
from bot.gathering import Gathering
from bot.outbox.senders import queue_name
from fanxiao.running import run
from storage.roles import Role
from storage.server import keywords

BATCH, AHEAD, REST_SECONDS = 500, 2, 0.02
KEPT = f"""
create function bench_reported(names text[], words text[]) returns void language sql security definer set search_path = public, pg_temp
as $$
    insert into delivery_status (channel, provider_id, status, received_at)
    select 'twilio_sms', told.*, now() from unnest(names, words) told on conflict do nothing
$$;
grant execute on function bench_reported(text[], text[]) to {Role.WEB.value};
"""
REPORT = "select bench_reported(%s, %s)"
WORDED = """
with due as (
    select intent.*, nextval(pg_get_serial_sequence('message', 'id')) as says, person_contact.contact_id as reached
    from (
        select * from intent where state = 'pending' and due_at <= %(now)s order by urgency desc, due_at, id
        limit %(batch)s for update skip locked
    ) intent join person_contact using (person_id)
), worded as (
    insert into message (id, sender_id, channel, contact_id, person_id, area_code, urgency, template, body, parts, queued_at, expires_at)
    select says, %(sender)s, 'twilio_sms', reached, person_id, area_code, urgency, template, %(body)s, 2, %(now)s, expires_at from due
), asked as (
    insert into question (
        contact_id, person_id, area_code, kind, intent_id, message_id, case_id, student_id, facts, state, asked_at, expires_at
    )
    select reached, person_id, area_code, question, id, says, case_id, student_id, facts, 'open', %(now)s, expires_at from due
), said as (
    update intent set state = 'queued', message_id = due.says from due where intent.id = due.id
)
select count(*) from due, lateral pgmq.send(%(queue)s, jsonb_build_object('message_id', due.says))
"""
# Two statements: a function that changes rows sees what was committed meanwhile, the statement around it does not.
TAKEN = "select (message ->> 'message_id')::bigint from take_queued(%(queue)s, %(batch)s)"
BEGUN = """
with taken as (
    select unnest(%s::bigint[]) as id
), sending as (
    update message set state = 'sending' from taken where message.id = taken.id
    returning message.id, message.contact_id, message.body
), begun as (
    insert into attempt (message_id, epoch, started_at) select id, 1, clock_timestamp() from sending returning id, message_id
)
select begun.id, sending.id, sending.body, contact.address_encrypted
from begun join sending on sending.id = begun.message_id join contact on contact.id = sending.contact_id
"""
CALLED = "update attempt set called_at = clock_timestamp() from unnest(%s::bigint[]) told(id) where attempt.id = told.id"
ACCEPTED = """
with told as (
    select * from unnest(%s::bigint[], %s::bigint[], %s::text[]) told(attempt_id, message_id, provider_id)
), settled as (
    update attempt set outcome = 'accepted', finished_at = clock_timestamp() from told where attempt.id = told.attempt_id
)
update message set provider_id = told.provider_id, sent_at = now(), state = 'sent' from told where message.id = told.message_id
"""
APPLIED = """
with told as (
    select delivery_status.id, message.id as message_id
    from delivery_status join message using (channel, provider_id)
    where applied_at is null order by delivery_status.id limit %s for update skip locked
), applied as (
    update delivery_status set applied_at = now() from told where delivery_status.id = told.id
), arrived as (
    update message set state = 'delivered', delivered_at = now() from told where message.id = told.message_id returning 1
)
select count(*) from arrived
"""
Post = Callable[[str, str], Awaitable[str]]
"""Number and text, as the provider takes them; gives its own name of the message."""
Call = tuple[int, int, str, bytes]


class Contract:
    """One process that words, posts and applies. `at_once` calls are under way at the most."""

    def __init__(self, county: County, pool: AsyncConnectionPool[psycopg.AsyncConnection], post: Post, body: str, at_once: int) -> None:
        self._county, self._pool, self._post = county, pool, post
        sender = county.rows("select id from sender")[0][0]
        self._facts = {"now": NOW, "batch": BATCH, "sender": sender, "body": body, "queue": queue_name(sender, "duty")}
        self._places, self._ahead = asyncio.Semaphore(at_once), asyncio.Semaphore(AHEAD)
        self._calling: Gathering[int, None] = Gathering(self._called)
        self._answering: Gathering[tuple[int, int, str], None] = Gathering(self._accepted)

    async def run(self, messages: int) -> None:
        """Until each has been reported."""
        async with asyncio.TaskGroup() as group:
            for part in (self._word, self._send, self._apply):
                group.create_task(part(messages))

    async def _word(self, messages: int) -> None:
        while messages:
            messages -= (await self._rows(WORDED, self._facts))[0][0]

    async def _send(self, messages: int) -> None:
        async with asyncio.TaskGroup() as calls:
            while messages:
                await self._ahead.acquire()
                taken = await self._taken()
                messages -= len(taken)
                if not taken:
                    await asyncio.sleep(REST_SECONDS)
                calls.create_task(self._batch(taken))

    async def _taken(self) -> Sequence[Call]:
        async with self._pool.connection() as connection, connection.transaction():
            found = await connection.execute(TAKEN, self._facts)
            begun = await connection.execute(BEGUN, [[message_id for (message_id,) in await found.fetchall()]])
            return await begun.fetchall()

    async def _batch(self, taken: Sequence[Call]) -> None:
        try:
            await asyncio.gather(*map(self._one, taken))
        finally:
            self._ahead.release()

    async def _one(self, call: Call) -> None:
        attempt_id, message_id, body, address = call
        number = self._county.cipher.decrypt(address)
        async with self._places:
            await self._calling.give(attempt_id)
            name = await self._post(number, body)
        await self._answering.give((attempt_id, message_id, name))

    async def _called(self, ids: Sequence[int]) -> None:
        await self._rows(CALLED, [list(ids)])

    async def _accepted(self, answers: Sequence[tuple[int, int, str]]) -> None:
        await self._rows(ACCEPTED, [list(column) for column in zip(*answers, strict=True)])

    async def _apply(self, messages: int) -> None:
        while messages:
            applied = (await self._rows(APPLIED, [BATCH]))[0][0]
            messages -= applied
            if not applied:
                await asyncio.sleep(REST_SECONDS)

    async def _rows(self, statement: str, facts: Any) -> list[Any]:
        async with self._pool.connection() as connection:
            found = await connection.execute(statement.encode(), facts)
            return await found.fetchall() if found.description else []


@asynccontextmanager
async def contract(county: County, post: Post, body: str, at_once: int) -> AsyncIterator[Contract]:
    """Its connections are open."""
    settings = keywords(county.server.logins[Role.WORKER]) | {"autocommit": True}
    async with AsyncConnectionPool(kwargs=settings, min_size=6, open=False) as pool:
        yield Contract(county, pool, post, body, at_once)


if __name__ == "__main__":
    run(stay(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], REPORT))
