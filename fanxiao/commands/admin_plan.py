"""`fanxiao admin plan` and `fanxiao admin move-case`: which plan new cases, and one running case, follow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from cases.plan_moves import Unmoved, move_case
from cases.plans import plan_in_force
from fanxiao.commands.once import once, refuse
from fanxiao.engine import load_catalogue
from fanxiao.plan_file import install_file
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from storage.tables import CaseFile
from storage.work import Work

WHY_NOT = {
    "closed": ("条目已销号。", "The case is closed."),
    "already": ("条目已按现行方案办理。", "The case follows the plan in force already."),
    "level": ("现行方案没有这一级：{detail}。条目仍按原方案办理。", "The plan in force has no level {detail}; the case keeps its plan."),
    "role": ("现行方案没有这个岗位：{detail}。条目仍按原方案办理。", "The plan in force has no role {detail}; the case keeps its plan."),
}


def plan(file: Annotated[Path, typer.Argument(help="计划文件 · the plan file (YAML)")]) -> None:
    """启用方案 · Check a plan file and put it in force for new cases; running cases keep theirs."""

    async def use(work: Work, _: Storage) -> tuple[int, int, int]:
        version = await install_file(work, file, load_catalogue().templates)
        installed = (await plan_in_force(work.session))[1]
        others = select(func.count()).where(CaseFile.state == "open", CaseFile.plan_version_id != version)
        return version, len(installed.levels), await work.session.scalar(others) or 0

    version, levels, others = once(use)
    typer.echo(f"方案第{version}版已启用，共{levels}级；{others} 个在办条目仍按原方案办理。")
    typer.echo(f"Version {version} is in force, {levels} levels; {others} running cases keep their plan.")
    _tell_of_the_setting(file)


def _tell_of_the_setting(file: Path) -> None:
    configured = Settings().plan
    if configured is not None and configured.resolve() != file.resolve():
        typer.echo(f"注意：FANXIAO_PLAN 指向 {configured}，下次启动会重新启用它。请一并修改。", err=True)
        typer.echo(f"Mind: FANXIAO_PLAN names {configured}, and the next start puts that in force again. Change it, too.", err=True)
    typer.echo("请重新启动工作进程，使安静时段和用语生效。 / Restart the worker: quiet hours and words are read at its start.")


def move(number: Annotated[str, typer.Argument(help="台账编号 · the case's number")]) -> None:
    """条目改按现行方案 · Move a running case, with what is owed for it, to the plan now in force."""

    async def use(work: Work, _: Storage) -> Unmoved | None:
        case_id = await work.session.scalar(select(CaseFile.id).where(CaseFile.number == number))
        if case_id is None:
            refuse(f"没有这个条目：{number}", f"There is no such case: {number}")
        return await move_case(work, case_id)

    unmoved = once(use)
    if unmoved is not None:
        zh, en = WHY_NOT[unmoved.reason]
        refuse(zh.format(detail=unmoved.detail), en.format(detail=unmoved.detail))
    typer.echo(f"条目 {number} 已改按现行方案办理 / case {number} now follows the plan in force")


def register(admin: typer.Typer) -> None:
    """Puts the commands into the group `admin`."""
    admin.command("plan")(plan)
    admin.command("move-case")(move)
