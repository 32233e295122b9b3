"""The one command line. Each command is a module in `fanxiao/commands/`, registered here by one line."""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError
from rich.console import Console

from fanxiao.commands import admin, channels, check, demo, demo_data, export_templates, imports, preview, serve
from fanxiao.logs import configure
from fanxiao.settings import Settings
from storage.faults import StartFault, clearly

app = typer.Typer(
    help="返校: finds the absent child, asks the family, and climbs the chain until the child is back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(admin.app, name="admin")
app.add_typer(channels.app, name="channels")
app.add_typer(imports.app, name="import")
app.add_typer(check.app, name="check")
app.add_typer(export_templates.app, name="export")
demo_data.register(app)
demo.register(app)
preview.register(app)
serve.register(app)


def main() -> None:
    """Runs a command. What keeps it from starting is one clear sentence, without a stack trace, and exit code 2."""
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
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for sentence in (fault.zh, fault.en):
        console.print(sentence, style="bold red", markup=False)
