"""`fanxiao referrals`: proposed by an officer, approved by a named person who says it twice, printed as a letter, answered."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select

from bot.dialogs.phrases import law_book
from bot.rendering.support_letters import NotToBeSaid, referral_pdf
from cases.desk import Desk, desk_of_case
from cases.finishing import finish_task
from cases.posts.held import answers_for, answers_for_any_above
from cases.referral_letters import NotApproved, parents_told, referral_letter
from cases.referrals import (
    act_task,
    conclude_referral,
    may_decide,
    may_withdraw,
    not_to_be_proposed,
    note_answer,
    propose_referral,
    withdraw_referral,
)
from cases.words import words as officers_words
from fanxiao.commands import referrals_read
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.commands.referrals_shared import Number, referral_of
from fanxiao.commands.support import Out, known_plan, refuse_for, write
from fanxiao.wiring import Storage
from plan.model import Plan
from storage.tables import CaseFile, Person, Referral
from storage.work import Work

app = typer.Typer(help="部门移送 · Referrals to departments", no_args_is_help=True)
By = Annotated[str, typer.Option("--by", help=BY)]
Reason = Annotated[str, typer.Option("--reason", help="理由 · why")]


async def _decider(work: Work, who: str, desk: Desk) -> Person:
    """Who may approve in the case's county, or somebody above."""
    person = await acting(work, who, desk.place.area_code[:4])
    if not await may_decide(work, desk, person.id):
        refuse_for("not_entitled", person.name)
    return person


@app.command()
def propose(
    case_number: Annotated[str, typer.Argument(metavar="CASE", help="台账编号 · number of the case")],
    kind: Annotated[str, typer.Option("--kind", help="移送种类，键或中文名 · a kind of the plan's `referrals`, by key or Chinese name")],
    department: Annotated[str, typer.Option("--department", help="部门 · a key or Chinese name of the plan's `departments`")],
    reason: Reason,
    by: By,
) -> None:
    """提出移送 · An officer entitled by the plan proposes; nothing leaves until a named person has approved."""

    async def use(work: Work, _: Storage) -> int:
        await known_plan(work)
        case = await work.session.scalar(select(CaseFile).where(CaseFile.number == case_number).with_for_update())
        if case is None:
            refuse(f"没有这个台账编号：{case_number}", f"There is no such case: {case_number}")
        desk = await desk_of_case(work, case)
        key = next((name for name, label in desk.plan.departments.items() if department in {name, label.zh}), None)
        if key is None:
            names = "、".join(label.zh for label in desk.plan.departments.values())
            refuse(f"--department：没有“{department}”，有：{names}", f"--department: there is no {department!r}")
        person = await acting(work, by, case.area_code[:4])
        if not reason.strip():
            refuse_for("say_why", "--reason")
        wanted = _kind_named(desk.plan, kind)
        if (fault := await not_to_be_proposed(work, case, department=key, kind=wanted, by=person.id)) is not None:
            refuse_for(fault, case_number)
        referral = await propose_referral(work, case, department=key, by=person.id, reason=reason.strip(), kind=wanted)
        if referral is None:
            refuse_for("no_kind", "--kind")
        return referral.id

    typer.echo(f"移送编号 referral: {once(use)}")


def _kind_named(plan: Plan, said: str) -> str:
    """The key of an enabled kind, by its key or its Chinese name; refuses any other and names those that there are."""
    known = {name: kind.zh for name, kind in plan.referrals.items() if kind.enabled}
    found = next((name for name, zh in known.items() if said in {name, zh}), None)
    if found is None:
        listed = "、".join(f"{name}（{zh}）" for name, zh in known.items())
        refuse(f"--kind：方案里没有启用“{said}”，有：{listed}", f"--kind: no such kind is enabled: {said!r}; there are {', '.join(known)}")
    return found


