"""`fanxiao check`: what is wrong with a plan file, the messages, or the record, before anybody is hurt by it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cases.record import Broken, broken_seals
from fanxiao.commands import check_templates
from fanxiao.engine import load_catalogue
from fanxiao.running import run
from fanxiao.settings import Settings
from fanxiao.wiring import open_storage
from plan.check import PlanFault, read_plan
from storage.clock import SystemClock
from storage.work import working

app = typer.Typer(help="检查 · checks before use: plan file, messages, record", no_args_is_help=True)
check_templates.register(app)


@app.command("plan")
def check_plan(file: Annotated[Path, typer.Argument(help="计划文件 · the plan file (YAML)", exists=True, dir_okay=False)]) -> None:
    """检查计划文件 · Say in sentences what is wrong with a plan file; exit 1 if anything is."""
    try:
        plan = read_plan(file.read_text(encoding="utf-8"), load_catalogue().templates)
    except UnicodeDecodeError as error:
        typer.echo(f"{file.name}: 文件不是 UTF-8 编码 / not encoded in UTF-8", err=True)
        raise typer.Exit(1) from error
    except PlanFault as fault:
        for problem in fault.problems:
            typer.echo(str(problem))
        typer.echo(f"{file.name}: {len(fault.problems)} 处问题 / problems: {len(fault.problems)}")
        raise typer.Exit(1) from fault
    typer.echo(f"{file.name}: 计划文件没有问题，共{len(plan.levels)}级 / sound, {len(plan.levels)} levels")
    if kinds := [kind for kind in plan.aid.kinds.values() if kind.is_unconfirmed]:
        typer.echo(f"待县里核定的资助金额：{'、'.join(kind.zh for kind in kinds)}")
        typer.echo(f"amounts that the county must confirm: {', '.join(kind.en for kind in kinds)}")


@app.command("audit")
def check_audit() -> None:
    """核对事件记录 · Verify the sealed record: exit 1 if an event was changed or removed."""
    storage = open_storage(Settings())

    async def look() -> list[Broken]:
        try:
            async with working(storage.worker, await SystemClock().now()) as work:
                return await broken_seals(work)
        finally:
            await storage.close()

    broken = run(look())
    for seal in broken:
        typer.echo(
            f"第{seal.first_event_id}至{seal.last_event_id}条记录被改动 / events {seal.first_event_id} to {seal.last_event_id} do not match"
        )
    if broken:
        raise typer.Exit(1)
    typer.echo("事件记录完整 / the record is whole")
