"""Runs what a command awaits, in the fastest event loop that the database driver can use on this system."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
SELDOM = (20_000, 20, 20)
"""Collections for cycles, by objects made since the last: plan, templates and lexicon are large, and looking through them at every
few hundred objects costs a worker a tenth of its time."""


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """`asyncio.run`, but with uvloop, or on Windows, which it lacks, with a selector loop: psycopg refuses the default one there."""
    gc.set_threshold(*SELDOM)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(main)


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop as `run` uses it."""
    if sys.platform == "win32":
        return asyncio.SelectorEventLoop()
    import uvloop

    return uvloop.new_event_loop()
