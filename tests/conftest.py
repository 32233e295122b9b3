"""One embedded PostgreSQL per test process, migrated once; every test that asks for a database gets an empty one."""

from __future__ import annotations

import gc
import os
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.testing
from hypothesis import settings
from typer.main import get_command

from fanxiao.running import SELDOM, new_loop
from storage import server as servers
from storage.crypto import Cipher
from storage.database import Database
from storage.keys import new_key
from storage.migrate import migrate
from storage.roles import Role
from storage.server import Server
from tests.emptying import Emptier
from tests.homes import temporary_home

# The gate must not depend on luck: the same examples every time. HYPOTHESIS_PROFILE=hunt looks for new ones.
settings.register_profile("gate", derandomize=True)
settings.register_profile("hunt", derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

gc.disable()  # until everything is loaded: none of it is garbage, and each look at it costs a second
typer.testing._get_command = cache(get_command)  # a process types one command; a test types many, and each would build them all


SLOW = frozenset((Path(__file__).parent / "slow.txt").read_text(encoding="utf-8").split())
"""Tests, and files of tests, that took two seconds or more when they were last measured (`pytest --durations=0`): `make test-slow`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SLOW & {item.nodeid.split("[")[0], item.nodeid.split("::")[0]}:
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: garbage is looked for among what the tests make, and less often than a program would."""
    gc.freeze()
    gc.set_threshold(*SELDOM)
    gc.enable()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    return {"as in the product": new_loop}


@pytest.fixture(scope="session")
def cipher() -> Cipher:
    return Cipher([new_key()])


@pytest.fixture(scope="session")
def server(cipher: Cipher) -> Iterator[Server]:
    """The server alone, migrated; a test that also wants it empty asks for `database`, `owner` or `web`."""
    with temporary_home() as folder:
        started = servers.start(folder, durable=False)
        migrate(started, cipher)
        yield started
        started.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that does not exist yet."""
    with temporary_home() as folder:
        yield folder


@pytest.fixture(scope="session")
def emptier(server: Server) -> Iterator[Emptier]:
    with Emptier(server) as made:
        yield made


@pytest.fixture(scope="session")
def logins(server: Server) -> dict[Role, Database]:
    """One per role for all tests: what SQLAlchemy has compiled for one is not compiled again for the next.

    Whoever uses it closes it: a connection belongs to the event loop of its test.
    """
    return {role: Database(server.url(role), pool_size=1 if role is Role.WEB else 5) for role in Role}


@pytest.fixture
def empty_server(server: Server, emptier: Emptier) -> Server:
    emptier.empty()
    return server


@pytest.fixture
async def database(empty_server: Server, logins: dict[Role, Database]) -> AsyncIterator[Database]:
    """Logged in as the worker, on an empty database."""
    yield logins[Role.WORKER]
    await logins[Role.WORKER].close()


@pytest.fixture
async def owner(empty_server: Server, logins: dict[Role, Database]) -> AsyncIterator[Database]:
    """Logged in as the owner of the tables, whom no policy binds."""
    yield logins[Role.OWNER]
    await logins[Role.OWNER].close()


@pytest.fixture
async def web(empty_server: Server, logins: dict[Role, Database]) -> AsyncIterator[Database]:
    """Logged in as the web role, under row-level security; one pooled connection, so that it is reused."""
    yield logins[Role.WEB]
    await logins[Role.WEB].close()
