"""`fanxiao aid`: what was granted is listed and paid; letters and the register."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from bot.rendering.support_tables import aid_register, payment_list
from cases.aid_deciding import aid_decider
from cases.aid_payment import Payment, list_for_payment, pay_all
from cases.desk import desk_of_student
from cases.posts.held import answers_for_any_above
from fanxiao.commands.acting import acting
from fanxiao.commands.aid_shared import By, Number, decision_letter, entitled_person, request_of
from fanxiao.commands.once import once, refuse
from fanxiao.commands.support import Area, Out, day_of, known_plan, refuse_for, sum_of, write
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from storage.tables import AidRequest, Student
from storage.work import Work


def paid(
    by: By,
    on: Annotated[str, typer.Option("--on", help="发放日期 · day of payment, 2026-11-27")],
    proof: Annotated[str, typer.Option("--proof", help="凭证 · receipt, or bank's list")],
    number: Annotated[int | None, typer.Argument(help="申请编号 · number of the request")] = None,
    payment_list_number: Annotated[str, typer.Option("--list", help="整份名册 · a whole payment list")] = "",
    amount: Annotated[str | None, typer.Option("--amount", help="元；不写为批准的数 · CNY; what was granted without it")] = None,
) -> None:
    """登记发放 · Registers what was paid, on which day and with which proof; the family is told. All of it, or nothing."""

    async def use(work: Work, _: Storage) -> int:
        plan = await known_plan(work)
        if (number is None) == (not payment_list_number):
            refuse("请写申请编号或 --list，两者之一", "Give the number of a request, or --list")
        if payment_list_number and amount is not None:
            refuse("整份名册不能写 --amount", "--amount is for one request, not for a list")
        found = [await request_of(work, number)] if number is not None else await _listed(work, payment_list_number)
        desk = await desk_of_student(work, await work.session.get_one(Student, found[0].student_id))
        person = await entitled_person(work, by, desk, plan.aid.payment.role or plan.holes.role)
        faults = await pay_all(work, found, Payment(day_of(on), proof, sum_of(amount)), person.id)
        if faults:
            refuse_for(faults[0][1], f"{faults[0][0].id}")
        return len(found)

    typer.echo(f"已登记发放 paid: {once(use)}")


async def _listed(work: Work, number: str) -> list[AidRequest]:
    query = select(AidRequest).where(AidRequest.list_number == number, AidRequest.state == "listed").order_by(AidRequest.id)
    found = list(await work.session.scalars(query.with_for_update()))
    if not found:
        refuse(f"没有这份名册，或已全部发放：{number}", f"There is no such list, or all of it is paid: {number}")
    return found


def list_(
    area: Annotated[str, typer.Option("--area", help="县代码 · the county's code")],
    by: By,
    out: Out,
) -> None:
    """发放名册 · Puts everything granted and not yet paid on a numbered payment list (xlsx)."""

    async def use(work: Work, _: Storage) -> tuple[str, bytes]:
        plan = await known_plan(work, area)
        person = await acting(work, by, area[:4])
        today = Calendar(plan).day_of(work.now)
        number, found = await list_for_payment(work, area, person.id, today)
        if not found:
            refuse(f"{area}没有待发放的资助", f"Nothing waits to be paid in {area}")
        desk = await desk_of_student(work, await work.session.get_one(Student, found[0].student_id))
        if not await answers_for_any_above(work, desk, person.id, plan.aid.payment.role or plan.holes.role):
            refuse_for("not_entitled", person.name)
        await work.session.flush()
        return number, await payment_list(work, plan, area, number)

    number, content = once(use)
    typer.echo(number)
    write(out, content)


def letter(number: Number, by: By, out: Out) -> None:
    """决定书 · The letter of a decision, as PDF."""

    async def use(work: Work, _: Storage) -> bytes:
        await known_plan(work)
        request = await request_of(work, number)
        desk = await desk_of_student(work, await work.session.get_one(Student, request.student_id))
        person = await entitled_person(work, by, desk, aid_decider(desk.plan))
        if request.decided_at is None:
            refuse(f"申请{number}还没有审批", f"request {number} is not decided")
        work.record("aid_letter_printed", f"student:{request.student_id}", area_code=request.area_code, actor=f"person:{person.id}")
        return await decision_letter(work, request)

    write(out, once(use))


def export(out: Out, area: Area = "") -> None:
    """资助台账 · The register of aid, as xlsx that prints well. Holds children's names: keep it as such."""

    async def use(work: Work, _: Storage) -> bytes:
        plan = await known_plan(work, area)
        work.record("aid_exported", f"area:{area}", area_code=area, actor="operator")
        return await aid_register(work, plan, area)

    write(out, once(use))


def register(app: typer.Typer) -> None:
    """Puts the commands on the command line."""
    app.command()(paid)
    app.command("list")(list_)
    app.command()(letter)
    app.command()(export)
