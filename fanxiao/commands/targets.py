"""`fanxiao targets`: the plan's targets as of any day, for every school, township, county or the prefecture; official figures."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, get_args

import typer

from cases.figures import Figure, NotEntered, enter_figure, figures_of_year
from cases.history.moment import as_of
from cases.history.rolls import school_year
from cases.rates import Unit, count, rates_of_units
from cases.responsible import CODE_LENGTH
from cases.shown import Shown, texts
from cases.targets_table import children_table, line_of, targets_table
from fanxiao.commands.acting import acting
from fanxiao.commands.counted import Area, By, Json, On, Out, area_name, checked_out, day_of, give, plan_now
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from storage.work import Work

app = typer.Typer(help="控辍目标 · the plan's targets. With --out and --json also the children behind the numbers.")

Per = Annotated[
    str | None, typer.Option("--per", help="按 school、township、county、prefecture 分列 · a line for each; without it the area itself")
]


def chosen_unit(area: str, per: str | None) -> Unit:
    """The unit that was asked for, else the area's own; refuses another word."""
    if per is None:
        return next((unit for unit in get_args(Unit)[::-1] if unit != "school" and len(area) <= CODE_LENGTH[unit]), "school")
    if per not in get_args(Unit):
        refuse(f"--per 只能是 school、township、county、prefecture：{per}", f"--per is school, township, county or prefecture: {per}")
    if per != "school" and CODE_LENGTH[per] < len(area):
        refuse(f"--per {per} 比区域本身还大。", f"--per {per} is wider than the area itself.")
    return next(unit for unit in get_args(Unit) if unit == per)


@app.callback(invoke_without_command=True)
def show(context: typer.Context, area: Area = "", on: On = None, per: Per = None, as_json: Json = False, out: Out = None) -> None:
    """辍学率、净入学率与目标 · Each stage's rates against the targets, on any day; the children behind each number."""
    if context.invoked_subcommand is not None:
        return
    target, unit = checked_out(out), chosen_unit(area, per)

    async def use(work: Work, _: Storage) -> tuple[list[Shown], list[dict[str, Any]]]:
        name, plan = await area_name(work, area), await plan_now(work)
        day = day_of(work, plan, on)
        when, units = as_of(work, plan, day), await rates_of_units(work, plan, area, unit, day)
        figures = await figures_of_year(work, school_year(when.on))
        shown = [
            await targets_table(work, plan, units, name, when.on),
            await children_table(work, await count(work, plan, area, day), name),
        ]
        data = [
            {**line_of(one, index, figures), "on": when.on, "children_behind": asdict(stage)}
            for one in units for index, stage in enumerate(one.stages)
        ]  # fmt: skip
        return shown, data

    shown, data = once(use)
    give(shown if target else shown[:1], target, data if as_json else None)


@app.command()
def figure(
    kind: Annotated[str, typer.Option("--kind", help="provincial_average 全省平均（%）、children_of_age 适龄人口")],
    stage: Annotated[str, typer.Option("--stage", help="primary 小学、junior 初中")],
    year: Annotated[int, typer.Option("--year", help="学年开始的年份 · the year in which the school year began")],
    value: Annotated[str, typer.Option("--value", help="数字 · the figure")],
    source: Annotated[str, typer.Option("--source", help="出处 · where it is from")],
    area: Annotated[str, typer.Option("--area", help="区划代码 · area that it holds for")],
    by: By,
) -> None:
    """录入官方数字 · Enter an official figure; a newer one replaces it, and both are kept."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        refuse(f"不是数字：{value}", f"This is no number: {value}")
    if not number.is_finite():
        refuse(f"不是数字：{value}", f"This is no number: {value}")

    async def use(work: Work, _: Storage) -> None:
        name, plan = await area_name(work, area), await plan_now(work)
        who = await acting(work, by)
        try:
            await enter_figure(work, plan, Figure(kind, stage, area, year, number, source), who.id)
        except NotEntered as fault:
            said = texts()["not_entered"][str(fault)]
            refuse(said["zh"], said["en"])
        typer.echo(f"{name} {year}学年：{number} / entered")

    once(use)
