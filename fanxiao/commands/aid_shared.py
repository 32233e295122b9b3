"""What the commands of aid share: the request, who may act on it, the letter of its decision."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.dialogs.phrases import law_book
from bot.rendering.support_letters import NotToBeSaid, aid_pdf
from cases.aid_register import aid_decision
from cases.desk import Desk
from cases.posts.held import answers_for_any_above
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import refuse
from fanxiao.commands.support import refuse_for
from storage.tables import AidRequest, Person
from storage.work import Work

By = Annotated[str, typer.Option("--by", help=BY)]
Number = Annotated[int, typer.Argument(help="申请编号 · number of the request, as `aid requests` shows it")]


async def request_of(work: Work, number: int) -> AidRequest:
    """The request, locked; refuses a number that is none."""
    found = await work.session.get(AidRequest, number, with_for_update=True)
    if found is None:
        refuse(f"没有编号为{number}的申请", f"There is no request with the number {number}")
    return found


async def entitled_person(work: Work, who: str, desk: Desk, role: str) -> Person:
    """The person in whose name it is done: of this role or above it, for the child's place."""
    person = await acting(work, who, desk.place.area_code[:4])
    if not await answers_for_any_above(work, desk, person.id, role):
        refuse_for("not_entitled", person.name)
    return person


async def decision_letter(work: Work, request: AidRequest) -> bytes:
    """The letter of a decision; refuses words that must not be said."""
    try:
        return aid_pdf(law_book(), await aid_decision(work, request))
    except NotToBeSaid as never:
        refuse(f"理由里有不能写的话：{never}", f"the reason holds what must not be said: {never}")
