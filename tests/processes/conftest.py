"""One installation for all tests of a module, each of which has a class of its own to play with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from storage import keys
from storage import server as servers
from tests.fakes.twilio import FakeTwilio
from tests.homes import temporary_home
from tests.processes.installation import (
    Installation,
    add_sender,
    class_rooms,
    environment,
    free_port,
    import_all,
    morning_plan,
    now,
    school_today,
    traces,
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed() -> AsyncIterator[Installation]:
    """Imported by the command line, with the web process and two workers running."""
    async with FakeTwilio() as twilio:
        with temporary_home() as home:
            folder, port, begun = home.parent, free_port(), now()
            made = Installation(folder, home, twilio, environment(folder, home, port, twilio), port)
            (folder / "plan.yaml").write_text(morning_plan(begun), encoding="utf-8")
            made.server = servers.start(home, durable=False)
            try:
                import_all(made, begun.date())
                add_sender(made)
                made.cipher = keys.cipher_of_home(home)
                school_today(made, begun)
                made.rooms = class_rooms(made)
                made.web()
                made.worker()
                made.worker()
                await made.until_healthy()
                yield made
            finally:
                made.stop()
                made.server.close()


@pytest.fixture
def town(installed: Installation) -> Iterator[Installation]:
    """The same; afterwards its logs must name nobody and hold no stack trace."""
    yield installed
    said = "\n".join(one.said() for one in installed.processes)
    assert not [one for one in installed.private() if one in said]
    assert not traces(said)
