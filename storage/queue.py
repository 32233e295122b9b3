"""The delivery queue (PGMQ), inside the caller's transaction: what is sent or deleted here happens with the rest, or not at all.

Visibility is in real seconds, never the stepped clock's. Nothing is put there for later, so an entry that is hidden for longer than
anybody hides one was there before the server's clock was put back, and is taken all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

INBOUND = "inbound"
GROUP = "x-pgmq-group"


@dataclass(frozen=True)
class Queued:
    """One entry as read. `read_count` is 1 the first time; more means that an earlier reader did not finish."""

    id: int
    payload: dict[str, Any]
    read_count: int


async def create(session: AsyncSession, name: str) -> None:
    """Makes the queue unless it exists. `name`: lower-case letters, digits and underscores, at most 47."""
    await session.execute(text("select create_queue(:name)"), {"name": name})


async def send(session: AsyncSession, name: str, payload: dict[str, Any], *, group: str | None = None) -> int:
    """Queues one payload and gives its id. Entries of one `group` are read in order."""
    return (await send_batch(session, name, [payload], group=group))[0]


async def send_batch(session: AsyncSession, name: str, payloads: Sequence[dict[str, Any]], *, group: str | None = None) -> list[int]:
    """Queues many payloads in one statement, in their order."""
    if not payloads:
        return []
    header = Jsonb({GROUP: group} if group else {})
    found = await session.scalars(
        text("select * from pgmq.send_batch(:name, cast(:payloads as jsonb[]), cast(:headers as jsonb[]))"),
        {"name": name, "payloads": [Jsonb(payload) for payload in payloads], "headers": [header] * len(payloads)},
    )
    return list(found)


async def send_ids(session: AsyncSession, name: str, key: str, ids: Sequence[int]) -> None:
    """Queues `{key: id}` for each id, in this order."""
    each = "unnest(cast(:ids as bigint[])) with ordinality each(id, place)"
    payloads = f"array(select jsonb_build_object(cast(:key as text), id) from {each} order by place)"
    await session.execute(text(f"select pgmq.send_batch(:name, {payloads})"), {"name": name, "key": key, "ids": list(ids)})


async def pop(session: AsyncSession, name: str, quantity: int) -> list[Queued]:
    """Takes up to `quantity` entries for good, oldest first: they are back if the transaction does not come to its end."""
    query = text("select * from take_queued(:name, cast(:quantity as integer))")
    rows = await session.execute(query, {"name": name, "quantity": quantity})
    return sorted((Queued(*row) for row in rows), key=lambda entry: entry.id)


async def read(session: AsyncSession, name: str, *, visibility: int, quantity: int) -> list[Queued]:
    """Takes up to `quantity` entries, oldest first, and hides them for `visibility` seconds; delete them when done."""
    return await _read(session, "read", name, visibility, quantity)


async def read_grouped_head(session: AsyncSession, name: str, *, visibility: int, quantity: int) -> list[Queued]:
    """The same, but only the oldest entry of each group, and none of a group whose oldest is still being handled."""
    return await _read(session, "read_grouped_head", name, visibility, quantity)


async def _read(session: AsyncSession, function: str, name: str, visibility: int, quantity: int) -> list[Queued]:
    hidden = f'select msg_id from pgmq."q_{name}" where vt > clock_timestamp() + make_interval(secs => :visibility) for update skip locked'
    await session.execute(text(f'update pgmq."q_{name}" set vt = clock_timestamp() where msg_id in ({hidden})'), {"visibility": visibility})
    rows = await session.execute(
        text(f"select msg_id, message, read_ct from pgmq.{function}(:name, cast(:visibility as integer), cast(:quantity as integer))"),
        {"name": name, "visibility": visibility, "quantity": quantity},
    )
    return sorted((Queued(*row) for row in rows), key=lambda entry: entry.id)


async def delete(session: AsyncSession, name: str, ids: Sequence[int]) -> None:
    """Removes entries that have been handled."""
    if ids:
        await session.execute(text("select pgmq.delete(:name, cast(:ids as bigint[]))"), {"name": name, "ids": list(ids)})


async def length(session: AsyncSession, name: str) -> int:
    """How many entries there are, hidden ones included; 0 for a queue that was never made."""
    known = await session.scalar(text("select true from pgmq.meta where queue_name = :name"), {"name": name})
    return await _count(session, name) if known else 0


async def _count(session: AsyncSession, name: str) -> int:
    table = await session.scalar(text("select pgmq.format_table_name(:name, 'q')"), {"name": name})
    return await session.scalar(text(f'select count(*) from pgmq."{table}"')) or 0
