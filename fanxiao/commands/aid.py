"""`fanxiao aid`: what a child has a claim to, who asked, what was decided, what was paid."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy import select

from bot.dialogs.phrases import law_book
from bot.rendering.support_letters import NotToBeSaid, aid_pdf
from bot.rendering.support_tables import aid_register, payment_list
from cases.aid import Grant, entitled_to, pupil_of, tell_entitlements
from cases.aid_deciding import NotGrantable, aid_decider, ask_in_their_name, conclude_aid, grant_asked
from cases.aid_figures import figure_mark, money
from cases.aid_payment import Payment, list_for_payment, pay_all
from cases.aid_register import AidRow, aid_decision, aid_rows
from cases.casework import open_case_of
from cases.desk import Desk, desk_of_student
from cases.imports.intake import student_key
from cases.imports.numbers import read_number
from cases.no_contact import student_of_register
from cases.posts.held import answers_for_any_above
from cases.support_words import support_words
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.commands.support import Area, AsJson, Out, day_of, known_plan, refuse_for, sum_of, write
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.crypto import Cipher
from storage.tables import AidRequest, Person, Student
from storage.work import Work

app = typer.Typer(help="助学 · Aid: entitlements, requests, decisions, payments", no_args_is_help=True)
STATES = ("requested", "granted", "listed", "paid", "refused", "withdrawn")
Child = Annotated[str, typer.Option("--student", help="学籍号 · the child's register number")]
By = Annotated[str, typer.Option("--by", help=BY)]
Number = Annotated[int, typer.Argument(help="申请编号 · number of the request, as `aid requests` shows it")]


async def _student(work: Work, cipher: Cipher, register_number: str) -> Student:
    found = await student_of_register(work, student_key(cipher, read_number(register_number) or ""))
    if found is None:
        refuse(f"没有这个学籍号的学生：{register_number}", f"There is no child with this register number: {register_number}")
    return found


async def _request(work: Work, number: int) -> AidRequest:
    found = await work.session.get(AidRequest, number, with_for_update=True)
    if found is None:
        refuse(f"没有编号为{number}的申请", f"There is no request with the number {number}")
    return found


async def _entitled(work: Work, who: str, desk: Desk, role: str) -> Person:
    """The person in whose name it is done: of this role or above it, for the child's place."""
    person = await acting(work, who, desk.place.area_code[:4])
    if not await answers_for_any_above(work, desk, person.id, role):
        refuse_for("not_entitled", person.name)
    return person


async def _letter(work: Work, request: AidRequest) -> bytes:
    try:
        return aid_pdf(law_book(), await aid_decision(work, request))
    except NotToBeSaid as never:
        refuse(f"理由里有不能写的话：{never}", f"the reason holds what must not be said: {never}")


@app.command()
def entitlements(
    student: Child,
    tell: Annotated[
        bool, typer.Option("--tell", help="发给家长（只说人人都有的） · write to the family, only of what every child has")
    ] = False,
    by: Annotated[str, typer.Option("--by", help=BY + "；--tell 时要写 · needed with --tell")] = "",
    as_json: AsJson = False,
) -> None:
    """应享受的资助 · What a child has a claim to by the plan, from category, stage and boarding."""

    async def use(work: Work, storage: Storage) -> tuple[list[list[str]], list[dict[str, object]], int | None]:
        plan = await known_plan(work)
        child = await _student(work, storage.cipher, student)
        found = await entitled_to(work, child)
        desk = await desk_of_student(work, child)
        if not (await pupil_of(work, child, desk)).stage:
            refuse(
                "这个学生没有班级，或年级不在义务教育阶段，按方案算不出应享受的资助",
                "This child has no class, or a grade that is none of compulsory schooling: the plan's claims cannot be told",
            )
        told = None
        if tell:
            if not by:
                refuse("--tell 要写 --by", "--tell needs --by")
            told = await tell_entitlements(work, child, (await _entitled(work, by, desk, "class_teacher")).id)
        kinds = plan.aid.kinds
        rows = [
            [
                f"{kinds[one.kind].zh} {kinds[one.kind].en}", money(one.amount) if one.amount is not None else "—",
                support_words().label("per", one.per) if one.amount is not None else "",
                "人人都有 all" if one.is_for_all else "要核实是否住校 does the child board?" if one.unsure else "要申请 on request",
                "、".join(kinds[one.kind].documents), figure_mark(kinds[one.kind]),
            ]
            for one in found
        ]  # fmt: skip
        return rows, [asdict(one) for one in found], told

    rows, facts, told = once(use)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, default=str))
        return
    print_table(["资助项目 kind", "元 CNY", "周期 per", "怎样得到 how", "材料 documents", "金额依据 figure"], rows)
    typer.echo(
        "金额出自方案文件；标明“须经县里核定”的，批准前先核实。 / Amounts are the plan file's: where not confirmed, ask the county first."
    )
    if told is not None:
        typer.echo(f"已写给家长 written to guardians: {told}")


