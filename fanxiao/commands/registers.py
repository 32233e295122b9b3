"""`fanxiao registers`: the registers of the special groups, the cards, pairing, teaching at home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from bot.rendering.register_rows import register_row
from cases.care_cards import card_of
from cases.enrolment_words import NotTaken
from cases.home_teaching import lessons_of, plan_lessons
from cases.lesson_families import is_contested
from cases.pairing import pair, unpair
from cases.register_history import history_of
from cases.register_lists import Entry, InRegister, register
from cases.registers import arrange, category_named, register_rules, set_agent_parent, set_category, write_card
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.children import CHILD, EVIDENCE, ON, carry_out, day, plan_today, said, the_child
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from papers.registers import care_card, family_word, lessons_workbook, register_workbook, words
from plan.model import Plan
from storage.tables import StudentCategory
from storage.work import Work

app = typer.Typer(help="特殊群体名册 · registers: left-behind, migrant, disabled, orphan, single-parent, poor", no_args_is_help=True)
Child = Annotated[str, typer.Argument(help=CHILD)]
By = Annotated[str, typer.Option("--by", help=BY)]
On = Annotated[str, typer.Option("--on", help=ON)]
Evidence = Annotated[str, typer.Option("--evidence", help=EVIDENCE)]
Category = Annotated[str, typer.Argument(help="类别，如 留守 或 left_behind · the category")]
AreaCode = Annotated[str, typer.Option("--area", help="区划代码 · area code")]
Former = Annotated[bool, typer.Option("--former", help="含已取消的 · with those who are no longer in it")]
PairedPerson = Annotated[str, typer.Argument(help="结对人编号或姓名 · the paired person")]
KINDS = {"group": "类别 group", "arrangement": "安置 arrangement", "pairing": "结对 pairing"}
Out = Annotated[Path, typer.Option("--out", help="写到哪个文件 · the file to write")]


@app.command("list")
def overview(area: AreaCode = "") -> None:
    """各类人数 · How many children are in each register."""

    async def use(work: Work, _: Storage) -> list[tuple[str, ...]]:
        plan, _today = await plan_today(work)
        rules = register_rules(plan)
        return [
            (key, f"{category.zh} {category.en}", str(len(await register(work, InRegister(key, area)))))
            for key, category in rules.categories.items()
        ]

    print_table(("键 key", "类别 category", "人数 children"), carry_out(use))


@app.command("show")
def show(category: Category, area: AreaCode = "", former: Former = False) -> None:
    """名册 · One register. Holds sensitive facts: show it to those who may see them."""
    rows, plan = carry_out(lambda work, _: _register(work, category, area, former=former))
    arrangements = register_rules(plan).arrangements
    print_table(
        ("编号 id", "学生 child", "学校 school", "班级 class", "细类 kind", "起 since", "止 until", "安置 arrangement", "结对 paired"),
        [
            (
                str(one.student.id), one.student.name, one.school, one.class_name, one.detail or "", str(one.since), str(one.until or ""),
                arrangements[one.arrangement].zh if one.arrangement in arrangements else one.arrangement or "", one.paired_with or "",
            )
            for one in rows
        ],
    )  # fmt: skip


async def _register(work: Work, category: str, area: str, *, former: bool) -> tuple[Sequence[Entry], Plan]:
    plan, _today = await plan_today(work)
    return await register(work, InRegister(category_named(register_rules(plan), category), area, former=former)), plan


@app.command("export")
def export(category: Category, out: Out, area: AreaCode = "", former: Former = False) -> None:
    """导出 · One register as an xlsx that prints."""

    async def use(work: Work, _: Storage) -> tuple[int, bytes]:
        rows, plan = await _register(work, category, area, former=former)
        _plan, today = await plan_today(work)
        named = register_rules(plan).categories[category_named(register_rules(plan), category)].zh
        return len(rows), register_workbook(named, [register_row(one, plan) for one in rows], today)

    count, content = carry_out(use)
    out.write_bytes(content)
    typer.echo(f"{out}：{count} 人 · {count} children")


@app.command("card")
def card(child: Child, out: Out) -> None:
    """档案卡 · A child's card as a PDF (一人一档一卡)."""

    async def use(work: Work, storage: Storage) -> bytes:
        plan, today = await plan_today(work)
        found = await card_of(work, plan, storage.cipher, await the_child(work, child), today)
        return care_card(asdict(found), today)

    out.write_bytes(carry_out(use))
    typer.echo(str(out))


