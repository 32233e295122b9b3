"""`fanxiao admin api-keys`: which other systems may call, in whose name, where, for how long."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer
from sqlalchemy import select

from cases.calendar_days import find_place
from cases.outward.keys import SCOPES, Issue, issue, posts_behind
from cases.outward.keys import revoke as end
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.children import carry_out, plan_today, the_school
from fanxiao.commands.once import once, refuse
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from storage.tables import ApiKey, Person, School
from storage.work import Work

app = typer.Typer(help="外部系统的密钥 · keys of other systems (docs/api.md)", no_args_is_help=True)
SCOPE = f"可做的事，用逗号分隔 · what it may do, comma-separated: {', '.join(SCOPES)}"


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="哪个系统 · which system")],
    by: Annotated[str, typer.Option("--by", help=BY)],
    scopes: Annotated[str, typer.Option("--scopes", help=SCOPE)],
    area: Annotated[str, typer.Option("--area", help="区划代码 · area code")] = "",
    school: Annotated[str, typer.Option("--school", help="只限一所学校 · one school only: its code or name")] = "",
    days: Annotated[int, typer.Option("--days", min=1, max=1100, help="有效天数 · days until it expires")] = 365,
    per_minute: Annotated[int, typer.Option("--per-minute", min=1, max=6000, help="每分钟最多调用 · calls a minute")] = 120,
) -> None:
    """新密钥 · A key for another system; it is shown this once."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    if not wanted or not set(wanted) <= set(SCOPES):
        refuse(f"不认识：{scopes}，只有 {', '.join(SCOPES)}", f"Unknown scope in {scopes}; known are {', '.join(SCOPES)}")
    if bool(area) == bool(school):
        refuse("请写 --area 或 --school 之一。", "Give either --area or --school.")
    if school and "hooks" in wanted:
        refuse("推送（hooks）只给区域的密钥。", "Hooks are for keys of an area only.")

    async def use(work: Work, _: Storage) -> tuple[ApiKey, str, str, date]:
        place = await the_school(work, school) if school else None
        if place is None and await find_place(work, area=area) is None:
            refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
        code, school_id = (place.area_code, place.id) if place is not None else (area, None)
        person = await acting(work, by)
        plan, today = await plan_today(work)
        if not await posts_behind(work, person.id, code, school_id, today):
            refuse(f"{person.name}不负责这个范围：{school or area}", f"{person.name} does not answer for all of {school or area}")
        key, secret = await issue(work, Issue(name.strip(), person.id, code, wanted, days, per_minute, school_id))
        return key, secret, person.name, Calendar(plan).day_of(key.expires_at)

    key, secret, person, until = carry_out(use)
    typer.echo(f"密钥 {key.id}（以{person}的名义，{until} 到期），只显示这一次：")
    typer.echo(f"Key {key.id} (in the name of {person}, expires {until}), shown this once:")
    typer.echo(secret)


@app.command("list")
def listed() -> None:
    """密钥列表 · All keys: by their beginnings, never whole."""

    async def use(work: Work, _: Storage) -> list[tuple[str, ...]]:
        calendar = Calendar((await plan_today(work))[0])
        query = select(ApiKey, Person.name, School.name).join(Person, Person.id == ApiKey.person_id)
        rows = await work.session.execute(query.outerjoin(School, School.id == ApiKey.school_id).order_by(ApiKey.id))
        return [_row(work, calendar, key, person, school) for key, person, school in rows]

    headers = (
        "编号 id",
        "开头 prefix",
        "系统 system",
        "名义 by",
        "范围 where",
        "可做 scopes",
        "到期 expires",
        "最近使用 used",
        "状态 state",
    )
    print_table(headers, once(use))


def _row(work: Work, calendar: Calendar, key: ApiKey, person: str, school: str | None) -> tuple[str, ...]:
    state = "已吊销 revoked" if key.revoked_at else "已到期 expired" if key.expires_at <= work.now else "有效 valid"
    used = f"{calendar.local(key.used_at):%Y-%m-%d %H:%M}" if key.used_at else "—"
    where = school or key.area_code
    return str(key.id), key.prefix, key.name, person, where, ",".join(key.scopes), f"{calendar.day_of(key.expires_at)}", used, state


@app.command("revoke")
def revoke(which: Annotated[str, typer.Argument(help="编号或开头 · its number or beginning")]) -> None:
    """吊销 · End a key at once, with the hooks opened by it."""

    async def use(work: Work, _: Storage) -> ApiKey:
        wanted = ApiKey.id == int(which) if which.isdecimal() else ApiKey.prefix == which
        key = await work.session.scalar(select(ApiKey).where(wanted).with_for_update())
        if key is None:
            refuse(f"没有这个密钥：{which}", f"There is no such key: {which}")
        await end(work, key)
        return key

    typer.echo(f"密钥 {once(use).prefix} 已吊销 / revoked")
