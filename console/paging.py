"""Long lists in pieces: so many rows, how many there are in all, and where the next piece begins.

A piece begins behind a row, not at a number: what is added or ends meanwhile neither hides a row nor shows one twice, and the last piece
costs no more than the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

Rows = Select[*tuple[Any, ...]]
Key = Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]
PER_PIECE = 50
BETWEEN = "~"
After = Annotated[str, Query(max_length=120)]
"""The `next` of the piece before; empty: the first piece."""


@dataclass(frozen=True)
class Piece:
    """Some rows of a list. `total`: of the whole list; `next`: what `after` is for the next piece, empty at the end."""

    rows: Sequence[Any]
    total: int
    next: str = ""
    is_first: bool = True


Page = Annotated[int, Query(ge=1, le=100_000)]


@dataclass(frozen=True)
class Cut:
    """One page of what was counted as a whole, such as a ranking."""

    rows: Sequence[Any]
    page: int
    pages: int
    total: int


def cut(rows: Sequence[Any], page: int, per: int = PER_PIECE) -> Cut:
    """The page with this number, from 1; behind the last one there are no rows."""
    first = (page - 1) * per
    return Cut(rows[first : first + per], page, max(1, -(-len(rows) // per)), len(rows))


async def piece(session: AsyncSession, query: Rows, key: Key, after: str, *, per: int = PER_PIECE, newest: bool = False) -> Piece:
    """The rows of a query behind `after` in the order of `key`, whose columns together name a row and are never null.

    `newest`: from the greatest key down. An `after` that names no place is the first piece.
    """
    behind = _place(key, after)
    cut = query.add_columns(*key).order_by(None).order_by(*(column.desc() if newest else column for column in key)).limit(per + 1)
    if behind is not None:
        here = tuple_(*key)
        cut = cut.where(here < behind if newest else here > behind)
    found = (await session.execute(cut)).all()
    width = len(key)
    rows = [row[0] if len(row) - width == 1 else row[:-width] for row in found[:per]]
    return Piece(rows, await counted(session, query), _named(found[per - 1][-width:]) if len(found) > per else "", behind is None)


async def counted(session: AsyncSession, query: Rows) -> int:
    """How many rows a query has."""
    return await session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def _named(values: Sequence[Any]) -> str:
    return BETWEEN.join(value.isoformat() if isinstance(value, date) else str(value) for value in values)


def _place(key: Key, after: str) -> Any:
    """The values behind which a piece begins; None where they cannot be read."""
    parts = after.split(BETWEEN)
    if len(parts) != len(key):
        return None
    try:
        return tuple_(*(literal(_read(column, part), column.type) for column, part in zip(key, parts, strict=True)))
    except ValueError:
        return None


def _read(column: ColumnElement[Any] | InstrumentedAttribute[Any], part: str) -> Any:
    kind = column.type.python_type
    if issubclass(kind, datetime):
        return datetime.fromisoformat(part)
    if issubclass(kind, int):
        return _whole(part)
    return part


def _whole(part: str) -> int:
    number = int(part)
    if not 0 <= number < 2**63:
        raise ValueError(part)
    return number
