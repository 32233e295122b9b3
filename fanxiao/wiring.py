"""Puts the parts together: the only place that knows settings and storage at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fanxiao.settings import Settings, secret
from storage import keys, server
from storage.at_work import application
from storage.crypto import Cipher
from storage.database import Database
from storage.faults import StartFault
from storage.migrate import migrate
from storage.roles import Role
from storage.server import Server


@dataclass(frozen=True)
class Storage:
    """The database, migrated, with a connection pool for each role (opened on first use), and the cipher."""

    server: Server
    owner: Database
    worker: Database
    web: Database
    cipher: Cipher

    async def close(self) -> None:
        """Closes the pools and leaves the embedded server."""
        for database in (self.web, self.worker, self.owner):
            await database.close()
        self.server.close()


def open_storage(settings: Settings, *, pool_size: int = 5) -> Storage:
    """Starts the server if it is ours, migrates, checks the key. Blocks: call it before the event loop runs. Raises `StartFault`."""
    cipher, source = _cipher(settings)
    found = _server(settings, cipher)
    migrate(found, cipher, key_source=source)
    named = application(cipher)
    return Storage(
        server=found,
        owner=Database(found.url(Role.OWNER), pool_size=1, application=named),
        worker=Database(found.url(Role.WORKER), pool_size=pool_size, application=named),
        web=Database(found.url(Role.WEB), pool_size=pool_size, application=named),
        cipher=cipher,
    )


@asynccontextmanager
async def running_storage(settings: Settings, *, pool_size: int = 5) -> AsyncIterator[Storage]:
    """For processes that stay: the storage, opened, kept alive (the embedded server may be killed) and closed at the end."""
    storage = await asyncio.to_thread(open_storage, settings, pool_size=pool_size)
    ending = asyncio.Event()
    keeper = asyncio.create_task(storage.server.keep_alive(ending))
    try:
        yield storage
    finally:
        ending.set()
        await keeper  # a restart under way is not left half done
        await storage.close()


def _server(settings: Settings, cipher: Cipher) -> Server:
    if settings.database_url is None:
        return server.start(settings.home)
    return server.outside(
        settings.database_url.get_secret_value(), cipher, worker_url=secret(settings.worker_url), web_url=secret(settings.web_url)
    )


def _cipher(settings: Settings) -> tuple[Cipher, str]:
    """The keys, and where they were found."""
    if settings.keys is not None:
        return keys.cipher_from(settings.keys.get_secret_value()), keys.VARIABLE
    if settings.database_url is not None:
        raise StartFault("key_missing")
    server.prepare_home(settings.home)
    return keys.cipher_of_home(settings.home), str(settings.home / keys.KEY_FILE)
