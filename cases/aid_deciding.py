"""Who decides on aid, and what may be granted: a claim that the registers do not show, or another sum than the plan's, needs its reason."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from cases.aid import Grant, decide_aid, entitled_to, pupil_of, request_aid, suggested
from cases.aid_figures import money, short_mark
from cases.desk import Desk
from cases.support_words import support_words
from cases.tasks import LIVING, NewTask, end_task, open_task
from plan.model import Plan
from storage.tables import AidRequest, CaseFile, Student, Task
from storage.work import Work


class NotGrantable(Exception):
    """Why this cannot be granted: kind_needed, no_aid_kind, not_this_stage, say_why_beyond, not_positive."""


def aid_decider(plan: Plan) -> str:
    """The role that the plan asks when a family needs help."""
    return next((answer.role for answer in plan.answers.values() if answer.effect == "aid" and answer.role), plan.holes.role)


async def grant_asked(work: Work, desk: Desk, child: Student, kind: str, amount: Decimal | None, note: str) -> Grant | None:
    """The named kind, with the plan's amount where none is given; None where none is named. Raises NotGrantable."""
    if not kind:
        if amount is not None:
            raise NotGrantable("kind_needed")
        return None
    entry = desk.plan.aid.kinds.get(kind)
    if entry is None:
        raise NotGrantable("no_aid_kind")
    stage = (await pupil_of(work, child, desk)).stage
    if stage not in entry.stages:
        raise NotGrantable("not_this_stage")
    usual: Decimal | None = {str(name): sum_ for name, sum_ in entry.amounts.items()}.get(stage)
    has_claim = any(one.kind == kind for one in await entitled_to(work, child))
    if amount is not None and amount <= 0:
        raise NotGrantable("not_positive")
    if not note.strip() and (not has_claim or (amount is not None and amount != usual)):
        raise NotGrantable("say_why_beyond")
    return Grant(kind, amount if amount is not None else usual, entry.per)


async def claim_facts(work: Work, desk: Desk, student: Student) -> dict[str, str]:
    """What a message says to whoever decides: `may_grant`, what the registers suggest, and the mark of its figure."""
    grant = await suggested(work, student)
    kind = desk.plan.aid.kinds.get(grant.kind or "")
    if kind is None:
        return {}
    amount = f"{money(grant.amount)}元（{support_words().label('per', grant.per)}）" if grant.amount is not None else ""
    return {"may_grant": f"{kind.zh}{amount}", "figure": short_mark(kind)}


async def ask_in_their_name(work: Work, desk: Desk, student: Student, case: CaseFile | None) -> int:
    """A request that a family made in person: kept, and put before whoever decides, as if it had come by message. Returns its id."""
    number = await request_aid(work, student, case)
    rule = next((answer for answer in desk.plan.answers.values() if answer.effect == "aid"), None)
    if rule is None or rule.task is None or rule.due is None or await _asked(work, student.id, desk.plan):
        return number
    about = {"student_id": student.id, "case_id": case.id if case is not None else None}
    new = NewTask(
        f"aid:{number}:decide", rule.task, aid_decider(desk.plan), desk.calendar.after(work.now, rule.due), rule.template, about=about,
        facts=await claim_facts(work, desk, student),
    )  # fmt: skip
    await open_task(work, desk, new)
    return number


async def _asked(work: Work, student_id: int, plan: Plan) -> list[Task]:
    """The living tasks by which somebody is asked to decide about this child."""
    kinds = {answer.task for answer in plan.answers.values() if answer.effect == "aid" and answer.task}
    query = select(Task).where(Task.student_id == student_id, Task.kind.in_(kinds), Task.state.in_(LIVING)).with_for_update()
    return list(await work.session.scalars(query))


async def conclude_aid(work: Work, desk: Desk, request: AidRequest, *, granted: bool, by: int, note: str, grant: Grant | None) -> None:
    """A named person's decision outside the task: those who were asked for it are asked no more."""
    for task in await _asked(work, request.student_id, desk.plan):
        end_task(work, task, "done", by=by, result=note or None)
    await decide_aid(work, request.student_id, granted=granted, by=by, note=note, grant=grant)
