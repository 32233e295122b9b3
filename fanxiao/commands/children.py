"""What the commands about single children share: who is meant, who says it, and how a refusal is printed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import NoReturn, TypeVar

from sqlalchemy import true

from cases.child_search import children_called, schools_called
from cases.enrolment_words import NotTaken
from cases.plans import plan_in_force
from cases.said import Said, said_by
from fanxiao.commands.acting import acting
from fanxiao.commands.once import once, refuse
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import School, Student
from storage.work import Work

Result = TypeVar("Result")
CHILD = "学生编号或全名 · the child's number here (see `enrolment check`), or full name"
ON = "发生日期，不写为今天 · the day on which it happened; today without it"
EVIDENCE = "依据：批准文号、证明、谁说的 · the evidence: a number, a certificate, who said so"


def carry_out(use: Callable[[Work, Storage], Awaitable[Result]]) -> Result:
    """One transaction; what cannot be so is refused in a sentence, and nothing has changed."""

    async def guarded(work: Work, storage: Storage) -> Result:
        try:
            return await use(work, storage)
        except NotTaken as refusal:
            _say_no(refusal)

    return once(guarded)


def _say_no(refusal: NotTaken) -> NoReturn:
    refuse(refusal.text("zh"), refusal.text("en"))


async def plan_today(work: Work) -> tuple[Plan, date]:
    """The plan in force and the local day."""
    try:
        _, plan = await plan_in_force(work.session)
    except LookupError:
        refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")
    return plan, Calendar(plan).day_of(work.now)


async def the_child(work: Work, who: str) -> Student:
    """The one child with this number or full name."""
    if who.isdecimal():
        student = await work.session.get(Student, int(who), with_for_update=True)
        if student is not None:
            return student
        raise NotTaken("no_child", said=who)
    found = await children_called(work, who, true())
    if not found:
        raise NotTaken("no_child", said=who)
    if len(found) > 1:
        raise NotTaken("several_children", names="、".join(f"{one.id} {one.shown}" for one in found))
    return await work.session.get_one(Student, found[0].id, with_for_update=True)


async def the_school(work: Work, named: str) -> School:
    """The one school with this code or name."""
    found = await schools_called(work, named, "")
    if len(found) != 1:
        raise NotTaken("no_school", said=named)
    return found[0]


async def said(work: Work, by: str, on: str, evidence: str) -> Said:
    """Who says it: a responsible person, by number or name."""
    plan, today = await plan_today(work)
    return await said_by(work, plan, (await acting(work, by)).id, today=today, on=day(on) if on else None, evidence=evidence)


def day(text: str) -> date:
    """A day as it is typed; refused in a sentence."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse(f"日期看不懂：{text}，请写成 2026-11-24", f"Not a date: {text}; write it like 2026-11-24")
