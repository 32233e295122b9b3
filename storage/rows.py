"""Many rows in one statement, for the places where thousands pass: columns as the tables have them, values as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

Row = Mapping[str, Any]
LARGEST_ID = 2**63 - 1
"""That a row can have."""
LARGEST_COUNT = 2**31 - 1
"""That a column of whole numbers holds which are no ids."""


def as_json(rows: Sequence[Row]) -> str:
    """Rows as one JSON array; times in ISO 8601, decimals as text, numbers that are keys of facts as text."""
    return orjson.dumps(rows, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"cannot be stored in bulk: {type(value).__name__}")


async def new_ids(session: AsyncSession, table: str, number: int) -> list[int]:
    """Ids for rows that are still to be written, in rising order."""
    drawn = text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :number)")
    return sorted(await session.scalars(drawn, {"table": table, "number": number}))


async def insert_rows(session: AsyncSession, table: str, rows: Sequence[Row], *, known: str = "") -> None:
    """Inserts rows that all have the same columns. `known`: what becomes of those that are there already, in SQL."""
    if rows:
        await session.execute(text(f"{_insert(table, rows)} {known}"), {"rows": as_json(rows)})


async def insert_new(session: AsyncSession, table: str, rows: Sequence[Row], key: str) -> list[int]:
    """The same, of those whose `key` (columns, in SQL) is not there yet; gives their ids."""
    if not rows:
        return []
    statement = text(f"{_insert(table, rows)} on conflict ({key}) do nothing returning id")
    return list(await session.scalars(statement, {"rows": as_json(rows)}))


def _insert(table: str, rows: Sequence[Row]) -> str:
    columns = _columns(rows)
    return f'insert into "{table}" ({columns}) select {columns} from jsonb_populate_recordset(null::"{table}", cast(:rows as jsonb))'


async def update_rows(session: AsyncSession, table: str, rows: Sequence[Row]) -> None:
    """Sets, by `id`, all the columns that the rows have; every row has the same ones."""
    if rows:
        sets = ", ".join(f'"{name}" = new."{name}"' for name in rows[0] if name != "id")
        source = f'jsonb_populate_recordset(null::"{table}", cast(:rows as jsonb)) new'
        await session.execute(text(f'update "{table}" set {sets} from {source} where "{table}".id = new.id'), {"rows": as_json(rows)})


def _columns(rows: Sequence[Row]) -> str:
    return ", ".join(f'"{name}"' for name in rows[0])
