"""schemathesis plays what a stranger would: every address of the description, right and wrong, with and without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from storage.crypto import Cipher
from storage.database import Database
from storage.roles import Role
from storage.server import Server
from tests.console.outside import System, system_of
from tests.emptying import empty
from tests.stories.county import County

EXAMPLES = 6
"""For each address and mode."""


@pytest.fixture
def system(server: Server, cipher: Cipher) -> Iterator[System]:
    """Its database connections live on this test's own loop, on which the application is called, too."""
    empty(server)
    with asyncio.Runner() as runner:
        database, web = Database(server.url(Role.WORKER)), Database(server.url(Role.WEB))

        async def begin() -> System:
            county = County(database, web, cipher)
            await county.begin("2026-11-02 08:35", roles=("county_officer",))
            await county.student("马小龙", seat=1)
            return await system_of(county, "county_officer", per_minute=1_000_000)

        yield runner.run(begin())
        runner.run(database.close())
        runner.run(web.close())
