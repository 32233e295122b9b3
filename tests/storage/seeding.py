"""Rows for every table, made from the tables themselves, so that a new table is tested without anybody remembering it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Column, Table

from storage.server import Server
from storage.tables import Base

HERE, ELSEWHERE = "622921101", "622926105"
"""Two townships of different counties."""

VALUES: dict[type, Any] = {
    bool: True,
    float: 1.0,
    bytes: b"seed",
    datetime: datetime(2026, 11, 24, tzinfo=UTC),
    date: date(2026, 11, 24),
    time: time(8),
    Decimal: Decimal("0.05"),
    object: Jsonb({}),  # JSON columns
    list: [],
}


def seed(server: Server) -> None:
    """Puts row 1, in HERE, and row 2, in ELSEWHERE, into every table; each refers to rows of its own number."""
    with server.direct() as connection, connection.transaction():
        connection.execute("set local session_replication_role = replica")  # foreign keys point anywhere in between
        for table in Base.metadata.tables.values():
            for number, area in ((1, HERE), (2, ELSEWHERE)):
                _insert(connection, table, {column.name: _value(column, number, area) for column in table.columns})


def _value(column: Column[Any], number: int, area: str) -> Any:
    kind = column.type.python_type
    if column.name in ("area_code", "school_area_code") or (column.table.name, column.name) == ("area", "code"):
        return area
    if kind is int:
        return number
    if kind is str:
        return f"{column.name}-{number}"
    if kind is bytes:
        return f"{column.name}-{number}".encode()
    return VALUES[kind]


def _insert(connection: psycopg.Connection, table: Table, row: dict[str, Any]) -> None:
    statement = sql.SQL("insert into {} ({}) overriding system value values ({}) on conflict do nothing").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(sql.Placeholder() * len(row))
    )
    connection.execute(statement, list(row.values()))
