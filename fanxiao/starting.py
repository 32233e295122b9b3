"""Runs a command line so that whatever keeps it from starting is one clear sentence."""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError

from fanxiao.logs import configure
from fanxiao.settings import Settings
from storage.faults import StartFault, clearly


def start(app: typer.Typer) -> None:
    """What keeps a command from starting is one clear sentence, without a stack trace, and exit code 2."""
    try:
        settings = _settings()
        configure(settings.log_format, settings.log_level)
        with clearly("DATABASE_URL" if settings.database_url else str(settings.home)):
            app()
    except StartFault as fault:
        _print(fault)
        sys.exit(2)


def _settings() -> Settings:
    """Names what is wrong, never its value: it may be a password."""
    try:
        return Settings()
    except ValidationError as error:
        raise StartFault("setting_wrong", names=", ".join(str(one["loc"][0]) for one in error.errors())) from None


def _print(fault: StartFault) -> None:
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for sentence in (fault.zh, fault.en):
        console.print(sentence, style="bold red", markup=False)
