"""What a family has said of a case, and what ends with it: nobody waits for an answer that is there."""

from __future__ import annotations

from sqlalchemy import select

from cases.desk import Desk
from cases.duty_facts import next_duty_at
from cases.guardians import relation_of
from cases.matter import NO_ANSWER, STARTS
from cases.tasks import end_tasks, reopen_task
from cases.words import words
from storage.tables import CaseFile, GuardianAnswer, Task
from storage.work import Work

AWAITS = "await_answer"


def explains(answer: GuardianAnswer) -> bool:
    """Whether it says something of the child's absence now; a leave on a day to come does not."""
    return answer.intent not in NO_ANSWER and STARTS not in answer.effects


async def end_waiting(work: Work, case: CaseFile, answer: GuardianAnswer) -> None:
    """The class teacher no longer waits. Of what the school must not read it learns nothing, so that it waits on."""
    if explains(answer) and "complaint_id" not in answer.effects:
        await end_tasks(work, case.id, "cancelled", "guardian_answered", kinds=(AWAITS,))


async def wait_again(work: Work, desk: Desk, case: CaseFile) -> None:
    """The last word was taken back: the class teacher waits anew, as long as the level at which one waits has time left."""
    explained = select(GuardianAnswer).where(
        GuardianAnswer.case_id == case.id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= case.opened_at
    )
    if any(explains(answer) and "complaint_id" not in answer.effects for answer in await work.session.scalars(explained)):
        return
    waited = select(Task).where(
        Task.case_id == case.id, Task.kind == AWAITS, Task.level == case.level, Task.state == "cancelled", Task.due_at > work.now
    )
    task = await work.session.scalar(waited.order_by(Task.id.desc()).limit(1).with_for_update())
    if task is not None and case.state == "open" and case.back_on is None:
        reopen_task(work, task, next_duty_at(desk, task), "answer_undone")


async def family_said(work: Work, desk: Desk, case: CaseFile) -> dict[str, str]:
    """Facts for whoever is to speak with the family: what it said last of this absence; empty where it said nothing.

    What could hurt the child, or is kept from the school, is not written out.
    """
    given = select(GuardianAnswer).where(
        GuardianAnswer.case_id == case.id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= case.opened_at
    )
    found = await work.session.scalars(given.order_by(GuardianAnswer.id.desc()))
    last = next((one for one in found if explains(one) and "complaint_id" not in one.effects), None)
    if last is None:
        return {}
    rule = desk.plan.answers.get(last.intent)
    relation = await relation_of(work, case.student_id, last.person_id) if last.person_id is not None else None
    return {"family_said": words().told(relation, None if rule is None or rule.sensitive else last.intent)}
