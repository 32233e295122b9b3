"""Who decides on aid, and what may be granted: a claim that the registers do not show, or another sum than the plan's, needs its reason."""

from __future__ import annotations

from decimal import Decimal

from cases.aid import Grant, entitled_to, pupil_of
from cases.desk import Desk
from plan.model import Plan
from storage.tables import Student
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
    if not note.strip() and (not has_claim or (amount is not None and amount != usual)):
        raise NotGrantable("say_why_beyond")
    if amount is not None and amount <= 0:
        raise NotGrantable("not_positive")
    return Grant(kind, amount if amount is not None else usual, entry.per)
