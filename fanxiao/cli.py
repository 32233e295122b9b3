"""The one command line. Each command is a module in `fanxiao/commands/`, registered here by one line."""

from __future__ import annotations

import typer

from fanxiao.commands import admin, areas, channels, check, demo, demo_data, export_templates, imports, preview, read, reports, serve
from fanxiao.starting import start

app = typer.Typer(
    help="返校: finds the absent child, asks the family, and climbs the chain until the child is back.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(admin.app, name="admin")
app.add_typer(areas.app, name="areas")
app.add_typer(reports.app, name="reports")
app.add_typer(channels.app, name="channels")
app.add_typer(imports.app, name="import")
app.add_typer(check.app, name="check")
app.add_typer(export_templates.app, name="export")
demo_data.register(app)
demo.register(app)
preview.register(app)
serve.register(app)
read.register(app)


def main() -> None:
    """Runs any command."""
    start(app)
