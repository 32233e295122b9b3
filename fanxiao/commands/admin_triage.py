"""`fanxiao admin triage`: what waits for a person, by area. Shows no text and no child; numbers are masked."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cases.calendar_days import find_place
from cases.plans import plan_in_force
from cases.triage_list import Waiting, triage_queue
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.work import Work


def show(
    area: Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")] = False,
) -> None:
    """来信待办 · Texts that wait for a person: owner, due time, age. Complaints are listed, their words are not."""

    async def use(work: Work, storage: Storage) -> tuple[Plan, list[Waiting]]:
        if area and await find_place(work, area=area) is None:
            refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
        try:
            plan = (await plan_in_force(work.session))[1]
        except LookupError:
            refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")
        return plan, await triage_queue(work.session, storage.cipher, area, work.now)

    plan, found = once(use)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, default=str, indent=1))
    else:
        Console(soft_wrap=True, highlight=False).print(_table(plan, found))


def _table(plan: Plan, found: list[Waiting]) -> Table:
    table = Table("代号 code", "事项 what", "地区 area", "责任人 owner", "来信 sender", "期限 due", "已等 waits", title=f"{len(found)}")
    calendar = Calendar(plan)
    for one in found:
        kind, owners = plan.task_name(one.kind), "、".join(one.owners) or "无人 nobody"
        due = f"{calendar.local(one.due_at):%m-%d %H:%M}" + (" 过期 overdue" if one.is_overdue else "")
        table.add_row(one.code, f"{kind.zh} {kind.en}", one.area, owners, one.writer or one.sender, due, f"{one.age_hours:g} h")
    return table


def register(admin: typer.Typer) -> None:
    """Puts the command into the group `admin`."""
    admin.command("triage")(show)
