"""A command that opens the storage, does one thing in one transaction, and ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NoReturn, TypeVar

import typer

from fanxiao.running import run
from fanxiao.settings import Settings
from fanxiao.wiring import Storage, open_storage
from storage.clock import SystemClock
from storage.work import Work, working

Result = TypeVar("Result")


def once(use: Callable[[Work, Storage], Awaitable[Result]]) -> Result:
    """Carries `use` out as the operator; when it raises or refuses, nothing has happened."""
    storage = open_storage(Settings())

    async def go() -> Result:
        try:
            async with working(storage.worker, await SystemClock().now()) as work:
                return await use(work, storage)
        finally:
            await storage.close()

    return run(go())


def refuse(zh: str, en: str) -> NoReturn:
    """Says why a command was not carried out, and ends it with exit code 1."""
    typer.echo(zh, err=True)
    typer.echo(en, err=True)
    raise typer.Exit(1)
