"""One life of a model: begun, taken step by step, and looked at when all is quiet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from storage.crypto import Cipher
from storage.database import Database
from storage.roles import Role
from storage.server import Server
from tests.stories.county import County

Step = TypeVar("Step", contravariant=True)


class Lived(Protocol[Step]):
    """`happened` is what a failure tells with it."""

    happened: list[str]

    async def begin(self) -> None: ...

    async def take(self, step: Step) -> None: ...

    async def end(self) -> None: ...


async def live(model: Callable[[County, str], Lived[Step]], server: Server, cipher: Cipher, steps: Sequence[Step]) -> None:
    """Raises what was not kept of the promises, with the steps until then."""
    worker, web = Database(server.url(Role.WORKER)), Database(server.url(Role.WEB))
    life = model(County(worker, web, cipher), server.url(Role.WORKER))
    try:
        await life.begin()
        for step in steps:
            await life.take(step)
        await life.end()
    except BaseException as error:
        error.add_note("\n".join(life.happened))
        raise
    finally:
        await worker.close()
        await web.close()
