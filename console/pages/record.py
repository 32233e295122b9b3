"""The record: who did what, when. It holds ids and codes; names come from what the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, func, select
from starlette.responses import Response

from cases.ledger import StoryLine
from console.telling import Told, action_name, known_actions, tell_lines
from console.visit import Blank, Visit, Visiting
from storage.tables import CaseFile, Event, Person, Responsibility

router = APIRouter(prefix="/record")
PER_PAGE = 100
MIDNIGHT = time(0)


class Filters(BaseModel):
    """What is looked for. `before`: only events older than this one."""

    action: str = Field(default="", max_length=40)
    since: Blank[date | None] = None
    until: Blank[date | None] = None
    before: int | None = None


@router.get("")
async def show(visit: Visiting, looking: Annotated[Filters, Query()]) -> Response:
    actors = await _actors(visit, visit.sought.actor)
    query = select(Event).where(*_conditions(visit, looking, actors)).order_by(Event.id.desc()).limit(PER_PAGE + 1)
    events = (await visit.session.scalars(query)).all()
    return await visit.show(
        "record", events=list(zip(events[:PER_PAGE], await _told(visit, events[:PER_PAGE]), strict=True)), more=len(events) > PER_PAGE,
        looking=looking, numbers=await _numbers(visit, events), actions=_actions(visit.me.language),
        kept=visit.kept({name: str(value) for name, value in looking.model_dump().items() if value and name != "before"}),
    )  # fmt: skip


def _conditions(visit: Visit, looking: Filters, actors: Sequence[str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if looking.action:
        found.append(Event.action == looking.action)
    if visit.sought.actor:
        found.append(Event.actor == func.any(list(actors)))
    if visit.sought.case:
        found.append(Event.case_id.in_(select(CaseFile.id).where(CaseFile.number.endswith(visit.sought.case, autoescape=True))))
    if looking.since is not None:
        found.append(Event.at >= visit.calendar.at(looking.since, MIDNIGHT))
    if looking.until is not None:
        found.append(Event.at < visit.calendar.at(looking.until + timedelta(days=1), MIDNIGHT))
    if looking.before is not None:
        found.append(Event.id < looking.before)
    return found


async def _told(visit: Visit, events: Sequence[Event]) -> list[Told]:
    """Each in a sentence."""
    lines = [StoryLine(event.at, event.actor, event.action, event.subject, event.facts) for event in events]
    return await tell_lines(visit.session, visit.plan, lines, visit.me.language)


def _actions(language: str) -> list[tuple[str, str]]:
    """(action, its name), in the order of the names."""
    return sorted(((one, action_name(one, language)) for one in known_actions()), key=lambda one: one[1])


async def _actors(visit: Visit, name: str) -> list[str]:
    """How the record calls those of this name who answer, or answered, for something."""
    held = select(Responsibility.person_id)
    ids = await visit.session.scalars(select(Person.id).where(Person.name == name, Person.id.in_(held))) if name else ()
    return [f"person:{person_id}" for person_id in ids]


async def _numbers(visit: Visit, events: Sequence[Event]) -> dict[int, str]:
    ids = {event.case_id for event in events if event.case_id is not None}
    return dict((await visit.session.execute(select(CaseFile.id, CaseFile.number).where(CaseFile.id.in_(ids)))).all())
