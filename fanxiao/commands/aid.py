"""`fanxiao aid`: what a child has a claim to, who asked, what was decided, what was paid."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cases.aid import Grant, entitled_to, pupil_of, tell_entitlements
from cases.aid_deciding import NotGrantable, aid_decider, ask_in_their_name, conclude_aid, grant_asked
from cases.aid_figures import figure_mark, money
from cases.aid_register import AidRow, aid_rows
from cases.casework import open_case_of
from cases.desk import Desk, desk_of_student
from cases.imports.intake import student_key
from cases.imports.numbers import read_number
from cases.no_contact import student_of_register
from cases.support_words import support_words
from fanxiao.commands import aid_papers
from fanxiao.commands.acting import BY
from fanxiao.commands.aid_shared import By, Number, decision_letter, entitled_person, request_of
from fanxiao.commands.once import once, refuse
from fanxiao.commands.support import Area, AsJson, known_plan, refuse_for, sum_of, write
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.crypto import Cipher
from storage.tables import AidRequest, Student
from storage.work import Work

app = typer.Typer(help="助学 · Aid: entitlements, requests, decisions, payments", no_args_is_help=True)
STATES = ("requested", "granted", "listed", "paid", "refused", "withdrawn")
Child = Annotated[str, typer.Option("--student", help="学籍号 · the child's register number")]


async def _student(work: Work, cipher: Cipher, register_number: str) -> Student:
    found = await student_of_register(work, student_key(cipher, read_number(register_number) or ""))
    if found is None:
        refuse(f"没有这个学籍号的学生：{register_number}", f"There is no child with this register number: {register_number}")
    return found


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
            told = await tell_entitlements(work, child, (await entitled_person(work, by, desk, "class_teacher")).id)
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
        await entitled_person(work, by, await desk_of_student(work, child), "class_teacher")
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
        request = await request_of(work, number)
        if request.state != "requested":
            refuse(
                f"申请{number}：{support_words().label('states', request.state)}，不能再审批",
                f"request {number}: it is {request.state} already",
            )
        if not grant and not note.strip():
            refuse_for("say_why", f"{number}")
        child = await work.session.get_one(Student, request.student_id)
        desk = await desk_of_student(work, child)
        person = await entitled_person(work, by, desk, aid_decider(desk.plan))
        chosen = await _grant(work, desk, child, kind, sum_of(amount), note) if grant else None
        await conclude_aid(work, desk, request, granted=grant, by=person.id, note=note.strip(), grant=chosen)
        return _granted(desk.plan, request), await decision_letter(work, request)

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
    known, entry = "、".join(f"{name}（{one.zh}）" for name, one in desk.plan.aid.kinds.items()), desk.plan.aid.kinds.get(kind)
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


aid_papers.register(app)
