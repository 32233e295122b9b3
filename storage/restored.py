"""What has to be done once after a restore, before anything leaves: what came after the backup is unknown here, and is known outside."""

from __future__ import annotations

import psycopg

from storage.at_work import at_work
from storage.faults import StartFault
from storage.server import Server

LEAP = 1_000_000
"""More rows than any table can have got between a backup and its restore."""
SEQUENCES = "select schemaname, sequencename from pg_sequences where schemaname = 'public'"
ASK = """
update sender set
    asks_since = case when asks_until > clock_timestamp() then asks_since else known.until end,
    asks_until = clock_timestamp() + interval '1 day'
from (
    select coalesce(
        greatest((select max(queued_at) from message), (select max(started_at) from attempt), (select max(received_at) from inbound)),
        clock_timestamp()
    ) as until
) known
"""


def begin_anew(server: Server, connection: psycopg.Connection) -> None:
    """Ids that were given after the backup are given to nothing else, and for a day providers are asked before a message leaves.

    Providers and other systems know the lost rows by their ids: a report of one of them must not be taken for another's. May be done
    twice. Raises StartFault while any process of ours is connected.
    """
    if users := at_work(server, connection):
        raise StartFault("processes_running", users=users)
    with connection.transaction():
        for schema, name in connection.execute(SEQUENCES).fetchall():
            connection.execute("select setval(%s::regclass, nextval(%s::regclass) + %s)", [*[f'"{schema}"."{name}"'] * 2, LEAP])
        connection.execute(ASK)
