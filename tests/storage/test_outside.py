"""A PostgreSQL that is not ours (DATABASE_URL): log-ins with passwords, rights that may be missing, addresses that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from fanxiao.settings import Settings
from fanxiao.wiring import open_storage
from storage import server as servers
from storage.crypto import Cipher
from storage.faults import StartFault
from storage.keys import new_key
from storage.migrate import latest_revision, migrate
from storage.roles import Role
from storage.server import Server, outside
from storage.status import status
from tests.homes import temporary_home

PASSWORDS_ASKED = "local all postgres trust\nlocal all all scram-sha-256\n"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Server]:
    """Another PostgreSQL, which asks everyone but its administrator for a password."""
    with temporary_home() as folder:
        started = servers.start(folder, durable=False)
        (folder / "postgres" / "pg_hba.conf").write_text(PASSWORDS_ASKED)
        with started.direct(database="postgres") as connection:
            connection.execute("select pg_reload_conf()")
        yield started
        started.close()


@pytest.fixture
def address(cluster: Server) -> Iterator[URL]:
    """What a county's administrator hands out: a user who may create roles, and an empty database of its own."""
    with cluster.direct(database="postgres") as connection:
        connection.execute("create role county login createrole password 'secret'")
        connection.execute("create database county_db owner county")
    yield cluster.bootstrap.set(username="county", password="secret", database="county_db")
    with cluster.direct(database="postgres") as connection:
        connection.execute("drop database county_db with (force)")
        for role in (*Role, "county"):
            connection.execute(f'drop role if exists "{role}"'.encode())


def text(url: URL, **changes: str) -> str:
    return url.set(**changes).render_as_string(hide_password=False)  # type: ignore[arg-type]


def test_a_user_who_may_create_roles_is_enough(address: URL, cipher: Cipher) -> None:
    for _ in range(2):
        elsewhere = outside(text(address), cipher)
        migrate(elsewhere, cipher)
    found = status(elsewhere)
    assert (found.revision, found.embedded) == (latest_revision(), False)
    assert found.roles == {role.value: True for role in Role}


def test_the_roles_need_their_derived_passwords(address: URL, cipher: Cipher) -> None:
    migrate(outside(text(address), cipher), cipher)
    stranger = outside(text(address), Cipher([new_key()]))
    for role in Role:
        with pytest.raises(StartFault, match="wrong user or password"), stranger.direct(role):
            pass


def test_a_password_that_was_changed_is_set_again(address: URL, cluster: Server, cipher: Cipher) -> None:
    elsewhere = outside(text(address), cipher)
    migrate(elsewhere, cipher)
    with cluster.direct(database="postgres") as connection:
        connection.execute("alter role fanxiao_web password 'other'")
    migrate(elsewhere, cipher)
    assert status(elsewhere).roles[Role.WEB.value]


def test_a_missing_right_is_named(address: URL, cluster: Server, cipher: Cipher) -> None:
    with cluster.direct(database="postgres") as connection:
        connection.execute("alter role county nocreaterole")
    with pytest.raises(StartFault, match="ALTER ROLE county CREATEROLE"):
        migrate(outside(text(address), cipher), cipher)


def test_a_user_who_may_not_enter_is_told_what_to_ask_for(address: URL, cluster: Server, cipher: Cipher) -> None:
    with cluster.direct(database="postgres") as connection:
        connection.execute("alter database county_db owner to postgres")
        connection.execute("revoke connect on database county_db from public")
    with pytest.raises(StartFault, match="ALTER DATABASE county_db OWNER TO county"):
        migrate(outside(text(address), cipher), cipher)


def test_log_ins_made_by_hand_are_taken(address: URL, cluster: Server, cipher: Cipher) -> None:
    with cluster.direct(database="postgres") as connection:
        for role in Role:
            connection.execute(f"create role {role} login password 'by hand'".encode())
        connection.execute("alter database county_db owner to fanxiao_owner")
    urls = {role: text(address, username=role.value, password="by hand") for role in Role}
    elsewhere = outside(urls[Role.OWNER], cipher, worker_url=urls[Role.WORKER], web_url=urls[Role.WEB])
    migrate(elsewhere, cipher)
    assert status(elsewhere).roles == {role.value: True for role in Role}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"password": "wrong"}, "wrong user or password"),
        ({"username": "nobody"}, "wrong user or password"),
        ({"database": "nowhere"}, "no such database"),
    ],
)
def test_a_wrong_address_is_told_apart(changes: dict[str, str], sentence: str, address: URL, cipher: Cipher) -> None:
    with pytest.raises(StartFault, match=sentence) as refused:
        migrate(outside(text(address, **changes), cipher), cipher)
    assert "secret" not in str(refused.value)
    assert "wrong user" not in refused.value.zh


@pytest.mark.parametrize("url", ["postgresql://u:p@127.0.0.1:9/x", "postgresql://u:p@no-such-host.invalid/x"])
def test_an_unreachable_server_is_named(url: str, cipher: Cipher) -> None:
    with pytest.raises(StartFault, match="cannot be reached"):
        migrate(outside(url, cipher), cipher)


@pytest.mark.parametrize("url", ["nonsense", "mysql://a@b/c", "postgresql://a@b", "postgresql://a@b:port/c"])
def test_an_unreadable_address_is_named(url: str, cipher: Cipher) -> None:
    with pytest.raises(StartFault, match="DATABASE_URL cannot be read"):
        outside(url, cipher)


def test_keys_must_be_given_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANXIAO_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@b/c")
    monkeypatch.delenv("FANXIAO_KEYS", raising=False)
    with pytest.raises(StartFault, match="must be given in FANXIAO_KEYS"):
        open_storage(Settings())
    monkeypatch.setenv("FANXIAO_KEYS", "not a key")
    with pytest.raises(StartFault, match="The keys in FANXIAO_KEYS cannot be read"):
        open_storage(Settings())
