"""What the commands of referrals share: the referral with its case and place."""

from __future__ import annotations

from typing import Annotated

import typer

from cases.casework import lock_case
from cases.desk import Desk, desk_of_case
from fanxiao.commands.once import refuse
from storage.tables import CaseFile, Referral
from storage.work import Work

Number = Annotated[int, typer.Argument(help="移送编号 · number of the referral, as `referrals list` shows it")]


async def referral_of(work: Work, number: int) -> tuple[Referral, CaseFile, Desk]:
    """The referral with its case, both locked; one of a kind that the plan does not enable is not there."""
    referral = await work.session.get(Referral, number, with_for_update=True)
    if referral is None:
        refuse(*_unknown(number))
    case = await lock_case(work, referral.case_id)
    desk = await desk_of_case(work, case)
    kind = desk.plan.referrals.get(referral.kind)
    if kind is None or not kind.enabled:
        refuse(*_unknown(number))
    return referral, case, desk


def _unknown(number: int) -> tuple[str, str]:
    return f"没有编号为{number}的移送", f"There is no referral with the number {number}"