@app.command()
def requests(
    area: Area = "",
    state: Annotated[str, typer.Option("--state", help=f"{'、'.join(STATES)}；不写为全部 · all without it")] = "",
    as_json: AsJson = False,
) -> None:
    """资助申请 · Requests for aid and where they stand. Holds children's names: print it for those who may see them."""

    async def use(work: Work, _: Storage) -> tuple[Plan, list[AidRow], list[bool]]:
        plan = await known_plan(work, area)
        if state and state not in STATES:
            refuse(f"没有这种状态：{state}", f"There is no such state: {state}")
        found = await aid_rows(work.session, area, (state,) if state else ())
        return plan, found, [row.is_overdue(work.now) for row in found]

    plan, found, late = once(use)
    if as_json:
        typer.echo(
            json.dumps(
                [{**asdict(row), "overdue": is_late} for row, is_late in zip(found, late, strict=True)], ensure_ascii=False, default=str
            )
        )
        return
    calendar = Calendar(plan)
    print_table(
        ["编号 id", "学生 child", "学校 school", "申请 asked", "状态 state", "项目 kind", "元 CNY", "应发放 due", "发放 paid", "名册 list"],
        [
            [
                str(row.id), row.student, row.school, f"{calendar.day_of(row.requested_at)}",
                f"{support_words().label('states', row.state)} {row.state}", plan.aid.label(row.aid_kind),
                money(row.amount) if row.amount is not None else "",
                (f"{calendar.day_of(row.due_at)}" + (" 逾期 overdue" if is_late else "")) if row.due_at else "",
                f"{row.paid_on or ''}", row.list_number or "",
            ]
            for row, is_late in zip(found, late, strict=True)
        ],
    )  # fmt: skip


@app.command()
def ask(student: Child, by: By) -> None:
    """代为申请 · Enters a request that a family made in person or by telephone."""

    async def use(work: Work, storage: Storage) -> int:
        await known_plan(work)
        child = await _student(work, storage.cipher, student)
        await _entitled(work, by, await desk_of_student(work, child), "class_teacher")
        return await ask_in_their_name(work, await desk_of_student(work, child), child, await open_case_of(work, child.id))

    typer.echo(f"申请编号 request: {once(use)}")


