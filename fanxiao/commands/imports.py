"""`fanxiao import`: areas, schools, responsible persons and rosters out of spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cases.imports.lines import Progress as Tell
from cases.imports.report import Finding, ImportReport
from cases.imports.run import import_file, write_errors
from fanxiao.engine import load_catalogue, plan_at_hand
from fanxiao.running import run
from fanxiao.settings import Settings
from fanxiao.wiring import Storage, open_storage
from storage.clock import SystemClock

app = typer.Typer(help="导入 · take in real data: areas, then schools, people, roster", no_args_is_help=True)
SHOWN = 8  # places of each mistake on the screen; the rest are in the workbook and in --json
File = Annotated[Path, typer.Argument(help="文件 · xlsx, xls or csv")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只检查不写入 · check everything, change nothing")]
AsJson = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]
Errors = Annotated[Path | None, typer.Option("--errors", help="标出问题行的表格 · write the bad rows, marked, to this xlsx")]


@app.command()
def areas(file: File, dry_run: DryRun = False, as_json: AsJson = False, errors: Errors = None) -> None:
    """行政区划 · The tree of areas: code, name, level, parent_code."""
    _run("areas", file, dry_run, as_json, errors)


@app.command()
def schools(file: File, dry_run: DryRun = False, as_json: AsJson = False, errors: Errors = None) -> None:
    """学校 · Schools: code, name, stage, place, boarding, telephone."""
    _run("schools", file, dry_run, as_json, errors)


@app.command()
def people(file: File, dry_run: DryRun = False, as_json: AsJson = False, errors: Errors = None) -> None:
    """责任人 · Responsible persons: role, area or school or class, phone, substitute, validity."""
    _run("people", file, dry_run, as_json, errors)


@app.command()
def roster(file: File, dry_run: DryRun = False, as_json: AsJson = False, errors: Errors = None) -> None:
    """学生名册 · The export of the national enrolment system."""
    _run("roster", file, dry_run, as_json, errors)


@app.command()
def households(file: File, dry_run: DryRun = False, as_json: AsJson = False, errors: Errors = None) -> None:
    """户口摸排表 · A household list: children of school age who are on no roll become cases."""
    _run("households", file, dry_run, as_json, errors)


@app.command()
def registers(file: File, dry_run: DryRun = False, as_json: AsJson = False, errors: Errors = None) -> None:
    """特殊群体变更表 · Changes of categories, and what goes on the cards."""
    _run("registers", file, dry_run, as_json, errors)


def _run(kind: str, file: Path, dry_run: bool, as_json: bool, errors: Path | None) -> None:
    storage = open_storage(Settings())
    with _bar(file.name) as tell:
        report = run(_import(storage, kind, file, dry_run, tell))
    if errors is not None:
        write_errors(report, file, errors)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
    else:
        _print(report, errors)
    raise typer.Exit(report.exit_code)


async def _import(storage: Storage, kind: str, file: Path, dry_run: bool, tell: Tell) -> ImportReport:
    now = await SystemClock().now()
    try:
        plan = await plan_at_hand(storage, Settings(), load_catalogue(), now)
        return await import_file(storage.worker, storage.cipher, plan, kind, file, now=now, dry_run=dry_run, progress=tell)
    finally:
        await storage.close()


@contextmanager
def _bar(name: str) -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield tell


def _print(report: ImportReport, errors: Path | None) -> None:
    console = Console(soft_wrap=True, highlight=False)
    title = f"{report.file}" + (" · 试运行，未写入 / dry run, nothing written" if report.dry_run else "")
    console.print(_summary(report, title))
    if report.ignored:
        console.print(f"未使用的列 / columns not used: {', '.join(report.ignored)}", markup=False)
    for label, style, findings in (("错误 errors", "red", report.errors), ("提醒 warnings", "yellow", report.warnings)):
        if findings:
            _print_findings(console, label, style, findings)
    if errors is not None:
        console.print(f"问题行已写入 / bad rows written to: {errors}", markup=False)


def _summary(report: ImportReport, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    counts = {"行 rows": report.rows, "新增 new": report.new, "变更 changed": report.changed, "未变 unchanged": report.unchanged}
    counts |= {"名册中消失 left": report.left, "错误 errors": len(report.errors), "提醒 warnings": len(report.warnings)}
    for name in counts:
        table.add_column(name, justify="right")
    table.add_row(*(str(count) for count in counts.values()))
    return table


def _print_findings(console: Console, title: str, style: str, findings: list[Finding]) -> None:
    """By reason, so that a thousand equal mistakes read as one."""
    console.print(f"{title}: {len(findings)}", style=f"bold {style}", markup=False)
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.code, []).append(finding)
    for group in sorted(groups.values(), key=len, reverse=True):
        console.print(f"● {len(group)} × {group[0].reason}", style=style, markup=False)
        console.print(f"  → {group[0].how}", markup=False)
        for finding in group[:SHOWN]:
            console.print(f"    {_where(finding)}", markup=False)
        if len(group) > SHOWN:
            console.print(f"    … + {len(group) - SHOWN}")


def _where(finding: Finding) -> str:
    place = f"{finding.sheet} · 第{finding.row}行 row {finding.row}" if finding.row else ""
    return " · ".join(part for part in (place, finding.column, finding.value) if part)
