"""Brings a database to the tables and rights of this release, on every start, by one process at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from storage import keys, roles, security
from storage.at_work import at_work
from storage.crypto import Cipher
from storage.faults import StartFault, clearly
from storage.roles import Role
from storage.server import Server, password

LOCK = 0x66616E78  # "fanx": held by whoever prepares the database
OLDEST_SERVER = 15
PROBES, PROBE_PAUSE = 40, 0.5  # seconds
"""How long a change of the tables waits for others to leave: as long as a process needs that was told to stop."""
LOCK_MILLISECONDS = 800
"""Less than the second after which the server looks for deadlocks."""
HELD = (LockNotAvailable, DeadlockDetected)


def migrate(server: Server, cipher: Cipher, *, key_source: str = keys.VARIABLE) -> None:
    """Creates what is missing: database, roles, tables, rights; then checks the key. Refuses a newer database."""
    if server.home is not None:
        _create_embedded_database(server)
    with server.direct() as connection, _alone(connection):
        _check_version(connection)
        _prepare_roles(server, connection, cipher)
        _upgrade(server, connection)
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


def _upgrade(server: Server, alone: psycopg.Connection) -> None:
    engine = create_engine(server.url(Role.OWNER), poolclass=NullPool)
    with clearly(server.where, user=Role.OWNER, database=server.database), engine.connect() as connection:
        scripts = ScriptDirectory.from_config(config())
        found = MigrationContext.configure(connection).get_current_heads()
        unknown = [revision for revision in found if not _knows(scripts, revision)]
        if unknown:
            raise StartFault("database_newer", revision=unknown[0])
        if list(found) != scripts.get_heads():
            connection.rollback()
            _bring_up(server, alone, connection)


def _bring_up(server: Server, alone: psycopg.Connection, connection: Connection) -> None:
    """All of it or nothing, once nobody else is at work: what runs is of the older release, and does not know the newer tables."""
    for _ in range(PROBES):
        users = at_work(server, alone)
        if not users and _has_changed(connection):
            return
        time.sleep(PROBE_PAUSE)
    raise StartFault("database_in_use", revision=latest_revision(), users=users or server.database)


def _has_changed(connection: Connection) -> bool:
    """False, and nothing has changed, when somebody holds a table: we give up before the server looks for a deadlock and ends one of us."""
    try:
        connection.execute(text(f"set local lock_timeout = {LOCK_MILLISECONDS}"))
        command.upgrade(config(connection), "head")
        security.apply(connection)
        connection.commit()
    except (DBAPIError, psycopg.Error) as error:
        connection.rollback()
        if not isinstance(error.orig if isinstance(error, DBAPIError) else error, HELD):
            raise
        return False
    return True


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
