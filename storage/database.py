"""The connection to PostgreSQL, for one role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine


class Database:
    """Sessions on one PostgreSQL, logged in as one role (owner, worker or web)."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.engine: AsyncEngine = create_async_engine(
            url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    def session(self) -> AsyncSession:
        """A session without an area: through the web role it sees no rows."""
        return self._sessions()

    @asynccontextmanager
    async def reading(self, area_code: str) -> AsyncIterator[AsyncSession]:
        """A transaction of the web role that sees the rows of `area_code` and below, and nothing once it ends."""
        async with self._sessions() as session, session.begin():
            await session.execute(text("select set_config('app.area', :area, true)"), {"area": area_code})
            yield session

    async def close(self) -> None:
        await self.engine.dispose()
