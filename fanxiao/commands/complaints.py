"""`fanxiao complaints`: for the county only; nobody of a school, whoever they are otherwise, sees a line of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, NoReturn

import typer
from sqlalchemy import select

from bot.dialogs.phrases import law_book
from bot.rendering.free_text import fault_of
from bot.rendering.support_tables import complaint_register
from cases.complaint_register import ComplaintRow, Complaints, complaint_rows, complaints_of, count_by_kind
from cases.complaints import OPEN, Told, answer_complaint, numbered, read_by, schools_of, take_up, texts_of
from cases.desk import desk_of_area
from cases.letter_numbers import county_of
from cases.posts.held import answers_for_any_above
from cases.support_words import support_words
from cases.words import words as officers_words
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.commands.support import AsJson, Out, known_plan, refuse_for, write
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Complaint, Person, School
from storage.work import Work

app = typer.Typer(help="投诉（仅限县教育局） · Complaints about schools, for the county bureau only", no_args_is_help=True)
By = Annotated[str, typer.Option("--by", help=BY)]
County = Annotated[str, typer.Option("--area", help="县代码 · the county's code")]
Number = Annotated[str, typer.Argument(help="受理编号 · number of the complaint")]
OUTCOMES = ("substantiated", "partly", "unsubstantiated")


async def _officer(work: Work, who: str, area: str, plan: Plan) -> Person:
    """Who takes up complaints in this county, or somebody above; anybody else is refused, as if there were nothing."""
    person = await acting(work, who, area[:4])
    desk = await desk_of_area(work, area)
    if not await answers_for_any_above(work, desk, person.id, plan.complaints.role or plan.holes.role):
        refuse_for("not_entitled", person.name)
    return person


async def _found(work: Work, number: str, who: str) -> tuple[Plan, Complaint, Person]:
    """The complaint for somebody who may see it; refused in the same words whether it is not there or not theirs to see."""
    plan = await known_plan(work)
    complaint = await numbered(work, number)
    if complaint is None:
        refuse(f"没有这个编号：{number}", f"There is no such number: {number}")
    person = await _officer(work, who, complaint.area_code, plan)
    barred = await schools_of(work, person.id, complaint.area_code)
    if complaint.school_id in barred or (complaint.school_id is None and barred):
        refuse(f"没有这个编号：{number}", f"There is no such number: {number}")
    return plan, complaint, person


async def _theirs(work: Work, area: str, who: str, kind: str = "") -> tuple[Plan, Person, Complaints]:
    plan = await known_plan(work, area)
    if not area or area != county_of(area):
        refuse("--area 要写县代码", "--area: give a county's code")
    person = await _officer(work, who, area, plan)
    if kind and kind not in plan.complaints.kinds:
        _no_kind(plan, kind)
    barred = await schools_of(work, person.id, area)
    return plan, person, complaints_of(area, work.now, barred_schools=barred, kind=kind)


def _no_kind(plan: Plan, kind: str) -> NoReturn:
    known = "、".join(f"{name}（{entry.zh}）" for name, entry in plan.complaints.kinds.items())
    refuse(f"--kind：没有“{kind}”，有：{known}", f"--kind: there is no {kind!r}; there are {', '.join(plan.complaints.kinds)}")


@app.command("list")
def list_(
    area: County,
    by: By,
    kind: Annotated[str, typer.Option("--kind", help="类别 · a kind of the plan's `complaints.kinds`")] = "",
    counts: Annotated[bool, typer.Option("--counts", help="只看分类统计 · only how many of each kind")] = False,
    as_json: AsJson = False,
) -> None:
    """投诉台账 · Complaints of a county and where they stand: no child, no sender, no words."""

    async def use(work: Work, _: Storage) -> tuple[Plan, list[ComplaintRow], list[dict[str, object]]]:
        plan, _person, query = await _theirs(work, area, by, kind)
        counted = [asdict(one) for one in await count_by_kind(work.session, query, work.now)]
        return plan, [] if counts else await complaint_rows(work.session, query), counted

    plan, rows, counted = once(use)
    if as_json:
        typer.echo(json.dumps({"complaints": [asdict(row) for row in rows], "counts": counted}, ensure_ascii=False, default=str))
        return
    if counts:
        headers = ["类别 kind", "件数 received", "已答复 answered", "属实 true", "部分 partly", "不属实 untrue", "逾期 overdue"]
        numbers = [name for name in counted[0] if name != "kind"] if counted else []
        print_table(headers, [[plan.complaints.label(str(one["kind"])), *(str(one[name]) for name in numbers)] for one in counted])
        return
    calendar, said = Calendar(plan), support_words()
    print_table(
        ["编号 number", "类别 kind", "学校 school", "登记 received", "状态 state", "答复期限 due", "结果 outcome"],
        [
            [
                row.number, plan.complaints.label(row.kind), row.school or "不明 unknown",
                f"{calendar.day_of(row.received_at)}", f"{said.label('states', row.state)} {row.state}",
                f"{calendar.day_of(row.answer_by)}" + (" 逾期 overdue" if row.overdue else ""), said.label("outcome_names", row.outcome),
            ]
            for row in rows
        ],
    )  # fmt: skip


@app.command()
def show(number: Number, by: By) -> None:
    """查看内容 · The words of one complaint. Whoever reads them has taken it, and that they read is kept."""

    async def use(work: Work, storage: Storage) -> list[str]:
        plan, complaint, person = await _found(work, number, by)
        await read_by(work, complaint, person.id)
        school = await work.session.get(School, complaint.school_id or 0)
        calendar, said = Calendar(plan), support_words()
        return [
            f"{complaint.number} · {plan.complaints.label(complaint.kind)}",
            f"学校 school: {school.name if school else '不明 unknown'}",
            f"来源 from: {said.label('sources', 'anonymous' if complaint.person_id is None else 'guardian')}",
            f"登记 received: {calendar.local(complaint.received_at):%Y-%m-%d %H:%M} · 答复期限 due: {calendar.day_of(complaint.answer_by)}",
            f"内容 said: {await _said(work, storage, complaint)}",
            *([f"结果 outcome: {said.label('outcome_names', complaint.outcome)} · {complaint.answer}"] if complaint.outcome else []),
        ]

    for line in once(use):
        typer.echo(line)


async def _said(work: Work, storage: Storage, complaint: Complaint) -> str:
    if complaint.said_encrypted is not None:
        return storage.cipher.decrypt(complaint.said_encrypted)
    return " / ".join(text.body for text in await texts_of(work, complaint))


def _outcome(said: str) -> str | None:
    """By its key or its Chinese name."""
    return next((one for one in OUTCOMES if said in (one, support_words().label("outcome_names", one))), None)


@app.command()
def answer(
    number: Number,
    by: By,
    outcome: Annotated[str, typer.Option("--outcome", help=f"属实、部分属实、不属实 · {', '.join(OUTCOMES)}")],
    text: Annotated[str, typer.Option("--text", help="发给来信人的答复 · the words that are sent back")],
) -> None:
    """答复 · Says what was found and writes back in the county's name. The outcome is a person's."""

    async def use(work: Work, _: Storage) -> bool:
        plan, complaint, person = await _found(work, number, by)
        if complaint.state not in OPEN:
            refuse_for("ended", number)
        if (found := _outcome(outcome)) is None:
            said = "、".join(f"{support_words().label('outcome_names', one)}（{one}）" for one in OUTCOMES)
            refuse(f"--outcome：要写 {said} 之一", f"--outcome: one of {', '.join(OUTCOMES)}")
        if not text.strip():
            refuse("--text：要写答复", "--text: say what the answer is")
        if (fault := fault_of(law_book(), text, plan.dialogs.longest_reply)) is not None:
            facts = {"most": plan.dialogs.longest_reply, "said": fault.said, "instead": fault.instead}
            zh, en = officers_words().refused(fault.kind, **facts)
            refuse(f"--text：{zh}", f"--text: {en}")
        return await answer_complaint(work, complaint, outcome=found, words=text.strip(), by=person.id)

    typer.echo("已答复来信人 answered" if once(use) else "已登记结果；没有可以答复的号码 kept; there is no number to answer")


@app.command()
def add(
    area: County,
    by: By,
    text: Annotated[str, typer.Option("--text", help="反映的内容 · what was said")],
    school: Annotated[str, typer.Option("--school", help="学校代码，不明则不写 · the school's code, if known")] = "",
    kind: Annotated[str, typer.Option("--kind", help="类别；不写则从内容判断 · by the words without it")] = "",
) -> None:
    """登记来访、来电 · Enters a complaint made in person or by telephone; no name is asked for."""

    async def use(work: Work, storage: Storage) -> str:
        plan = await known_plan(work, area)
        person = await _officer(work, by, county_of(area), plan)
        if kind and kind not in plan.complaints.kinds:
            _no_kind(plan, kind)
        if not text.strip():
            refuse("--text：要写内容", "--text: say what it is about")
        school_id = (
            await work.session.scalar(select(School.id).where(School.code == school, School.area_code.startswith(area))) if school else None
        )
        if school and school_id is None:
            refuse(f"--school：{area}没有这所学校：{school}", f"--school: there is no such school in {area}: {school}")
        told = Told(text, area, school_id, said_encrypted=storage.cipher.encrypt(text.strip()), kind=kind or None)
        complaint = await take_up(work, told)
        work.record("complaint_entered", f"complaint:{complaint.id}", area_code=complaint.area_code, actor=f"person:{person.id}")
        return complaint.number

    typer.echo(f"受理编号 number: {once(use)}")


@app.command()
def export(area: County, by: By, out: Out) -> None:
    """投诉台账 xlsx · The register of complaints and their counts by kind. For the bureau: never for a school."""

    async def use(work: Work, _: Storage) -> bytes:
        plan, person, query = await _theirs(work, area, by)
        work.record("complaints_exported", f"area:{area}", area_code=area, actor=f"person:{person.id}")
        return await complaint_register(work, plan, area, query)

    write(out, once(use))
