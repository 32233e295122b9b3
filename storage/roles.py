"""The database roles: who logs in as what.

`fanxiao_owner` owns the tables and runs migrations, `fanxiao_worker` changes rows but not the record,
`fanxiao_web` reads under row-level security and owns nothing. None is a superuser, none bypasses a policy.
"""

from __future__ import annotations

from enum import StrEnum

import psycopg
from psycopg import sql


class Role(StrEnum):
    """A log-in; its value is the role's name in PostgreSQL."""

    OWNER = "fanxiao_owner"
    WORKER = "fanxiao_worker"
    WEB = "fanxiao_web"


def missing(connection: psycopg.Connection) -> list[Role]:
    """The roles that this server does not know yet."""
    rows = connection.execute("select rolname from pg_roles where rolname = any(%s)", [[role.value for role in Role]])
    known = {row[0] for row in rows}
    return [role for role in Role if role.value not in known]


def may_create(connection: psycopg.Connection) -> bool:
    """Whether the connected user can create roles."""
    row = connection.execute("select rolsuper or rolcreaterole from pg_roles where rolname = current_user").fetchone()
    return bool(row and row[0])


def create(connection: psycopg.Connection, roles: list[Role]) -> None:
    """Creates log-ins without any right of their own."""
    for role in roles:
        connection.execute(sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole noinherit").format(sql.Identifier(role)))


def set_password(connection: psycopg.Connection, role: Role, password: str) -> None:
    """Sets the password, hashed here: the clear text never reaches the server or its log."""
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(hashed.decode())))


def opened(connection: psycopg.Connection) -> bool:
    """Whether `open_database` has been done here."""
    row = connection.execute(
        "select has_database_privilege(%(owner)s, current_database(), 'create') and has_schema_privilege(%(owner)s, 'public', 'create')"
        " and has_schema_privilege(%(web)s, 'public', 'usage') and not has_database_privilege(%(web)s, current_database(), 'temporary')",
        {"owner": Role.OWNER.value, "web": Role.WEB.value},
    ).fetchone()
    return bool(row and row[0])


def open_database(connection: psycopg.Connection, database: str) -> None:
    """Lets the three roles, and nobody else, into `database`; the owner may create schemas there."""
    name = sql.Identifier(database)
    everyone = sql.SQL(", ").join(sql.Identifier(role) for role in Role)
    for statement in (
        sql.SQL("revoke all on database {} from public").format(name),
        sql.SQL("grant connect on database {} to {}").format(name, everyone),
        sql.SQL("grant create on database {} to {}").format(name, sql.Identifier(Role.OWNER)),
        sql.SQL("grant temporary on database {} to {}, {}").format(name, sql.Identifier(Role.OWNER), sql.Identifier(Role.WORKER)),
        sql.SQL("revoke all on schema public from public"),
        sql.SQL("grant usage on schema public to {}").format(everyone),
        sql.SQL("grant create on schema public to {}").format(sql.Identifier(Role.OWNER)),
    ):
        connection.execute(statement)
