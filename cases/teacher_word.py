"""A teacher knows why a child is away: the same people hear of it as when its family writes it, once for a child and case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select, update

from cases.absences import AT_HOME
from cases.answers import EFFECTS, accept, is_kept_from
from cases.casework import open_case_of
from cases.corrections import undo_effects
from cases.desk import desk_of_case, desk_of_student
from cases.escalation import settle
from cases.letters import join_letter
from cases.matter import BEGAN_WITH, Matter, Said
from cases.safety import alarm_readers
from cases.tasks import LIVING, asked_first
from plan.model import Plan
from storage.tables import Absence, Inbound, Student, Task
from storage.work import Work

PASSED_ON = frozenset({"task", "aid", "enrolment_check", "safety"})
"""Effects of an answer that give somebody else something to do. Illness and leave are the sheet's own."""


@dataclass(frozen=True)
class Known:
    """What a teacher wrote of a child, as an intent of the plan's `answers`. `writer`: post and name, for whoever reads the words.

    `accuses_school`: the text may be against it, be it about this child or another, so that nobody of the school reads it.
    """

    student_id: int
    intent: str
    inbound_id: int
    by: int
    writer: str
    accuses_school: bool = False


async def pass_on(work: Work, known: Known) -> str:
    """Who has it now, as the teacher is told; "" where the plan gives nobody anything to do."""
    student = await work.session.get_one(Student, known.student_id)
    case = await open_case_of(work, student.id)
    desk = await (desk_of_case(work, case) if case is not None else desk_of_student(work, student))
    rule = desk.plan.answers.get(known.intent)
    if rule is None or rule.effect not in PASSED_ON:
        return ""
    await no_longer_asked(work, known.student_id, desk.today, known.intent)
    said = Said(student.id, known.by, known.intent, inbound_id=known.inbound_id, accuses_school=known.accuses_school)
    matter = Matter(work, desk, student, case, said, rule)
    if rule.effect == "safety":
        return await _alarm(matter)
    task = await _task_of_old(matter) or await _begin(matter, known.writer)
    return await _holder(work, desk.plan, task) if task is not None else desk.plan.role_name(rule.role or "")


async def no_longer_asked(work: Work, student_id: int, on: date, reason: str) -> None:
    """The reason stands with the absence: nobody asks the family for it today."""
    absent = update(Absence).where(
        Absence.student_id == student_id, Absence.on == on, or_(Absence.reason.is_(None), Absence.reason == AT_HOME)
    )
    await work.session.execute(absent.values(reason=reason))


async def _alarm(matter: Matter) -> str:
    """The text may have raised it already."""
    work, said = matter.work, matter.said
    raised = select(Task.id).where(Task.kind == "safety", Task.inbound_id == said.inbound_id, Task.student_id == said.student_id).limit(1)
    if await work.session.scalar(raised) is None:
        await EFFECTS["safety"](matter)
    return await alarm_readers(work, matter.desk.plan, said.inbound_id or 0, but=said.person_id or 0)


async def _task_of_old(matter: Matter) -> Task | None:
    """What was opened for the same cause since the case began, by the family's word or a teacher's; its owner reads the new words, too."""
    work, case = matter.work, matter.case
    of_this = select(Task).where(Task.student_id == matter.student.id, Task.kind == matter.rule.task, Task.state != "cancelled")
    since = Task.opened_at >= case.opened_at if case is not None else Task.state.in_(LIVING)
    task = await work.session.scalar(of_this.where(since | Task.state.in_(LIVING)).order_by(Task.id.desc()).limit(1))
    if task is not None and task.state in LIVING and matter.said.inbound_id is not None and not is_kept_from(matter, task.role):
        await join_letter(work, task, await work.session.get_one(Inbound, matter.said.inbound_id))
    return task


async def _begin(matter: Matter, writer: str) -> Task | None:
    work, case, said = matter.work, matter.case, matter.said
    work.record(
        "teacher_told", f"student:{said.student_id}", area_code=matter.student.area_code, case_id=matter.about["case_id"],
        actor=f"person:{said.person_id}", intent=said.intent,
    )  # fmt: skip
    await EFFECTS[matter.rule.effect](matter)
    if case is not None:
        accept(matter, case)
        await settle(work, case)
    task = await work.session.get(Task, matter.effects.get("task_id") or 0)
    if task is not None:
        task.facts = {**task.facts, "writer": writer, BEGAN_WITH: matter.effects}
    return task


async def take_word_back(work: Work, student_id: int, inbound_id: int, on: date, reason: str) -> None:
    """The teacher meant something else by it: what the word set going ends, and the family may be asked again.

    What somebody else had begun goes on, and what was already told stays told.
    """
    begun = select(Task).where(
        Task.student_id == student_id, Task.inbound_id == inbound_id, Task.state.in_(LIVING), Task.facts[BEGAN_WITH].is_not(None)
    )  # fmt: skip
    for task in list(await work.session.scalars(begun)):
        await undo_effects(work, student_id, task.facts[BEGAN_WITH], why="answer_undone")
    told = update(Absence).where(Absence.student_id == student_id, Absence.on == on, Absence.reason == reason)
    await work.session.execute(told.values(reason=None))


async def _holder(work: Work, plan: Plan, task: Task) -> str:
    first = await asked_first(work, task)
    return f"{plan.role_name(task.role)}{first[1] if first is not None else ''}"
