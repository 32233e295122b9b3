"""Who else is connected: what some work on the whole database must not be done beside."""

from __future__ import annotations

import psycopg

from storage.crypto import Cipher
from storage.roles import Role
from storage.server import Server

AT_WORK = """
select usename, count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and usename is not null
    and (usename = any(%s) or pid in (select pid from pg_locks where granted and database = datid and relation >= 16384))
group by usename order by usename
"""
"""Whoever is logged in as our processes are, and whoever has a table of ours in hand (those above 16383 are no system's)."""
UNDER_OTHER_KEYS = """
select usename, count(*) from pg_stat_activity where datname = current_database() and usename = any(%s) and application_name <> %s
group by usename order by usename
"""


def application(cipher: Cipher) -> str:
    """What a process of ours calls itself where it connects: it tells which key it encrypts with."""
    return f"fanxiao {cipher.fingerprints[0].hex()}"


def at_work(server: Server, connection: psycopg.Connection) -> str:
    """Log-ins and how many connections each has; empty when nobody is. A process that is only starting is not among them."""
    return _listed(connection.execute(AT_WORK, [_names(server)]).fetchall())


def under_other_keys(server: Server, connection: psycopg.Connection, cipher: Cipher) -> str:
    """The same of processes of ours that encrypt with another key than `cipher`."""
    return _listed(connection.execute(UNDER_OTHER_KEYS, [_names(server), application(cipher)]).fetchall())


def _names(server: Server) -> list[str | None]:
    return [server.logins[role].username for role in (Role.WORKER, Role.WEB)]


def _listed(found: list[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ×{count}" for name, count in found)
