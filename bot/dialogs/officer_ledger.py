"""An officer asks for the ledger: the counts of what they answer for, in one message."""

from __future__ import annotations

from bot.dialogs.order import Order
from cases.ledger_counts import ledger_tally
from cases.names import place_name
from cases.responsible import Place
from storage.tables import Responsibility


def _widest(staff: list[Responsibility]) -> Responsibility:
    """The widest of several posts: an area before a school, a school before a class."""
    return min(staff, key=lambda post: (post.school_id is not None, post.class_id is not None, len(post.area_code), post.id))


async def ledger_counts(order: Order) -> str:
    """Only counts, no names. A department's liaison has no ledger: it sees what was referred to it."""
    own = [post for post in order.speaker.staff if post.department is None]
    if not own:
        return order.refuse("no_ledger")
    post = _widest(own)
    tally = await ledger_tally(order.work, order.speaker.plan, post.area_code, post.school_id, post.class_id)
    place = await place_name(order.work.session, Place(post.area_code, post.area_code, post.school_id, post.class_id))
    return order.say(
        "ledger_counts", area=place, open_count=tally.open, back_count=tally.back, suspected_count=tally.suspected,
        dropout_count=tally.dropouts, opened_count=tally.opened, closed_count=tally.closed,
        levels="、".join(f"{level}级{number}" for level, number in tally.levels),
    )  # fmt: skip