@app.command("set")
def set_entry(
    child: Child, by: By, evidence: Evidence = "", on: On = "",
    category: Annotated[str, typer.Option("--category", help="列入哪一类 · put into this register")] = "",
    kind: Annotated[str, typer.Option("--kind", help="细类，如 双亲留守 · the exact kind")] = "",
    remove: Annotated[str, typer.Option("--remove", help="不再属于哪一类 · take out of this register")] = "",
    arrangement: Annotated[str, typer.Option("--arrangement", help="残疾儿童安置方式 · how a disabled child is taught")] = "",
    studies: Annotated[str, typer.Option("--studies", help="学习情况 · studies, for the card")] = "",
    living: Annotated[str, typer.Option("--living", help="生活状况 · living conditions, for the card")] = "",
    agent_parent: Annotated[str, typer.Option("--agent-parent", help="代理家长的编号或姓名 · the agent parent")] = "",
) -> None:  # fmt: skip
    """变更 · Changes what the registers say of a child; what was so before stays as history."""

    async def use(work: Work, _: Storage) -> str:
        student, word = await the_child(work, child), await said(work, by, on, evidence)
        rules = register_rules(word.plan)
        if not (category or remove or arrangement or studies or living or agent_parent):
            raise NotTaken("say_words")
        if remove:
            await set_category(work, word, student, category_named(rules, remove), present=False)
        if category:
            await set_category(work, word, student, category_named(rules, category), present=True, detail=kind or None)
        if arrangement:
            await arrange(work, word, student, arrangement, word.evidence)
        if studies or living:
            await write_card(work, word, student, studies=studies or None, living=living or None)
        if agent_parent:
            await set_agent_parent(work, word, student, await acting(work, agent_parent))
        query = select(StudentCategory.category).where(StudentCategory.student_id == student.id, StudentCategory.until.is_(None))
        now = [rules.categories[key].zh if key in rules.categories else key for key in await work.session.scalars(query)]
        return f"{student.id} {student.name}：{'、'.join(now) or '—'}"

    typer.echo(carry_out(use))


@app.command("pair")
def pair_child(child: Child, person: PairedPerson, by: By, on: On = "", evidence: Evidence = "") -> None:
    """结对 · Pairs a person with a child; they are told, and asked for their contact every month."""

    async def use(work: Work, _: Storage) -> str:
        student, paired = await the_child(work, child), await acting(work, person)
        await pair(work, await said(work, by, on, evidence), student, paired)
        return f"{student.id} {student.name} ⇄ {paired.name}"

    typer.echo(carry_out(use))


@app.command("unpair")
def unpair_child(child: Child, by: By, on: On = "") -> None:
    """解除结对 · Nobody is paired with the child any more; whoever was is told."""

    async def use(work: Work, _: Storage) -> str:
        student = await the_child(work, child)
        return f"{student.id} {student.name} ⇎ {await unpair(work, await said(work, by, on, ''), student)}"

    typer.echo(carry_out(use))


@app.command("history")
def history(child: Child) -> None:
    """历史 · All that a child's registers have said: groups, arrangements, pairings, from when to when."""

    async def use(work: Work, _: Storage) -> list[tuple[str, ...]]:
        student, (plan, _today) = await the_child(work, child), await plan_today(work)
        return [
            (str(one.since), str(one.until or ""), KINDS[one.kind], one.what, one.who) for one in await history_of(work, plan, student.id)
        ]

    print_table(("起 since", "止 until", "种类 kind", "登记 entry", "何人 who"), carry_out(use))


@app.command("visits")
def visits(
    child: Child, by: By = "",
    on: Annotated[list[str] | None, typer.Option("--on", help="计划日期，可写多次 · a day to plan, repeatable")] = None,
    teacher: Annotated[str, typer.Option("--teacher", help="上课教师编号或姓名 · who teaches")] = "",
    evidence: Evidence = "",
    out: Annotated[Path | None, typer.Option("--out", help="导出 xlsx · write them to this file")] = None,
) -> None:  # fmt: skip
    """上门教学 · Plans visits of teaching at home (with --on, --teacher, --by), and shows them."""

    async def use(work: Work, _: Storage) -> tuple[str, list[dict[str, object]]]:
        student = await the_child(work, child)
        if on:
            await plan_lessons(work, await said(work, by, "", evidence), student, await acting(work, teacher), [day(text) for text in on])
            await work.flush()
        found = await lessons_of(work, student.id)
        return student.name, [
            {
                "planned_on": row.planned_on, "name": student.name, "teacher": who, "state": row.state, "said": row.said, "came": row.came,
                "contested": is_contested(row),
            }
            for row, who in found
        ]  # fmt: skip

    name, rows = carry_out(use)
    print_table(("日期 day", "教师 teacher", "状态 state", "记录 record", "家长说 family"), [_visit(row) for row in rows])
    if out is not None:
        out.write_bytes(lessons_workbook(rows, name))


def _visit(row: dict[str, object]) -> tuple[str, ...]:
    state = str(row["state"])
    return (
        str(row["planned_on"]),
        str(row["teacher"]),
        f"{words()['lesson_states'].get(state, state)} {state}",
        str(row["said"] or ""),
        family_word(row)["family"],
    )
