"""What an operator wants to know about the database at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from storage.faults import StartFault
from storage.migrate import latest_revision
from storage.roles import Role
from storage.server import Server


@dataclass(frozen=True)
class Status:
    """`roles` says for each role whether it can log in; `queues` how many entries each holds, hidden ones included."""

    where: str
    embedded: bool
    server_version: str
    revision: str
    latest_revision: str
    size_bytes: int
    roles: dict[str, bool]
    queues: dict[str, int]


def status(server: Server) -> Status:
    """Reads it all through the owner, on a connection of its own."""
    with server.direct(Role.OWNER) as connection:
        revision, size = _one(connection, "select (select max(version_num) from alembic_version), pg_database_size(current_database())")
        names = connection.execute("select queue_name from pgmq.meta order by queue_name").fetchall()
        return Status(
            where=server.where,
            embedded=server.home is not None,
            server_version=_one(connection, "show server_version")[0],
            revision=revision,
            latest_revision=latest_revision(),
            size_bytes=size,
            roles={role.value: _can_log_in(server, role) for role in Role},
            queues={name: _one(connection, "select queue_length from pgmq.metrics(%s)", name)[0] for (name,) in names},
        )


def _one(connection: psycopg.Connection, query: LiteralString, *values: str) -> tuple[Any, ...]:
    return connection.execute(query, values).fetchone() or ()


def _can_log_in(server: Server, role: Role) -> bool:
    try:
        with server.direct(role):
            return True
    except StartFault:
        return False
