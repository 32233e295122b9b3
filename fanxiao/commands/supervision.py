"""`fanxiao supervision`: times, year-end sheets, decisions of named people, commendation. Facts here; people decide."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import String as Text
from sqlalchemy import cast, select

from cases.names import area_names
from cases.rates import Unit
from cases.shown import Shown, texts
from cases.supervising.commending import candidates
from cases.supervising.sheets import NotDecided, PostSheet, decide, facts_of, posts, sheets
from cases.supervising.tables import commend_table, posts_table, times_table
from cases.supervising.times import Span, times_of_people, times_of_units
from fanxiao.commands import supervision_sample
from fanxiao.commands.acting import acting
from fanxiao.commands.counted import Area, By, Json, On, Out, Since, Until, area_name, checked_out, give, plan_now
from fanxiao.commands.once import once, refuse
from fanxiao.commands.targets import chosen_unit
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from plan.supervising import Supervision
from storage.tables import School
from storage.work import Work

app = typer.Typer(help="督导、考核、抽查、表彰 · supervision: facts; people decide.", no_args_is_help=True)
supervision_sample.register(app)

Year = Annotated[int | None, typer.Option("--year", help="年份，不写为今年 · the year; this one without it")]
Role = Annotated[str | None, typer.Option("--role", help="岗位，如 township_head 或 乡镇长 · a role")]
Person = Annotated[str | None, typer.Option("--person", help="责任人编号或姓名 · a person's number or name")]
MONTH = timedelta(days=30)


def rules_of(plan: Plan) -> Supervision:
    """The plan's section; refuses a plan without it."""
    if plan.supervision is None:
        refuse("方案里没有 supervision（督导）一节。", "The plan has no section `supervision`.")
    return plan.supervision


@app.command()
def times(
    area: Area = "", since: Since = None, until: Until = None,
    per: Annotated[str, typer.Option("--per", help="person、school、township、county、prefecture")] = "person",
    role: Role = None, as_json: Json = False, out: Out = None,
) -> None:  # fmt: skip
    """答复和办结时间 · Times of answer and of finishing, share in time, ranked. The last 30 days without --since."""
    target = checked_out(out)
    if since is not None and until is not None and until < since:
        refuse("--until 早于 --since。", "--until is before --since.")
    unit = None if per == "person" else chosen_unit(area, per)

    async def use(work: Work, _: Storage) -> tuple[Shown, list[dict[str, Any]]]:
        name, plan = await area_name(work, area), await plan_now(work)
        span = _span(plan, work.now, since, until)
        if unit is None:
            found = await times_of_people(work, area, span, [_role(plan, role)] if role else None)
        else:
            found = await times_of_units(work, plan, area, span, unit)
        names = await _unit_names(work, unit, [one.key for one in found])
        shown = times_table(plan, found, names, name, span, rules_of(plan).least_tasks)
        return shown, [{**asdict(one), "name": one.name or names.get(one.key), "share": one.share} for one in found]

    shown, data = once(use)
    give([shown], target, data if as_json else None)


def _span(plan: Plan, now: datetime, since: datetime | None, until: datetime | None) -> Span:
    calendar = Calendar(plan)
    end = min(calendar.at(until.date() + timedelta(days=1), time.min), now) if until else now
    first = calendar.at(since.date(), time.min) if since else end - MONTH
    if first > now:
        refuse("--since 还没有到。", "--since has not come yet.")
    return Span(first, end)


def _role(plan: Plan, said: str) -> str:
    found = next((name for name, role in plan.roles.items() if said in {name, role.zh}), None)
    if found is None:
        refuse(f"方案里没有这个岗位：{said}", f"The plan has no such role: {said}")
    return found


async def _unit_names(work: Work, unit: Unit | None, keys: list[str]) -> dict[str, str]:
    if unit == "school":
        rows = await work.session.execute(select(cast(School.id, Text), School.name).where(School.id.in_(map(int, keys))))
        return dict(rows.all())
    return await area_names(work.session, keys) if unit else {}


async def _sheets(
    work: Work, plan: Plan, area: str, year: int | None, on: datetime | None, role: str | None, person: str | None
) -> tuple[int, list[PostSheet]]:
    assessed = rules_of(plan).assessed
    if role is not None and _role(plan, role) not in assessed:
        refuse(f"方案不考核这个岗位：{role}", f"The plan does not assess this role: {role}")
    roles = [_role(plan, role)] if role else list(assessed)
    today = Calendar(plan).day_of(work.now)
    chosen = year or (on.year if on else today.year)
    if chosen > today.year:
        refuse(f"{chosen}年还没有到。", f"{chosen} has not come yet.")
    who = (await acting(work, person, area)).id if person else None
    day = on.date() if on else min(date(chosen, 12, 31), today)
    if day.year != chosen or day > today:
        refuse(f"{day} 不在{chosen}年，或还没有到。", f"{day} is no day of {chosen}, or has not come yet.")
    return chosen, await sheets(work, plan, await posts(work, area, day, roles, who), chosen, day)


