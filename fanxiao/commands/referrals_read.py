"""`fanxiao referrals list`, `show`: where referrals stand, and one with everybody's words."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy import select

from cases.referral_register import ReferralRow, referral_rows
from cases.support_words import support_words
from fanxiao.commands.once import once
from fanxiao.commands.referrals_shared import Number, referral_of
from fanxiao.commands.support import Area, AsJson, known_plan
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Person, Referral
from storage.work import Work


def list_(
    area: Area = "",
    state: Annotated[str, typer.Option("--state", help="proposed, approved, answered, refused, withdrawn")] = "",
    as_json: AsJson = False,
) -> None:
    """移送台账 · Referrals and where they stand. Kinds that the plan does not enable are not there."""

    async def use(work: Work, _: Storage) -> tuple[Plan, list[ReferralRow], list[bool]]:
        plan = await known_plan(work, area)
        rows = await referral_rows(work.session, plan, area, state)
        return plan, rows, [row.is_overdue(work.now) for row in rows]

    plan, rows, late = once(use)
    if as_json:
        listed = [{**asdict(row), "overdue": is_late} for row, is_late in zip(rows, late, strict=True)]
        typer.echo(json.dumps(listed, ensure_ascii=False, default=str))
        return
    calendar, words = Calendar(plan), support_words()
    print_table(
        ["编号 id", "台账 case", "种类 kind", "部门 department", "状态 state", "函号 letter", "答复期限 due", "签收 signed for"],
        [
            [
                str(row.id), row.case_number, row.kind_zh, row.department_zh,
                f"{words.label('states', row.state)} {row.state}", row.number or "",
                (f"{calendar.day_of(row.due_at)}" + (" 逾期 overdue" if is_late else "")) if row.due_at else "",
                f"{calendar.day_of(row.acknowledged_at)}" if row.acknowledged_at else "",
            ]
            for row, is_late in zip(rows, late, strict=True)
        ],
    )  # fmt: skip


def show(number: Number) -> None:
    """查看 · One referral: who proposed, decided, signed for and answered it, in their words."""

    async def use(work: Work, _: Storage) -> list[str]:
        await known_plan(work)
        referral, case, desk = await referral_of(work, number)
        people = {person.id: person.name for person in await work.session.scalars(select(Person).where(Person.id.in_(_people(referral))))}
        steps = [
            ("提出 proposed", referral.proposed_at, referral.proposed_by, referral.reason),
            ("决定 decided", referral.decided_at, referral.decided_by, referral.note),
            ("签收 signed for", referral.acknowledged_at, referral.acknowledged_by, None),
            ("答复 answered", referral.answered_at, referral.answered_by, referral.answer),
            ("撤回 withdrawn", referral.withdrawn_at, referral.withdrawn_by, referral.withdrawn_reason),
        ]
        state = f"{support_words().label('states', referral.state)} {referral.state}"
        head = (
            f"{case.number} · {desk.plan.referrals[referral.kind].zh} → {desk.plan.departments[referral.department].zh} · {state}"
        )  # fmt: skip
        return [
            head,
            *(
                f"{name}: {desk.calendar.local(moment):%Y-%m-%d %H:%M} {people.get(who or 0, '')} {said or ''}".rstrip()
                for name, moment, who, said in steps
                if moment is not None
            ),
        ]

    for line in once(use):
        typer.echo(line)


def _people(referral: Referral) -> set[int]:
    named = (referral.proposed_by, referral.decided_by, referral.acknowledged_by, referral.answered_by, referral.withdrawn_by)
    return {person for person in named if person is not None}


def register(app: typer.Typer) -> None:
    """Puts the commands on the command line."""
    app.command("list")(list_)
    app.command()(show)
