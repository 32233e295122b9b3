"""Whom a campaign reaches and what became of it, counted while somebody waits only where it is small.

Of a large one the last count is shown with its time: made when it was drafted, each night, when somebody asks for it anew, and for one
that is being sent every few minutes.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, or_, select

from cases.audience import Counted
from cases.campaign_outcome import Outcome, in_order, outcome_of
from cases.campaign_rows import count_campaign
from cases.kept_counts import keep, kept
from plan.model import Plan
from storage.tables import Campaign, Person
from storage.work import Work

LARGE = 5_000
"""Persons from which on a count is kept."""
AHEAD = ("draft", "waiting_approval", "scheduled")
"""States in which it matters whom it would reach; afterwards it is what became of it."""
MOVING = timedelta(minutes=10)
STILL_MOVES = timedelta(days=14)
"""After its end: providers report late, and families answer."""


async def audience_of(work: Work, campaign: Campaign, *, anew: bool = False) -> tuple[Counted, datetime]:
    """(whom it would reach, when that was counted)."""
    known = await kept(work, _key(campaign, "audience")) if campaign.people >= LARGE and not anew else None
    if known is not None:
        ways = {kind: (people, contacts) for kind, (people, contacts) in known.facts["by_channel"].items()}
        return Counted(ways, known.facts["left_out"]), known.counted_at
    found = await count_campaign(work, campaign)
    if found.people >= LARGE:
        facts = {"by_channel": {kind: list(both) for kind, both in found.by_channel.items()}, "left_out": dict(found.left_out)}
        await keep(work, _key(campaign, "audience"), campaign.area_code, facts)
    return found, work.now


async def result_of(work: Work, campaign: Campaign, *, anew: bool = False) -> tuple[Outcome, datetime]:
    """(what became of it, when that was counted)."""
    known = await kept(work, _key(campaign, "result")) if campaign.people >= LARGE and not anew else None
    if known is not None and _still_holds(campaign, known.counted_at, work.now):
        facts = known.facts
        why = {(outcome, reason): people for outcome, reason, people in facts["why"]}
        cost = Decimal(facts["cost"]) if facts["cost"] is not None else None
        return Outcome(in_order(facts["totals"]), why, cost, facts["parts"]), known.counted_at
    found = await outcome_of(work, campaign)
    if campaign.people >= LARGE:
        why_rows = [[outcome, reason, people] for (outcome, reason), people in found.why.items()]
        cost_told = str(found.cost) if found.cost is not None else None
        kept_facts = {"totals": dict(found.totals), "why": why_rows, "cost": cost_told, "parts": found.parts}
        await keep(work, _key(campaign, "result"), campaign.area_code, kept_facts)
    return found, work.now


async def written_of(work: Work, campaign: Campaign) -> tuple[int, int] | None:
    """How far its messages are written: up to which person, of how far the persons go. None where nothing is being written."""
    if campaign.state != "running" or campaign.composed_at is not None:
        return None
    last = await work.session.scalar(select(func.max(Person.id))) or 0
    return min(campaign.composed_to, last), last


def _still_holds(campaign: Campaign, counted_at: datetime, now: datetime) -> bool:
    """Of one that has ended, what was counted after its end; of one that is being sent, only for minutes."""
    return counted_at > now - MOVING or (campaign.ended_at is not None and counted_at > campaign.ended_at)


async def recount_campaigns(work: Work, plan: Plan, day: date) -> int:  # noqa: ARG001 - the shape of a daily job
    """Each night: the large ones that are ahead, and those of which something may still have changed."""
    lately = or_(Campaign.ended_at.is_(None), Campaign.ended_at > work.now - STILL_MOVES)
    found = (await work.session.scalars(select(Campaign).where(Campaign.people >= LARGE, lately))).all()
    for campaign in found:
        if campaign.state in AHEAD:
            await audience_of(work, campaign, anew=True)
        else:
            await result_of(work, campaign, anew=True)
    return len(found)


def _key(campaign: Campaign, what: str) -> str:
    return f"campaign:{campaign.id}:{what}"
