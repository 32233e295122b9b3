"""A start finds an older, equal, newer or foreign database, perhaps together with another start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, NullPool, create_engine

from storage import restored, rotation
from storage.at_work import application
from storage.crypto import Cipher
from storage.faults import StartFault
from storage.keys import new_key
from storage.migrate import latest_revision, migrate
from storage.roles import Role
from storage.server import Server, keywords
from storage.tables import Base

ONE_START = """
import sys
from storage import server
from storage.crypto import Cipher
from storage.migrate import migrate
from pathlib import Path
migrate(server.start(Path(sys.argv[1]), durable=False).named(sys.argv[2]), Cipher([sys.argv[3]]))
print("done")
"""


@pytest.fixture
def fresh(server: Server) -> Iterator[Server]:
    """Another database on the same server, which nobody has prepared yet."""
    other = server.named("fanxiao_fresh")
    yield other
    with server.direct(database="postgres") as connection:
        connection.execute("drop database if exists fanxiao_fresh with (force)")


def revision(server: Server) -> str | None:
    with server.direct(Role.OWNER) as connection:
        row = connection.execute("select version_num from alembic_version").fetchone()
        return row[0] if row else None


def test_a_second_start_changes_nothing(fresh: Server, cipher: Cipher) -> None:
    migrate(fresh, cipher)
    with fresh.direct(Role.OWNER) as connection:
        connection.execute("insert into area (code, name, level) values ('62', 'x', 'province')")
    migrate(fresh, cipher)
    assert revision(fresh) == latest_revision()
    with fresh.direct(Role.OWNER) as connection:
        assert connection.execute("select count(*) from area").fetchone() == (1,)


@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")
def test_the_migrations_make_the_tables_that_the_code_expects(server: Server) -> None:
    engine = create_engine(server.url(Role.OWNER), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_two_processes_may_start_at_once(fresh: Server) -> None:
    assert fresh.home is not None
    command = [sys.executable, "-c", ONE_START, str(fresh.home), fresh.database, new_key()]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    assert revision(fresh) == latest_revision()


def test_a_newer_database_is_left_untouched(fresh: Server, cipher: Cipher) -> None:
    migrate(fresh, cipher)
    with fresh.direct(Role.OWNER) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(StartFault) as refused:
        migrate(fresh, cipher)
    assert "9999" in refused.value.zh
    assert "newer release" in refused.value.en
    assert revision(fresh) == "9999"


def test_a_failed_migration_leaves_nothing_behind(fresh: Server, cipher: Cipher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.security.apply", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        migrate(fresh, cipher)
    monkeypatch.undo()
    with fresh.direct(Role.OWNER) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)
    migrate(fresh, cipher)
    assert revision(fresh) == latest_revision()


@pytest.fixture
def older(fresh: Server, cipher: Cipher, monkeypatch: pytest.MonkeyPatch) -> Server:
    """As the release before this one left it, and as impatient as a test is."""
    upgrade = command.upgrade
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("storage.migrate.command.upgrade", lambda settings, _: upgrade(settings, "head-1"))
        meanwhile.setattr("storage.security.apply", lambda _: None)
        migrate(fresh, cipher)
    monkeypatch.setattr("storage.migrate.PROBES", 2)
    monkeypatch.setattr("storage.migrate.PROBE_PAUSE", 0.1)
    monkeypatch.setattr("storage.migrate.LOCK_MILLISECONDS", 100)
    assert revision(fresh) != latest_revision()
    return fresh


def test_while_a_worker_of_the_older_release_runs_nothing_is_changed_and_it_is_told(older: Server, cipher: Cipher) -> None:
    before = revision(older)
    with older.direct(Role.WORKER), pytest.raises(StartFault, match="fanxiao_worker ×1") as refused:
        migrate(older, cipher)
    assert (refused.value.kind, revision(older)) == ("database_in_use", before)
    migrate(older, cipher)
    assert revision(older) == latest_revision()


def test_whoever_holds_a_table_is_neither_waited_for_in_a_deadlock_nor_ended(older: Server, cipher: Cipher) -> None:
    before = revision(older)
    with older.direct() as other, other.transaction():
        other.execute("lock table task in row exclusive mode")
        with pytest.raises(StartFault, match="Nothing has been changed"):
            migrate(older, cipher)
        assert revision(older) == before
        other.execute("select from area")  # it still lives, and waits for nobody
    migrate(older, cipher)
    assert revision(older) == latest_revision()


def test_a_table_that_is_taken_while_it_is_changed_is_tried_again(older: Server, cipher: Cipher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever came in after we looked."""
    monkeypatch.setattr("storage.migrate.at_work", lambda *_: "")
    with older.direct() as other:
        with other.transaction():
            other.execute("lock table task in row exclusive mode")
            with pytest.raises(StartFault, match="Nothing has been changed"):
                migrate(older, cipher)
        migrate(older, cipher)
    assert revision(older) == latest_revision()


