"""A county and a terminal in front of it: commands run as typed, on the test's database and by the county's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fanxiao.cli import app
from fanxiao.wiring import Storage
from storage.clock import SteppedClock
from storage.crypto import Cipher
from storage.database import Database
from storage.roles import Role
from storage.server import Server
from tests.stories.conftest import county

__all__ = ["county"]
Terminal = Callable[..., Awaitable[Result]]


@pytest.fixture
def terminal(shell: Terminal) -> Terminal:
    async def typed(*words: str) -> Result:
        return await shell("admin", *words)

    return typed


@pytest.fixture(scope="session")
def spare() -> list[list[Database]]:
    """Log-ins that a command has closed, for the next one: what SQLAlchemy has compiled for them is not compiled again."""
    return []


@pytest.fixture
def shell(
    empty_server: Server, database: Database, cipher: Cipher, spare: list[list[Database]], monkeypatch: pytest.MonkeyPatch
) -> Terminal:
    def opened(_: object) -> Storage:
        logins = spare.pop() if spare else [Database(empty_server.url(role)) for role in (Role.OWNER, Role.WORKER, Role.WEB)]
        server: Any = SimpleNamespace(close=lambda: spare.append(logins))  # the tests' server outlives the command
        return Storage(server, *logins, cipher)

    monkeypatch.setattr("fanxiao.commands.once.open_storage", opened)
    monkeypatch.setattr("fanxiao.commands.once.SystemClock", lambda: SteppedClock(database))
    monkeypatch.setenv("COLUMNS", "250")

    async def typed(*words: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(words))

    return typed