@app.command()
def sheet(
    area: Area = "", role: Role = None, person: Person = None, year: Year = None, on: On = None, as_json: Json = False, out: Out = None
) -> None:
    """责任人情况表 · The sheet of each township head, education head and principal: facts and what misses the plan. It decides nothing."""
    _show_sheets(area, role, person, year, on, as_json=as_json, out=out, is_final=False)


@app.command("year-end")
def year_end(
    area: Area = "", role: Role = None, year: Year = None, as_json: Json = False, out: Out = None,
) -> None:  # fmt: skip
    """年终情况表 · All posts of a year, to be printed, with room for the decision and the signature of a named person."""
    _show_sheets(area, role, None, year, None, as_json=as_json, out=out, is_final=True)


def _show_sheets(
    area: str, role: str | None, person: str | None, year: int | None, on: datetime | None, *, as_json: bool, out: Out, is_final: bool
) -> None:
    target = checked_out(out)

    async def use(work: Work, _: Storage) -> tuple[Shown, list[dict[str, Any]]]:
        name, plan = await area_name(work, area), await plan_now(work)
        chosen, found = await _sheets(work, plan, area, year, on, role, person)
        if not found:
            refuse("没有这样的责任人或岗位。", "Nobody holds such a post.")
        data = [{"person": one.post.person, "person_id": one.post.person_id, "place": one.post.place, **facts_of(one)} for one in found]
        return posts_table(plan, found, name, chosen), [
            {**row, "decisions": [{"text": words, "by": who, "on": day} for words, who, day in one.decisions]}
            for row, one in zip(data, found, strict=True)
        ]

    shown, data = once(use)
    give([shown], target, data if as_json else None, texts()["post_sheets"]["signers"] if is_final else ())


@app.command("decide")
def decide_year(
    person: Annotated[str, typer.Option("--person", help="被考核的责任人 · whose year it is")],
    text: Annotated[str, typer.Option("--text", help="决定，自己的话 · the decision, in the decider's own words")],
    by: By, area: Area = "", role: Role = None, year: Year = None,
) -> None:  # fmt: skip
    """记录决定 · Keep what a named person has decided about a post's year, with the facts that lay before them."""

    async def use(work: Work, _: Storage) -> None:
        plan = await plan_now(work)
        await area_name(work, area)
        who = await acting(work, by)
        chosen, found = await _sheets(work, plan, area, year, None, role, person)
        try:
            if len(found) != 1:
                raise NotDecided("several" if found else "no_post")
            await decide(work, plan, found[0], who.id, text)
        except NotDecided as fault:
            said = texts()["not_decided"][str(fault)]
            refuse(said["zh"], said["en"])
        typer.echo(f"已记录：{found[0].post.person}（{found[0].post.place}）{chosen}年，决定人{who.name} / kept")

    once(use)


@app.command()
def commend(
    area: Area = "", per: Annotated[str | None, typer.Option("--per", help="school、township、county")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="也列不符合的及其原因 · also those that miss a criterion, and which")] = False,
    year: Year = None, as_json: Json = False, out: Out = None,
) -> None:  # fmt: skip
    """表彰条件 · Units that meet the plan's criteria. Whether they are commended, a person decides."""
    target = checked_out(out)
    asked = None if per is None else chosen_unit(area, per)

    async def use(work: Work, _: Storage) -> tuple[list[Shown], list[dict[str, Any]]]:
        name, plan = await area_name(work, area), await plan_now(work)
        rules, today = rules_of(plan).commendation, Calendar(plan).day_of(work.now)
        chosen = year or today.year
        if chosen > today.year:
            refuse(f"{chosen}年还没有到。", f"{chosen} has not come yet.")
        day = min(date(chosen, 12, 31), today)
        units: list[Unit] = [asked] if asked else list(rules.units)
        found = [one for unit in units for one in await candidates(work, plan, area, unit, chosen, day)]
        listed = found if everyone else [one for one in found if not one.misses]
        return [commend_table(listed, name, chosen, str(day), rules.least_children, everyone=everyone)], [
            {**asdict(one), "sheets_percent": one.sheets_percent} for one in listed
        ]

    shown, data = once(use)
    give(shown, target, data if as_json else None)
