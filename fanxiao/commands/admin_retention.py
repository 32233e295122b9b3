"""`fanxiao admin retention`: what the plan's rule would remove of children, relatives and activities, and removing it
now. Shows counts, never names."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cases.plans import plan_in_force
from cases.retention.nightly import anonymise
from cases.retention.pictures import pictured_long_ago, remove_pictures
from cases.retention.ripe import Ripe, all_of, ripe_children
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from storage.work import Work

Now = Annotated[bool, typer.Option("--now", help="现在就办，不等夜间 · carry it out now instead of at night")]


def retention(now: Now = False) -> None:
    """保存期限 · How many children, relatives and photographs of activities are past their time; --now removes them."""

    async def use(work: Work, _: Storage) -> tuple[Ripe, int]:
        plan = (await plan_in_force(work.session))[1]
        if plan.retention is None:
            refuse("方案里没有 retention 一节，不会删除任何信息。", "The plan has no section `retention`: nothing is removed.")
        today: date = Calendar(plan).day_of(work.now)
        children = await ripe_children(work.session, plan, today)
        pictured = await pictured_long_ago(work.session, plan, today)
        if now:
            await remove_pictures(work, pictured)
        found = (await anonymise(work, children, today) if now else None) or await all_of(work.session, children)
        return found, sum(pictures for _, _, pictures in pictured)

    found, pictures = once(use)
    done = ("已匿名", "made anonymous") if now else ("到期可匿名", "past their time")
    typer.echo(f"{done[0]}：学生 {len(found.children)} 名，家长 {len(found.people)} 名")
    typer.echo(f"{done[1]}: {len(found.children)} children, {len(found.people)} relatives")
    gone = ("已删除", "removed") if now else ("到期可删除", "past their time")
    typer.echo(f"{gone[0]}：线下活动照片 {pictures} 张")
    typer.echo(f"{gone[1]}: {pictures} photographs of activities")


def register(app: typer.Typer) -> None:
    """Adds the command to `fanxiao admin`."""
    app.command("retention")(retention)
