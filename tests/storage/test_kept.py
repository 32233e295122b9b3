"""A connection that stays open: used again, replaced after an error, another one for whoever comes meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.kept import Kept


async def _process(connection: AsyncConnection) -> int:
    return await connection.scalar(text("select pg_backend_pid()")) or 0


async def test_it_is_used_again(database: Database) -> None:
    kept = Kept(database)
    assert await kept.run(_process) == await kept.run(_process)
    await kept.close()


async def test_after_an_error_there_is_another(database: Database) -> None:
    kept = Kept(database)
    first = await kept.run(_process)
    with pytest.raises(DBAPIError):
        await kept.run(lambda connection: connection.execute(text("select nothing")))
    assert await kept.run(_process) != first
    await kept.close()


async def test_who_comes_meanwhile_gets_one_of_his_own(database: Database) -> None:
    kept = Kept(database)

    async def slowly(connection: AsyncConnection) -> int:
        await connection.execute(text("select pg_sleep(0.2)"))
        return await _process(connection)

    assert len(set(await asyncio.gather(kept.run(slowly), kept.run(slowly)))) == 2
    await kept.close()


async def test_what_ran_is_committed_and_what_is_given_back_can_be_opened_again(database: Database) -> None:
    kept = Kept(database)
    await kept.run(lambda connection: connection.execute(text("update sender set state = state")))
    await kept.close()
    assert await kept.run(_process)
    await kept.close()
