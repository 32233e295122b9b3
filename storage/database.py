"""The connection to PostgreSQL, for one role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

CONNECTING = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 30, "keepalives_interval": 5, "keepalives_count": 3}
"""A server that has gone without a word is given up after seconds, not after the two hours that systems wait (libpq's parameters)."""


SET_SCOPE = text(
    "select set_config('app.area', :area, true), set_config('app.school', :school, true), set_config('app.class', :class, true)"
)


@dataclass(frozen=True)
class Scope:
    """Whose rows a reader sees: those of an area and below, of one school, or of one class. Only one of them is set."""

    area: str = ""
    school_id: int | None = None
    class_id: int | None = None

    @property
    def school(self) -> str:
        return str(self.school_id) if self.school_id and not self.class_id else ""

    @property
    def class_(self) -> str:
        return str(self.class_id) if self.class_id else ""


AWAY = (OperationalError, InterfaceError, PoolTimeoutError, TimeoutError, ConnectionError)
"""What is raised when the database cannot be reached or cannot write now."""
LIMIT_EXCEEDED = "54"
"""SQLSTATE class of what is too large or too deep for it at any time, which its driver raises as an OperationalError too."""


def is_away(error: BaseException) -> bool:
    """Whether it is the database that is away, and not what was asked of it that is wrong."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return isinstance(error, AWAY) and not state.startswith(LIMIT_EXCEEDED)


class Database:
    """Sessions on one PostgreSQL, logged in as one role (owner, worker or web). `application`: what they call themselves there."""

    def __init__(self, url: str, *, pool_size: int = 5, application: str = "") -> None:
        self.engine: AsyncEngine = create_async_engine(
            url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True,
            connect_args=CONNECTING | {"application_name": application},
        )  # fmt: skip
        self._kept: list[AsyncConnection] = []
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    def session(self) -> AsyncSession:
        """A session without an area: through the web role it sees no rows."""
        return self._sessions()

    @asynccontextmanager
    async def reading(self, area_code: str) -> AsyncIterator[AsyncSession]:
        """A transaction of the web role that sees the rows of `area_code` and below, and nothing once it ends."""
        async with self.seeing(Scope(area=area_code)) as session:
            yield session

    @asynccontextmanager
    async def seeing(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """A transaction of the web role that sees the rows of this scope, and nothing once it ends."""
        async with self._sessions() as session, session.begin():
            await session.execute(SET_SCOPE, {"area": scope.area, "school": scope.school, "class": scope.class_})
            yield session

    async def autocommit(self) -> AsyncConnection:
        """A connection to keep, on which each statement is a transaction of its own. It is closed with the rest."""
        opened = await (await self.engine.connect()).execution_options(isolation_level="AUTOCOMMIT")
        self._kept = [*(connection for connection in self._kept if not connection.closed), opened]
        return opened

    async def close(self) -> None:
        for connection in self._kept:
            with suppress(SQLAlchemyError, OSError):  # it may have been broken long ago
                await connection.close()
        await self.engine.dispose()
