"""An activity offline, told in one line by whoever held it: 活动 广播 10月12日 全校; a photograph with it, or afterwards."""

from __future__ import annotations

from sqlalchemy import select

from bot.dialogs.order import Order
from bot.dialogs.phrases import spoken_day
from bot.replies.activity import read_activity
from cases.activities import (
    ActivityRefused,
    Held,
    Where,
    add_activity,
    kind_named,
    latest_activity,
    places_of,
    take_activity_photo,
    withdraw_activity,
)
from cases.activity_progress import progress_of
from cases.imports.classes import school_year
from cases.words import words
from storage.tables import Activity, School


async def activity_told(order: Order) -> str:
    """Records it and says how many there have been; a photograph that came along is put to it. 活动 撤回 takes the latest back."""
    if words().takes_activity_back(order.reading.text):
        return await _taken_back(order)
    rules = order.speaker.plan.publicity.activities
    reading = read_activity(order.reading.text, order.speaker.today)
    kind = kind_named(rules, reading.rest)
    kinds = "、".join(one.zh for one in rules.kinds.values())
    where = await _where(order)
    if where is None:
        return order.refuse("activity_not_yours" if not places_of(order.speaker.plan, order.speaker.staff) else "activity_which")
    if kind is None or reading.on is None:
        return order.refuse("activity_kind" if kind is None else "activity_day", kinds=kinds)
    place = reading.rest.replace(kind[1], "", 1).strip() or kind[1]
    held = Held(kind[0], reading.on, place, where, order.speaker.staff_id, order.inbound.id)
    try:
        activity = await add_activity(order.work, order.speaker.plan, held, order.speaker.today)
    except ActivityRefused as refusal:
        return order.refuse(refusal.reason, **refusal.facts)
    if order.inbound.photo is not None:
        await take_activity_photo(order.work, order.speaker.plan, activity, held.by, order.inbound)
    return await _noted(order, activity, where)


async def _taken_back(order: Order) -> str:
    activity = await latest_activity(order.work, order.speaker.plan, order.speaker.people)
    if activity is None:
        return order.refuse("activity_none")
    await withdraw_activity(order.work, activity, order.speaker.staff_id)
    kind = order.speaker.plan.publicity.activities.kinds[activity.kind].zh
    return order.say("activity_withdrawn", activity=kind, day=spoken_day(activity.held_on), place=activity.place)


async def _noted(order: Order, activity: Activity, where: Where) -> str:
    so_far = await progress_of(order.work, where, school_year(activity.held_on))
    return order.say(
        "activity_noted", day=spoken_day(activity.held_on), activity=order.speaker.plan.publicity.activities.kinds[activity.kind].zh,
        place=activity.place, held=so_far.held, planned=so_far.planned or 0, pictured=order.inbound.photo is not None,
    )  # fmt: skip


async def _where(order: Order) -> Where | None:
    """The one school or area for which the writer records; of several schools the one that the text names."""
    places = places_of(order.speaker.plan, order.speaker.staff)
    schools = [place for place in places if place.school_id is not None]
    found = schools or places
    if len(found) > 1:
        named = select(School.id, School.name).where(School.id.in_([place.school_id for place in schools]))
        in_text = {row.id for row in await order.work.session.execute(named) if row.name in order.inbound.body}
        found = [place for place in schools if place.school_id in in_text]
    return found[0] if len(found) == 1 else None


async def activity_pictured(order: Order) -> str | None:
    """A photograph without a visit that it could belong to: of the activity recorded last. None where there is none."""
    plan = order.speaker.plan
    activity = await latest_activity(order.work, plan, order.speaker.people)
    if activity is None:
        return None
    if not await take_activity_photo(order.work, plan, activity, order.speaker.staff_id, order.inbound):
        return order.refuse("activity_full", most=str(plan.publicity.activities.photos))
    return order.say("activity_pictured", activity=plan.publicity.activities.kinds[activity.kind].zh, day=spoken_day(activity.held_on))