@app.command()
def approve(
    number: Number,
    by: By,
    confirm: Annotated[
        str, typer.Option("--confirm", help="再写一遍台账编号，表示确认 · the case's number once more, as the second word")
    ] = "",
) -> None:
    """批准移送 · A named person approves, with a second word; the letter gets its number and the department is asked."""

    async def use(work: Work, _: Storage) -> str:
        await known_plan(work)
        referral, case, desk = await referral_of(work, number)
        _must_wait(referral, case)
        person = await _decider(work, by, desk)
        if confirm != case.number:
            told = "、".join(parents_told(desk, referral))
            known = f"；函中含家长信息：{told}" if told else ""
            refuse(
                f"{desk.plan.departments[referral.department].zh} {desk.plan.referrals[referral.kind].zh}{known}。"
                f"确认请加：--confirm {case.number}",
                f"To confirm, add --confirm {case.number}",
            )  # fmt: skip
        await conclude_referral(work, referral, approved=True, by=person.id, note="")
        return referral.number or ""

    typer.echo(f"已批准 approved: {once(use)}")


def _must_wait(referral: Referral, case: CaseFile) -> None:
    if referral.state != "proposed":
        refuse_for("ended", f"{referral.id}")
    if case.state != "open":
        refuse_for("closed", case.number)


@app.command("refuse")
def refuse_(number: Number, by: By, reason: Reason) -> None:
    """不批准 · A named person refuses, with a reason."""

    async def use(work: Work, _: Storage) -> None:
        await known_plan(work)
        referral, case, desk = await referral_of(work, number)
        _must_wait(referral, case)
        if not reason.strip():
            refuse_for("say_why", "--reason")
        person = await _decider(work, by, desk)
        await conclude_referral(work, referral, approved=False, by=person.id, note=reason.strip())

    once(use)
    typer.echo(f"{number}: 未批准 refused")


@app.command()
def withdraw(number: Number, by: By, reason: Reason) -> None:
    """撤回移送 · Whoever proposed it, or may approve, takes it back with a reason; a department that has it is told."""

    async def use(work: Work, _: Storage) -> None:
        await known_plan(work)
        referral, case, desk = await referral_of(work, number)
        person = await acting(work, by, case.area_code[:4])
        if not await may_withdraw(work, desk, referral, person.id):
            refuse_for("not_entitled", person.name)
        if (fault := await withdraw_referral(work, referral, by=person.id, reason=reason)) is not None:
            refuse_for(fault, f"{number}")

    once(use)
    typer.echo(f"{number}: 已撤回 withdrawn")


@app.command()
def answer(
    number: Number,
    by: By,
    text: Annotated[str, typer.Option("--text", help="部门的答复 · what the department answers")],
) -> None:
    """登记答复 · The department's liaison answers, or the county enters an answer that came on paper."""

    async def use(work: Work, _: Storage) -> None:
        await known_plan(work)
        referral, case, desk = await referral_of(work, number)
        if referral.state != "approved":
            refuse(f"{number}：没有批准，或已经办结，不能答复", f"{number}: it is {referral.state}, and cannot be answered")
        person = await acting(work, by, case.area_code[:4])
        liaisons = await answers_for(work, desk, person.id, ["department_liaison"])
        if not (liaisons or await answers_for_any_above(work, desk, person.id, "county_officer")):
            refuse_for("not_entitled", person.name)
        if not text.strip():
            refuse("--text：要写答复", "--text: say what the answer is")
        task = await act_task(work, referral)
        if task is None:
            await note_answer(work, referral, by=person.id, answer=text.strip())
        elif (failed := await finish_task(work, task, person.id, text.strip())) is not None:
            refuse(*officers_words().refused(failed.reason))

    once(use)
    typer.echo(f"{number}: 已答复 answered")


@app.command()
def letter(number: Number, by: By, out: Out) -> None:
    """移送函 · The letter to the department, as PDF: only what the plan lets that department know. None without approval."""

    async def use(work: Work, storage: Storage) -> bytes:
        await known_plan(work)
        referral, _case, desk = await referral_of(work, number)
        person = await acting(work, by, desk.place.area_code[:4])
        if person.id != referral.proposed_by:
            person = await _decider(work, by, desk)
        try:
            facts = await referral_letter(work, referral, storage.cipher)
        except NotApproved:
            refuse(f"{number}：没有批准的移送不能出函", f"{number}: there is no letter without an approval; it is {referral.state}")
        work.record(
            "referral_letter_printed", f"referral:{referral.id}", area_code=referral.area_code, case_id=referral.case_id,
            actor=f"person:{person.id}",
        )  # fmt: skip
        try:
            return referral_pdf(law_book(), facts)
        except NotToBeSaid as never:
            refuse(f"理由里有不能写的话：{never}", f"the reason holds what must not be said: {never}")

    write(out, once(use))


referrals_read.register(app)
