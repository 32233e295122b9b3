"""Whether an officer's words may stand in the letter that they end up in; and of which kind a referral is that they propose."""

from __future__ import annotations

from bot.dialogs.order import Order
from bot.dialogs.phrases import law_book
from bot.rendering.free_text import Fault, is_sensitive, never_in_letters
from bot.rendering.law import LawBook
from cases.referrals import Proposal, read_proposal
from cases.words import words
from plan.model import Plan

MEASURES, AID = "decide_measures", "aid"


def never_in_its_letter(law: LawBook, plan: Plan, kind: str, said: str) -> Fault | None:
    """Of a task of this `kind`: what its words may not say, as the reason of a referral, or of a refusal of aid that the family reads."""
    if kind == MEASURES and (told := read_proposal(plan, words().referral(said) or "")) is not None:
        return never_in_letters(law, told.reason)
    if kind == AID and words().verdict(said) is False:
        return never_in_letters(law, said, to_families=True)
    return None


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
