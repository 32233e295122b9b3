"""Puts every encrypted value under the newest key, so that older ones may be retired."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from psycopg import sql
from sqlalchemy import Table

from storage.at_work import under_other_keys
from storage.crypto import Cipher, Undecipherable
from storage.faults import StartFault
from storage.server import Server
from storage.tables import Base

BATCH = 1000
LARGE = {"photo": 10}
"""Tables whose values are megabytes: so many of them at a time."""


def encrypted_columns() -> Iterator[tuple[Table, str]]:
    """Every column that holds encrypted values, known by its name."""
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if column.name.endswith("_encrypted"):
                yield table, column.name


def rotate(server: Server, connection: psycopg.Connection, cipher: Cipher) -> int:
    """Encrypts everything again in batches (each a transaction) and gives the number of values.

    Refused while a process runs that was started with another newest key: it could not read the new values, and what it writes
    would be lost with the older key. Ends at a value that none of the keys reads: no key may go then. Afterwards keys between
    the newest and the oldest may go; the oldest stays, because the indexes derive from it.
    """
    if users := under_other_keys(server, connection, cipher):
        raise StartFault("other_keys_in_use", users=users)
    done = sum(_column(connection, cipher, table, column) for table, column in encrypted_columns())
    connection.execute("delete from key_check where purpose = 'encryption' and fingerprint <> %s", [cipher.fingerprints[0]])
    return done


def _column(connection: psycopg.Connection, cipher: Cipher, table: Table, column: str) -> int:
    (key,) = table.primary_key.columns
    names = {"table": sql.Identifier(table.name), "column": sql.Identifier(column), "key": sql.Identifier(key.name)}
    waiting = sql.SQL("select {key}, {column} from {table} where {key} > %s and {column} is not null order by {key} limit %s for update")
    select = waiting.format(**names)
    update = sql.SQL(
        "update {table} set {column} = fresh.token from unnest(%s::bigint[], %s::bytea[]) as fresh(id, token)"
        " where {table}.{key} = fresh.id"
    ).format(**names)
    last, done = 0, 0
    while True:
        with connection.transaction():
            rows = connection.execute(select, [last, LARGE.get(table.name, BATCH)]).fetchall()
            if not rows:
                return done
            fresh = [_rotated(cipher, f"{table.name}.{column}", row_id, bytes(token)) for row_id, token in rows]
            connection.execute(update, [[row_id for row_id, _ in rows], fresh])
        last, done = rows[-1][0], done + len(rows)


def _rotated(cipher: Cipher, where: str, row_id: int, token: bytes) -> bytes:
    try:
        return cipher.rotate(token)
    except Undecipherable as error:
        raise StartFault("value_unreadable", where=where, row=row_id) from error
