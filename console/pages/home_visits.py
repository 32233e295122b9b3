"""The home visits of a case, for whoever sees their tasks: when, by whom, whom they found, what was said, when the child is expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from bot.replies.visit import NOBODY
from console.telling import called
from console.visit import Visit
from plan.parts import Label
from storage.tables import Task
from storage.tables import Visit as Visited


@dataclass(frozen=True)
class HomeVisit:
    """One account of a visit. `who`: post and name of whoever told of it; `met`: whom they met, by the keys of the page's `met`.

    `is_latest` of its task, which may have several: there stand the photographs, which are the task's.
    """

    task_id: int
    duty: Label
    on: date
    who: str
    met: Sequence[str]
    is_in_vain: bool
    said: str
    expected_on: date | None
    is_latest: bool


async def home_visits_of(visit: Visit, case_id: int) -> list[HomeVisit]:
    """By the day on which they were there, the latest first. A visit whose task is kept from the reader is not among them."""
    query = select(Visited, Task.kind).join(Task, Task.id == Visited.task_id).where(Visited.case_id == case_id)
    rows = (await visit.session.execute(query.order_by(Visited.visited_on.desc(), Visited.id.desc()))).all()
    people = await called(visit.session, visit.plan, {one.recorded_by for one, _ in rows}, visit.me.language)
    latest = {one.task_id: one.id for one, _ in reversed(rows)}
    return [
        HomeVisit(
            one.task_id, visit.plan.task_name(kind), one.visited_on, people.get(one.recorded_by, ""),
            [whom for whom in one.found if whom != NOBODY], NOBODY in one.found, one.said, one.expected_on, latest[one.task_id] == one.id,
        )
        for one, kind in rows
    ]  # fmt: skip
