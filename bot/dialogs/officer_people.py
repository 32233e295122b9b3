"""To whom an officer hands a task, and who stands in while they are away: a name is never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.dialogs.order import Order
from bot.dialogs.phrases import spoken_day
from bot.dialogs.standing_in import STAND_IN, keep_stand_in, numbered_colleagues, spoken_span
from bot.replies.colleagues import Meant, Post, read_colleague
from cases.absence_of_staff import come_back_early, may_stand_in, set_away
from cases.colleagues import Colleague, colleagues_of
from cases.desk import desk_of_area
from cases.entitled import may_hold
from cases.names import area_names
from cases.outside import barred_from
from cases.strangers import county_named
from cases.tasks import LIVING, delegate
from cases.triage_moving import may_move, move_to_county
from cases.words import words
from storage.tables import Person, Question, Task

DELEGATE, AWAY = "delegate", "away"
IS_BACK = {"check_return", "confirm_return"}
"""Tasks for which 回来了 is said of the child."""


async def hand_to_named(order: Order, name: str) -> str:
    """Only somebody of the officer's own area, school or department; a name that may be several people's is asked back.

    A stranger's text goes to another county by the name of a place there: whose desk it is, the plan says.
    """
    if (moved := await _to_county(order, order.given, name)) is not None:
        return moved
    found = await _named(order, name)
    if isinstance(found, str):
        return found
    return await _hand_to(order, order.given, found)


async def _to_county(order: Order, task: Task, name: str) -> str | None:
    if not await may_move(order.work, task):
        return None
    county = await county_named(order.work, name)
    if county is None or task.area_code.startswith(county):
        return None
    if not await move_to_county(order.work, task, county, by=order.speaker.staff_id):
        return order.refuse("no_substitute")
    return order.say("task_delegated", task=task, to_name=(await area_names(order.work.session, [county]))[county])


async def away(order: Order) -> str:
    """Both the last day and the stand-in have to be named; without a first day it begins today."""
    since, until, name = order.reading.since, order.reading.until, order.reading.name
    if since is None or until is None:
        return order.refuse("past" if order.reading.past else "whom_away" if not name else "until_away")
    if not name:
        return order.refuse("whom_away")
    found = await _named(order, name, leave=(since, until))
    return found if isinstance(found, str) else await _stand_in(order, found, since, until)


async def back(order: Order) -> str | None:
    """Earlier than they said. Without a leave it is about a child, where one is being asked about."""
    desk = await desk_of_area(order.work, order.area_code)
    if await come_back_early(order.work, desk, order.speaker.staff_id):
        return order.say("officer_back")
    return None if order.speaker.staff and _asks_for_child(order) else order.refuse("not_away")


def _asks_for_child(order: Order) -> bool:
    return any(task.kind in IS_BACK for task in order.speaker.tasks) or order.speaker.question("sheet") is not None


async def picked_colleague(order: Order, question: Question, person_id: int) -> str:
    """The number that was asked back for."""
    await order.end_questions(question.kind)
    if question.facts["what"] in {AWAY, STAND_IN}:
        since, until = (date.fromisoformat(question.facts[day]) for day in ("since", "until"))
        if question.facts["what"] == AWAY:
            return await _stand_in(order, person_id, since, until)
        return await keep_stand_in(order.work, order.inbound, order.speaker, order.area_code, person_id, since, until)
    task = await order.work.session.get_one(Task, question.task_id)
    if task.state not in LIVING:
        return order.refuse("too_late")
    return await _hand_to(order, task, person_id)


async def _named(order: Order, name: str, leave: tuple[date, date] | None = None) -> int | str:
    """The person's id, or what was answered instead."""
    people = await colleagues_of(order.work, order.speaker.staff_id, order.speaker.today)
    near = [one for one in people if one.is_near]
    meant = _read(name, near)
    if meant.id is not None:
        return meant.id
    if _read(name, people).id is not None:
        return order.refuse("out_of_area")
    if not meant.perhaps:
        return order.refuse(await _nobody(order, name))
    return _ask(order, meant, near, leave)


def _read(name: str, people: Sequence[Colleague]) -> Meant:
    return read_colleague(name, [Post(one.person_id, one.name, one.role) for one in people], words().titles)


async def _nobody(order: Order, name: str) -> str:
    own = await order.work.session.get_one(Person, order.speaker.staff_id)
    return "yourself" if own.name in name else "no_substitute"


def _ask(order: Order, meant: Meant, people: Sequence[Colleague], leave: tuple[date, date] | None) -> str:
    shown = [one for wanted in meant.perhaps for one in people if one.person_id == wanted]
    days = {"what": AWAY, "since": leave[0].isoformat(), "until": leave[1].isoformat()} if leave else {"what": DELEGATE}
    return order.ask(
        "which_colleague", "colleague", task=None if leave else order.task, listed=numbered_colleagues(order.speaker, shown),
        options=[one.person_id for one in shown], **days,
    )  # fmt: skip


async def _hand_to(order: Order, task: Task, person_id: int) -> str:
    if person_id in await barred_from(order.work, task):
        return order.refuse("of_the_school")
    if not await may_hold(order.work, task, person_id):
        return order.refuse("not_allowed")
    await delegate(order.work, task, order.speaker.staff_id, person_id)
    await order.rest(task)
    return order.say("task_delegated", task=task, to_name=(await order.work.session.get_one(Person, person_id)).name)


async def _stand_in(order: Order, person_id: int, since: date, until: date) -> str:
    refusal = await may_stand_in(order.work, order.speaker.staff_id, person_id, since, until)
    if refusal is not None:
        return order.refuse(refusal)
    desk = await desk_of_area(order.work, order.area_code)
    await set_away(order.work, desk, order.speaker.staff_id, until, person_id, since)
    name = (await order.work.session.get_one(Person, person_id)).name
    if since <= order.speaker.today:
        return order.say("officer_away", until=spoken_day(until), substitute=name)
    return order.say("officer_away_later", days=spoken_span(since, until), first=spoken_day(since), substitute=name)
