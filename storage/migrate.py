"""Brings a database to the tables and rights of this release, on every start, by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, NullPool, create_engine

from storage import keys, roles, security
from storage.crypto import Cipher
from storage.faults import StartFault, clearly
from storage.roles import Role
from storage.server import Server, password

LOCK = 0x66616E78  # "fanx": held by whoever prepares the database
OLDEST_SERVER = 15


def migrate(server: Server, cipher: Cipher, *, key_source: str = keys.VARIABLE) -> None:
    """Creates what is missing: database, roles, tables, rights; then checks the key. Refuses a newer database."""
    if server.home is not None:
        _create_embedded_database(server)
    with server.direct() as connection, _alone(connection):
        _check_version(connection)
        _prepare_roles(server, connection, cipher)
        _upgrade(server)
        with server.direct(Role.OWNER) as owner:
            keys.check(owner, cipher, key_source)


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    """Waits for its turn. The lock goes with the connection, so a killed holder blocks nobody."""
    connection.execute("select pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", [LOCK])


def _check_version(connection: psycopg.Connection) -> None:
    version = connection.info.server_version // 10000
    if version < OLDEST_SERVER:
        raise StartFault("server_too_old", found=version, expected=OLDEST_SERVER)


def _create_embedded_database(server: Server) -> None:
    with server.direct(database="postgres") as connection, _alone(connection):
        roles.create(connection, roles.missing(connection))
        if connection.execute("select 1 from pg_database where datname = %s", [server.database]).fetchone() is None:
            statement = sql.SQL("create database {} owner {} encoding 'UTF8' template template0")
            connection.execute(statement.format(sql.Identifier(server.database), sql.Identifier(Role.OWNER)))


def _prepare_roles(server: Server, connection: psycopg.Connection, cipher: Cipher) -> None:
    missing = roles.missing(connection)
    by_hand = server.logins[Role.OWNER] == server.bootstrap
    if missing and (by_hand or not roles.may_create(connection)):
        raise StartFault("right_missing", user=connection.info.user, database=server.database)
    if not by_hand:
        roles.create(connection, missing)
        _repair_logins(server, connection, cipher)
        if not roles.opened(connection):
            roles.open_database(connection, server.database)


def _repair_logins(server: Server, connection: psycopg.Connection, cipher: Cipher) -> None:
    """Elsewhere the roles have passwords; they are set only when they do not fit, as every process derives the same."""
    if server.home is not None:
        return
    for role in Role:
        try:
            with server.direct(role):
                continue
        except StartFault as fault:
            if fault.kind != "url_password":
                raise
            roles.set_password(connection, role, password(cipher, role))


def _upgrade(server: Server) -> None:
    engine = create_engine(server.url(Role.OWNER), poolclass=NullPool)
    with clearly(server.where, user=Role.OWNER, database=server.database), engine.connect() as connection:
        scripts = ScriptDirectory.from_config(config())
        found = MigrationContext.configure(connection).get_current_heads()
        unknown = [revision for revision in found if not _knows(scripts, revision)]
        if unknown:
            raise StartFault("database_newer", revision=unknown[0])
        if list(found) != scripts.get_heads():
            command.upgrade(config(connection), "head")
            security.apply(connection)
            connection.commit()


def latest_revision() -> str:
    """The revision that this release brings a database to."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file of their own."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes["connection"] = connection
    return settings


def _knows(scripts: ScriptDirectory, revision: str) -> bool:
    return revision in {script.revision for script in scripts.walk_revisions()}
