"""The one command line. Each command is a module in `fanxiao/commands/`, registered here by one line."""

from __future__ import annotations

import typer

from fanxiao.commands import (
    activities,
    admin,
    aid,
    areas,
    campaigns,
    channels,
    check,
    complaints,
    demo,
    demo_data,
    enrolment,
    export_templates,
    imports,
    ledger,
    notices,
    preview,
    read,
    referrals,
    registers,
    reports,
    serve,
    supervision,
    targets,
)
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
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(activities.app, name="activities")
app.add_typer(imports.app, name="import")
app.add_typer(ledger.app, name="ledger")
app.add_typer(targets.app, name="targets")
app.add_typer(supervision.app, name="supervision")
app.add_typer(check.app, name="check")
app.add_typer(export_templates.app, name="export")
app.add_typer(notices.app, name="notices")
app.add_typer(aid.app, name="aid")
app.add_typer(referrals.app, name="referrals")
app.add_typer(complaints.app, name="complaints")
app.add_typer(enrolment.app, name="enrolment")
app.add_typer(registers.app, name="registers")
demo_data.register(app)
demo.register(app)
preview.register(app)
serve.register(app)
read.register(app)


def main() -> None:
    """Runs any command."""
    start(app)
