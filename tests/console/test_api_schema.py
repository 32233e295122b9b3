"""schemathesis plays what a stranger would: every address of the description, rightly and wrongly, with and without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from threading import Thread

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from storage.crypto import Cipher
from storage.database import Database
from storage.roles import Role
from storage.server import Server
from tests.console.outside import system_of
from tests.fakes.serving import serving
from tests.stories.county import County

EXAMPLES = 4
"""For each address, well formed and malformed."""


async def _serve(server: Server, cipher: Cipher, told: Future[tuple[str, str]], over: asyncio.Event) -> None:
    database, web = Database(server.url(Role.WORKER)), Database(server.url(Role.WEB))
    try:
        county = County(database, web, cipher)
        await county.begin("2026-11-02 08:35", roles=("county_officer",))
        await county.student("马小龙", seat=1)
        system = await system_of(county, "county_officer", per_minute=1_000_000)
        async with serving(system.app) as url:
            told.set_result((url, system.secret))
            await over.wait()
    finally:
        await database.close()
        await web.close()


@pytest.fixture
def api(empty_server: Server, cipher: Cipher) -> Iterator[tuple[str, str]]:
    """Address and key of the real application, on a loop of its own: schemathesis calls it as everybody does."""
    told: Future[tuple[str, str]] = Future()
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    thread = Thread(target=loop.run_until_complete, args=(_serve(empty_server, cipher, told, over),))
    thread.start()
    try:
        yield told.result(timeout=30)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def test_every_address_keeps_what_the_description_promises(api: tuple[str, str]) -> None:
    url, secret = api
    headers = {"Authorization": f"Bearer {secret}"}
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 13
    quick = settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=True,
    )  # fmt: skip
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @quick
            @given(case=operation.as_strategy(generation_mode=mode))
            def play(case: schemathesis.Case) -> None:
                case.call_and_validate(base_url=f"{url}/api/v1", headers=headers)

            play()
