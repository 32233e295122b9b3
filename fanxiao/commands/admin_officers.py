"""`fanxiao admin first-officer` and `forget-second-factor`: who may enter the console, from the server itself."""

from __future__ import annotations

from typing import Annotated

import typer

from cases.access.first_officer import appoint
from cases.access.second_factor import drop_factor
from cases.calendar_days import find_place
from cases.imports.phones import read_phones
from cases.plans import plan_in_force
from fanxiao.commands.acting import acting
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from storage.work import Work


def first_officer(
    name: Annotated[str, typer.Argument(help="姓名 · name")],
    phone: Annotated[str, typer.Argument(help="手机号 · mobile number")],
    area: Annotated[str, typer.Option("--area", help="区划代码 · area code")],
    role: Annotated[str, typer.Option("--role", help="岗位 · role, as county_officer")] = "county_officer",
) -> None:
    """第一位管理员 · Name the first person who may enter the console; everybody else comes with `fanxiao import people`."""
    numbers = read_phones(phone).good
    if not name.strip() or len(numbers) != 1:
        refuse("请写姓名和一个有效的手机号。", "Give a name and one valid mobile number.")

    async def use(work: Work, storage: Storage) -> tuple[int, str]:
        try:
            plan = (await plan_in_force(work.session))[1]
        except LookupError:
            refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")
        if await find_place(work, area=area) is None:
            refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")
        if role not in plan.roles or not set(plan.roles[role].scope) - {"class", "school"}:
            refuse(f"岗位不对：{role}", f"This is no role of an area: {role}")
        appointed = await appoint(work, storage.cipher, name=name.strip(), number=numbers[0], area_code=area, role=role)
        return appointed, plan.roles[role].zh

    person_id, called = once(use)
    typer.echo(f"{name.strip()} 已登记为{called}（编号 {person_id}），可以用手机号登录。")
    typer.echo(f"{name.strip()} is registered as {role} (number {person_id}) and can log in by phone.")


def forget_second_factor(who: Annotated[str, typer.Argument(help="责任人编号或姓名 · number or name of the person")]) -> None:
    """手机丢了 · Drop a lost phone's one-time passwords; the next log-in sets up new ones."""

    async def use(work: Work, _: Storage) -> str:
        person = await acting(work, who)
        await drop_factor(work, person.id)
        work.record("second_factor_renewed", f"person:{person.id}", area_code=person.area_code, actor="operator")
        return person.name

    typer.echo(f"{once(use)}：下次登录时重新扫码 / scans anew at the next log-in")


def register(admin: typer.Typer) -> None:
    """Puts the commands into the group `admin`."""
    admin.command("first-officer")(first_officer)
    admin.command("forget-second-factor")(forget_second_factor)
