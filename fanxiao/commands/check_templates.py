"""`fanxiao check templates`: what is wrong with the messages, before anybody gets one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.rendering import Catalogue, CatalogueError, DocumentBook, lint, lint_documents, to_be_compared
from fanxiao.running import run
from storage.clock import SystemClock

_FOLDER = Path(__file__).resolve().parent.parent.parent / "templates"


def check_templates(folder: Annotated[Path, typer.Argument(help="Folder with messages/, law.yaml and the rest.")] = _FOLDER) -> None:
    """Check every message template and document; exit 1 if anything is wrong. A law to be compared again is only a warning."""
    try:
        catalogue = Catalogue.read(folder)  # an unverified quotation is a finding here, and stops the start
        book = DocumentBook.read(catalogue, folder)
    except CatalogueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    findings = lint(catalogue) + lint_documents(book, catalogue, folder)
    for finding in findings:
        typer.echo(f"{finding.place}: {finding.zh} | {finding.en}")
    for finding in to_be_compared(catalogue, run(SystemClock().now()).date()):
        typer.echo(f"提醒 / warning: {finding.place}: {finding.zh} | {finding.en}")
    typer.echo(f"templates: {len(catalogue.templates)}, documents: {len(book.documents)}, findings: {len(findings)}")
    if findings:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Put the command into the group `check`."""
    app.command("templates")(check_templates)
