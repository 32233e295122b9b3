"""`fanxiao supervision sample`, `result`: children or ledger entries drawn at random for an inspection, and what was found."""

from __future__ import annotations

from typing import Annotated, Any, NoReturn

import typer

from cases.colleagues import own_posts
from cases.shown import Shown, texts
from cases.supervising.inspection import NotDrawn, Order, draw_sample, items_of, new_seed, record_result, strata_names
from cases.supervising.tables import sample_table
from fanxiao.commands.acting import acting
from fanxiao.commands.counted import By, Json, On, Out, acting_in, area_name, checked_out, day_of, give, plan_now
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import InspectionSample
from storage.work import Work


async def _shown(work: Work, plan: Plan, sample: InspectionSample) -> tuple[Shown, dict[str, Any]]:
    lines = await items_of(work, sample.id)
    data = {
        "sample": sample.id, "seed": sample.seed, "on": sample.on, "strata": sample.strata,
        "items": [
            {"place": item.place, "stratum": item.stratum, "student_id": item.student_id, "case_id": item.case_id, "outcome": item.outcome}
            for item, *_ in lines
        ],
    }  # fmt: skip
    return sample_table(plan, sample, lines, await area_name(work, sample.area_code), await strata_names(work, sample)), data


async def _inspector(work: Work, plan: Plan, by: int) -> None:
    roles = plan.supervision.inspectors if plan.supervision else []
    if not any(post.role in roles for post in await own_posts(work, by, Calendar(plan).day_of(work.now))):
        _refuse(NotDrawn("not_yours"))


def _refuse(fault: NotDrawn) -> NoReturn:
    said = texts()["not_drawn"][str(fault)]
    refuse(said["zh"], said["en"])


def sample(
    by: By,
    area: Annotated[str, typer.Option("--area", help="区划代码 · area code; without it all that the person answers for")] = "",
    of: Annotated[str, typer.Option("--of", help="children 学生、cases 台账 · what is drawn")] = "children",
    per: Annotated[str, typer.Option("--per", help="分层：school、township · the strata")] = "township",
    size: Annotated[int | None, typer.Option("--size", help="抽多少 · how many; without it the plan's number")] = None,
    seed: Annotated[str | None, typer.Option("--seed", help="种子，不写由系统随机给出 · without it one is drawn, and recorded")] = None,
    on: On = None, as_json: Json = False, out: Out = None,
) -> None:  # fmt: skip
    """随机抽查 · Draw a sample, in each stratum by its share. The same seed draws the same ones; the seed is kept."""
    target = checked_out(out)

    async def use(work: Work, _: Storage) -> tuple[Shown, dict[str, Any]]:
        plan = await plan_now(work)
        who, where = await acting_in(work, by, area)
        await _inspector(work, plan, who.id)
        number = size if size is not None else (plan.supervision.sample_size if plan.supervision else 0)
        day = day_of(work, plan, on) or Calendar(plan).day_of(work.now)
        chosen = seed if seed is not None else new_seed()
        try:
            drawn = await draw_sample(work, plan, Order(where, of, per, day, number, chosen), who.id)
        except NotDrawn as fault:
            _refuse(fault)
        await work.session.flush()
        return await _shown(work, plan, drawn)

    shown, data = once(use)
    give([shown], target, data if as_json else None)


def result(
    sample_id: Annotated[int, typer.Option("--sample", help="抽查号 · the sample's number")],
    by: By,
    place: Annotated[int | None, typer.Option("--place", help="序号，不写只看 · the place in it; without it, it is shown")] = None,
    found: Annotated[str, typer.Option("--found", help="agrees 相符、differs 不符")] = "",
    note: Annotated[str, typer.Option("--note", help="情况 · what was found")] = "",
    as_json: Json = False, out: Out = None,
) -> None:  # fmt: skip
    """抽查结果 · Record what was found at one place of a sample, and show the sample."""
    target = checked_out(out)

    async def use(work: Work, _: Storage) -> tuple[Shown, dict[str, Any]]:
        plan = await plan_now(work)
        who = await acting(work, by)
        await _inspector(work, plan, who.id)
        drawn = await work.session.get(InspectionSample, sample_id)
        if drawn is None:
            refuse(f"没有这份抽查：{sample_id}", f"There is no such sample: {sample_id}")
        await acting_in(work, by, drawn.area_code)
        try:
            if place is not None:
                await record_result(work, sample_id, place, found, note, who.id)
        except NotDrawn as fault:
            _refuse(fault)
        await work.session.flush()
        return await _shown(work, plan, drawn)

    shown, data = once(use)
    give([shown], target, data if as_json else None)


def register(app: typer.Typer) -> None:
    """Puts both into the group `supervision`."""
    app.command("sample")(sample)
    app.command("result")(result)
