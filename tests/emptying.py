"""Makes the test database empty again: DELETE is quicker than TRUNCATE or a fresh database."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

import psycopg

from storage.server import Server
from storage.tables import Base

KEPT = {"key_check"}
PREPARE = """
set session_replication_role = replica;
create function pg_temp.empty() returns void language plpgsql as $$
declare
    queue text;
begin
    {deletes}
    for queue in select queue_name from pgmq.meta loop
        execute format('delete from pgmq.%I', 'q_' || queue);
        execute format('delete from pgmq.%I', 'a_' || queue);
    end loop;
    delete from pgmq.meta where queue_name <> 'inbound';
    perform setval(pg_get_serial_sequence('sender', 'id'), 1, false);
end $$
"""
"""As a replica the superuser passes foreign keys and the append-only triggers.

A queue is forgotten, but its tables stay for the next sender of that number: to make them takes longer than all else here together.
"""


class Emptier:
    """Empties over one connection that it keeps: a new one would read and plan all the tables anew for every test."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open = ExitStack()
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def empty(self) -> None:
        """Deletes all rows and queue entries."""
        try:
            self._connected().execute("select pg_temp.empty()")
        except psycopg.OperationalError:  # a test has broken the connections, or killed the server
            self._open.close()
            self._connection = None
            self._connected().execute("select pg_temp.empty()")

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = self._open.enter_context(self._server.direct())
            self._connection.execute(PREPARE.format(deletes=_deletes()))
        return self._connection


def _deletes() -> str:
    names = [table.name for table in Base.metadata.tables.values() if table.name not in KEPT]
    return " ".join(f'delete from "{name}";' for name in names)
