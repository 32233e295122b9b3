"""Whether an officer's words for a referral may stand in its letter, and say of which kind it is."""

from __future__ import annotations

from bot.dialogs.order import Order
from bot.dialogs.phrases import law_book
from bot.rendering.free_text import is_sensitive, never_in_letters
from cases.referrals import Proposal
from plan.model import Plan


def refused_words(order: Order, plan: Plan, told: Proposal) -> str | None:
    """What was answered where they may not, or where it could be of several kinds; else None."""
    if (fault := never_in_letters(law_book(), told.reason)) is not None:
        return order.refuse(fault.kind, said=fault.said, instead=fault.instead)
    if len(told.kinds) > 1:
        return order.refuse("say_kind", why=_named(plan, told.kinds))
    return None


def _named(plan: Plan, kinds: tuple[str, ...]) -> str:
    """The kinds' names; one that no SMS may hold is only hinted at."""
    names = [plan.referrals[kind].zh for kind in kinds]
    sayable = [name for name in names if not is_sensitive(law_book(), name)]
    return "、".join(sayable) + ("" if len(sayable) == len(names) else "…")
