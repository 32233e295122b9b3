"""The embedded server survives what happens to machines: kills, second starts, full disks, foreign data."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from fanxiao.settings import Settings
from fanxiao.wiring import running_storage
from storage import keys
from storage import server as servers
from storage.crypto import Cipher
from storage.database import Database
from storage.embedded import log_tail
from storage.faults import StartFault
from storage.migrate import migrate
from storage.roles import Role
from storage.server import home_lock
from storage.tables import Area

HOLDER = """
import sys, time
from pathlib import Path
from storage.server import home_lock
with home_lock(Path(sys.argv[1]), "demo"):
    print("held", flush=True)
    time.sleep(60)
"""
USER = """
import sys, time
from pathlib import Path
from storage import server
started = server.start(Path(sys.argv[1]), durable=False)
with started.direct(database="postgres") as connection:
    print("in", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(home: Path) -> Iterator[Path]:
    """A data folder whose server, if the test started one, is stopped at the end."""
    yield home
    if postmaster(home) is not None:
        servers.start(home, durable=False).close()
        assert postmaster(home) is None


@pytest.fixture
def run(home: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts another process on the same home and waits for its first word."""
    started: list[subprocess.Popen[str]] = []

    def start(program: str) -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def postmaster(home: Path) -> int | None:
    """The running server's process number."""
    file = home / "postgres" / "postmaster.pid"
    if not file.exists():
        return None
    pid = int(file.read_text().partition("\n")[0])
    return pid if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else None


def rows(server: servers.Server) -> int:
    with server.direct(Role.OWNER) as connection:
        row = connection.execute("select count(*) from area").fetchone()
        assert row is not None
        return int(row[0])


def test_what_was_saved_is_there_after_the_server_was_killed(home: Path, cipher: Cipher) -> None:
    started = servers.start(home, durable=False)
    migrate(started, cipher)
    with started.direct(Role.OWNER) as connection:
        connection.execute("insert into area (code, name, level) values ('62', 'x', 'province')")
    pid = postmaster(home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    again = servers.start(home, durable=False)
    assert postmaster(home) not in (None, pid)
    migrate(again, cipher)
    assert rows(again) == 1


async def test_a_running_program_outlives_its_killed_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANXIAO_HOME", str(home))
    async with running_storage(Settings()) as storage:
        async with storage.worker.session() as session, session.begin():
            await session.execute(insert(Area).values(code="62", name="x", level="province"))
        pid = postmaster(home)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert await found_again(storage.worker) == ["62"]
    assert postmaster(home) is None


async def found_again(database: Database) -> list[str]:
    """What the database says once it is back."""
    for _ in range(100):
        try:
            async with database.session() as session:
                return list(await session.scalars(select(Area.code)))
        except OperationalError:
            await asyncio.sleep(0.1)
    raise TimeoutError("the server did not come back")


def test_a_number_that_went_to_another_process_is_not_mistaken_for_the_server(home: Path) -> None:
    servers.start(home, durable=False).close()
    file = home / "postgres" / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{home}/postgres\n1700000000\n5432\n{home}\n\n  0 0\nready   \n")
    again = servers.start(home, durable=False)
    with again.direct(database="postgres") as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_the_last_to_leave_stops_the_server_also_when_others_were_killed(home: Path, run: Callable[[str], subprocess.Popen[str]]) -> None:
    other = run(USER)
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert postmaster(home) is not None
    servers.start(home, durable=False).close()
    assert postmaster(home) is None


def test_one_process_leaving_does_not_stop_the_others(home: Path, run: Callable[[str], subprocess.Popen[str]]) -> None:
    run(USER)
    servers.start(home, durable=False).close()
    assert postmaster(home) is not None


def test_a_half_made_data_folder_is_made_anew(home: Path) -> None:
    (home / "postgres.first").mkdir(parents=True)
    (home / "postgres.first" / "PG_VERSION").write_text("18\n")
    started = servers.start(home, durable=False)
    with started.direct(database="postgres") as connection:
        assert connection.execute("show max_connections").fetchone() == ("200",)


def test_production_keeps_what_it_said_it_saved(home: Path) -> None:
    started = servers.start(home)
    with started.direct(database="postgres") as connection:
        assert connection.execute("show fsync").fetchone() == ("on",)
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)


def test_the_servers_log_quotes_no_rows(home: Path, cipher: Cipher) -> None:
    started = servers.start(home, durable=False)
    migrate(started, cipher)
    with started.direct(Role.OWNER) as connection:
        connection.execute("insert into area (code, name, level) values ('62', 'Ma Xiaoming', 'x')")
        with pytest.raises(Exception, match="duplicate key"):
            connection.execute("insert into area (code, name, level) values ('62', 'Ma Xiaoming', 'x')")
    log = log_tail(home / "postgres" / "log")
    assert "duplicate key" in log
    assert "Xiaoming" not in log
    assert "(62)" not in log


def test_a_second_start_of_the_same_duty_is_refused(home: Path, run: Callable[[str], subprocess.Popen[str]]) -> None:
    holder = run(HOLDER)
    with pytest.raises(StartFault, match="already running") as refused, home_lock(home, "demo"):
        pass
    assert "已在运行" in refused.value.zh
    with home_lock(home, "other"):
        holder.kill()
        holder.wait()
    with home_lock(home, "demo"):
        assert True


def test_another_postgres_made_the_data(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartFault, match="made by PostgreSQL 16"):
        servers.start(home)


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartFault, match="cannot be written"):
        servers.start(tmp_path / "file")


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """A disk with room for nothing but the beginning of a database."""
    place = home / "disk"
    place.mkdir(parents=True)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(place)], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("mounting a small disk needs rights that this machine does not give")
    yield place
    time.sleep(0.1)
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_named(small_disk: Path) -> None:
    with pytest.raises(StartFault, match="The disk is full"):
        servers.start(small_disk / "home")


def test_little_space_is_named_when_the_server_does_not_come_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.start(home, durable=False).close()
    (home / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(StartFault, match="its log says why"):
        servers.start(home)
    monkeypatch.setattr("storage.embedded.LITTLE_SPACE", 1 << 60)
    with pytest.raises(StartFault, match="The disk is full"):
        servers.start(home)


def test_the_key_file_is_made_once_and_private(home: Path) -> None:
    home.mkdir()
    first = keys.cipher_of_home(home)
    assert keys.cipher_of_home(home).fingerprints == first.fingerprints
    assert (home / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["key"]