def test_another_key_is_noticed_at_the_start(fresh: Server) -> None:
    old, new = new_key(), new_key()
    migrate(fresh, Cipher([old]))
    with pytest.raises(StartFault, match="Wrong key: FANXIAO_KEYS"):
        migrate(fresh, Cipher([new]))
    migrate(fresh, Cipher([new, old]))
    with pytest.raises(StartFault, match="Wrong key"):
        migrate(fresh, Cipher([new]))  # the indexes derive from the oldest
    with pytest.raises(StartFault, match="Wrong key"):
        migrate(fresh, Cipher([old]))  # by now something may be under the new one


def test_a_key_in_between_may_go_after_rotation(fresh: Server) -> None:
    first, second, third = new_key(), new_key(), new_key()
    old, middle, new = Cipher([first]), Cipher([second, first]), Cipher([third, second, first])
    migrate(fresh, middle)
    with fresh.direct(Role.OWNER) as connection:
        for cipher, text in ((old, "a"), (middle, "b")):
            row = [cipher.encrypt(text), cipher.index(text)]
            connection.execute("insert into contact (kind, address_encrypted, address_index) values ('phone', %s, %s)", row)
    migrate(fresh, new)
    with pytest.raises(StartFault, match="Wrong key"):
        migrate(fresh, Cipher([third, first]))
    with fresh.direct(Role.OWNER) as connection:
        assert rotation.rotate(fresh, connection, new) == 2
        migrate(fresh, Cipher([third, first]))
        rows = connection.execute("select address_encrypted, address_index from contact order by id").fetchall()
    assert [Cipher([third]).decrypt(bytes(row[0])) for row in rows] == ["a", "b"]
    assert [bytes(row[1]) for row in rows] == [old.index("a"), old.index("b")]


def test_nothing_is_rotated_while_a_process_encrypts_with_the_key_before(fresh: Server) -> None:
    """What it writes afterwards would be lost with that key."""
    first, second = new_key(), new_key()
    old, new = Cipher([first]), Cipher([second, first])
    migrate(fresh, old)
    row = [old.encrypt("a"), old.index("a")]
    running = keywords(fresh.logins[Role.WORKER])
    with fresh.direct(Role.OWNER) as connection:
        connection.execute("insert into contact (kind, address_encrypted, address_index) values ('phone', %s, %s)", row)
        migrate(fresh, new)
        with psycopg.connect(**running, application_name=application(old)), pytest.raises(StartFault, match="fanxiao_worker ×1"):
            rotation.rotate(fresh, connection, new)
        assert connection.execute("select address_encrypted from contact").fetchone() == (row[0],)
        with psycopg.connect(**running, application_name=application(new)):
            assert rotation.rotate(fresh, connection, new) == 1


def test_a_value_that_no_key_reads_is_named_and_ends_the_rotation(fresh: Server) -> None:
    cipher = Cipher([new_key()])
    migrate(fresh, cipher)
    with fresh.direct(Role.OWNER) as connection:
        connection.execute(
            "insert into contact (id, kind, address_encrypted, address_index) values (7, 'phone', %s, %s)", [b"-", cipher.index("a")]
        )
        with pytest.raises(StartFault, match=r"contact\.address_encrypted in row 7"):
            rotation.rotate(fresh, connection, cipher)


def test_after_a_restore_no_id_is_given_again_and_providers_are_asked_for_a_day(fresh: Server) -> None:
    cipher = Cipher([new_key()])
    migrate(fresh, cipher)
    contact = "insert into contact (kind, address_encrypted, address_index) values ('phone', 'a', %s) returning id"
    sender = "insert into sender (channel, account, address, rate_per_second) values ('x', 'main', '1', 1)"
    asks = "select asks_since, asks_until > clock_timestamp() + interval '23 hours' from sender"
    with fresh.direct(Role.OWNER) as connection:
        connection.execute(sender)
        (before,) = connection.execute(contact, [b"1"]).fetchone() or (0,)
        with psycopg.connect(**keywords(fresh.logins[Role.WORKER])), pytest.raises(StartFault, match="fanxiao_worker ×1"):
            restored.begin_anew(fresh, connection)
        assert connection.execute(asks).fetchone() == (None, None)
        restored.begin_anew(fresh, connection)
        (after,) = connection.execute(contact, [b"2"]).fetchone() or (0,)
        assert after > before + 999_999
        first = connection.execute(asks).fetchone()
        assert first is not None
        assert (first[0] is not None, first[1]) == (True, True)
        restored.begin_anew(fresh, connection)  # typed twice: still about all since the backup
        assert connection.execute(asks).fetchone() == first


def test_every_encrypted_column_can_be_rotated() -> None:
    """It goes by one number that tells the rows apart."""
    for table, _ in rotation.encrypted_columns():
        (key,) = table.primary_key.columns
        assert isinstance(key.type, BigInteger), table.name
