"""Where `fanxiao` begins. `read` is run often and by programs, so it loads nothing but what it needs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable


def main() -> None:
    """Runs the command that was typed."""
    gc.disable()  # while the modules are loaded, of which nothing is garbage: looking for it takes a third of that time
    run = _read() if sys.argv[1:2] == ["read"] else _any_command()
    gc.freeze()
    gc.enable()
    run()


def _any_command() -> Callable[[], None]:
    from fanxiao.cli import main as any_command

    return any_command


def _read() -> Callable[[], None]:
    import typer

    from fanxiao.commands import read
    from fanxiao.starting import start

    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    read.register(app)
    return lambda: start(app)
