"""`fanxiao admin retention`: whose personal data the plan's rule would remove, and removing them now. Shows counts, never names."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cases.plans import plan_in_force
from cases.retention.nightly import anonymise
from cases.retention.ripe import Ripe, all_of, ripe_children
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from storage.work import Work

Now = Annotated[bool, typer.Option("--now", help="现在就办，不等夜间 · carry it out now instead of at night")]


def retention(now: Now = False) -> None:
    """保存期限 · How many children and relatives are past the time for which their personal data are kept; --now removes them."""

    async def use(work: Work, _: Storage) -> Ripe:
        plan = (await plan_in_force(work.session))[1]
        if plan.retention is None:
            refuse("方案里没有 retention 一节，不会匿名任何人。", "The plan has no section `retention`: nobody is made anonymous.")
        today: date = Calendar(plan).day_of(work.now)
        children = await ripe_children(work.session, plan, today)
        return (await anonymise(work, children, today) if now else None) or await all_of(work.session, children)

    found = once(use)
    done = ("已匿名", "made anonymous") if now else ("到期可匿名", "past their time")
    typer.echo(f"{done[0]}：学生 {len(found.children)} 名，家长 {len(found.people)} 名")
    typer.echo(f"{done[1]}: {len(found.children)} children, {len(found.people)} relatives")


def register(app: typer.Typer) -> None:
    """Adds the command to `fanxiao admin`."""
    app.command("retention")(retention)
