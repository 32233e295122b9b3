"""Where `fanxiao` begins. `read` is run often and by programs, so it loads nothing but what it needs."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command that was typed."""
    if sys.argv[1:2] == ["read"]:
        _read()
    else:
        from fanxiao.cli import main as any_command

        any_command()


def _read() -> None:
    import typer

    from fanxiao.commands import read
    from fanxiao.starting import start

    app = typer.Typer(pretty_exceptions_enable=False)
    app.callback()(lambda: None)
    read.register(app)
    start(app)