@app.command()
def decide(
    number: Number,
    by: By,
    grant: Annotated[bool | None, typer.Option("--grant/--refuse", help="批准或不批准 · grant or refuse")] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="方案里的资助项目 · a kind of the plan's `aid.kinds`; without it what the registers suggest")
    ] = "",
    amount: Annotated[str | None, typer.Option("--amount", help="元；不写按方案 · CNY; the plan's without it")] = None,
    note: Annotated[str, typer.Option("--note", help="理由 · reason; needed to refuse, and to grant beyond the plan")] = "",
    letter: Annotated[Path | None, typer.Option("--letter", help="决定书 PDF · the letter of the decision", dir_okay=False)] = None,
) -> None:
    """审批 · A named person grants or refuses a request; the family is told, and a granted sum waits to be paid."""

    async def use(work: Work, _: Storage) -> tuple[str, bytes]:
        await known_plan(work)
        if grant is None:
            refuse("请写 --grant 或 --refuse", "Give --grant or --refuse")
        request = await _request(work, number)
        if request.state != "requested":
            refuse(
                f"申请{number}：已经{support_words().label('states', request.state)}", f"request {number}: it is {request.state} already"
            )
        if not grant and not note.strip():
            refuse_for("say_why", f"{number}")
        child = await work.session.get_one(Student, request.student_id)
        desk = await desk_of_student(work, child)
        person = await _entitled(work, by, desk, aid_decider(desk.plan))
        chosen = await _grant(work, desk, child, kind, sum_of(amount), note) if grant else None
        await conclude_aid(work, desk, request, granted=grant, by=person.id, note=note.strip(), grant=chosen)
        return _granted(desk.plan, request), await _letter(work, request)

    told, made = once(use)
    typer.echo(f"{number}: {told if grant else '未批准 refused'}")
    if letter is not None:
        write(letter, made)


def _granted(plan: Plan, request: AidRequest) -> str:
    """What was granted, with where its figure comes from."""
    kind = plan.aid.kinds.get(request.aid_kind or "")
    amount = f"{money(request.amount)} CNY {support_words().label('per', request.per)}" if request.amount is not None else ""
    return "；".join(part for part in (f"已批准 granted: {plan.aid.label(request.aid_kind)} {amount}".strip(), figure_mark(kind)) if part)


async def _grant(work: Work, desk: Desk, child: Student, kind: str, amount: Decimal | None, note: str) -> Grant | None:
    try:
        return await grant_asked(work, desk, child, kind, amount, note)
    except NotGrantable as fault:
        _refuse_grant(desk, kind, str(fault))


def _refuse_grant(desk: Desk, kind: str, reason: str) -> NoReturn:
    if reason == "not_positive":
        refuse_for("not_positive", "--amount")
    known, entry = "、".join(desk.plan.aid.kinds), desk.plan.aid.kinds.get(kind)
    said = {
        "kind_needed": ("--amount 要和 --kind 一起写", "--amount needs --kind"),
        "no_aid_kind": (f"--kind：方案里没有“{kind}”，有：{known}", f"--kind: the plan has no {kind!r}; it has {known}"),
        "not_this_stage": (f"--kind：“{entry.zh if entry else kind}”不适用于这个学段", f"--kind: {kind!r} is not for this stage"),
        "say_why_beyond": (
            "名册里没有享受这项资助的依据，或金额与方案不同，请用 --note 写明理由",
            "The registers show no claim to it, or the sum differs from the plan's: give the reason with --note",
        ),
    }
    refuse(*said[reason])


@app.command()
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
        found = [await _request(work, number)] if number is not None else await _listed(work, payment_list_number)
        desk = await desk_of_student(work, await work.session.get_one(Student, found[0].student_id))
        person = await _entitled(work, by, desk, plan.aid.payment.role or plan.holes.role)
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


@app.command("list")
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


@app.command()
def letter(number: Number, by: By, out: Out) -> None:
    """决定书 · The letter of a decision, as PDF."""

    async def use(work: Work, _: Storage) -> bytes:
        await known_plan(work)
        request = await _request(work, number)
        desk = await desk_of_student(work, await work.session.get_one(Student, request.student_id))
        person = await _entitled(work, by, desk, aid_decider(desk.plan))
        if request.decided_at is None:
            refuse(f"申请{number}还没有审批", f"request {number} is not decided")
        work.record("aid_letter_printed", f"student:{request.student_id}", area_code=request.area_code, actor=f"person:{person.id}")
        return await _letter(work, request)

    write(out, once(use))


@app.command()
def export(out: Out, area: Area = "") -> None:
    """资助台账 · The register of aid, as xlsx that prints well. Holds children's names: keep it as such."""

    async def use(work: Work, _: Storage) -> bytes:
        plan = await known_plan(work, area)
        work.record("aid_exported", f"area:{area}", area_code=area, actor="operator")
        return await aid_register(work, plan, area)

    write(out, once(use))
