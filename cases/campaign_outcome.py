"""What became of a campaign, recipient by recipient, from its intents and messages: one query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from cases.audience import LAST_ID, judged, values
from cases.campaign_rows import choice_of
from cases.plans import plan_in_force
from cases.publicity_texts import library
from plan.calendar import Calendar
from storage.tables import Campaign
from storage.work import Work

# One row a person: where one of the rounds arrived, that one, else the last. A message that arrived after all counts as arrived.
OUTCOME = """
with outcome as (
    select distinct on (intent.person_id) intent.person_id, intent.area_code, intent.id as intent_id, message.channel,
        message.sent_at, message.delivered_at, message.answered_at,
        case
            when message.state in ('answered', 'delivered') then message.state
            when intent.state = 'queued' and message.state in ('sent', 'failed') then message.state
            when intent.state in ('queued', 'pending') then 'waiting'
            when intent.state = 'dropped' then
                case intent.reason when 'refused' then 'refused' when 'in_doubt' then 'unclear' else 'withdrawn' end
            when intent.state = 'unaddressable' then 'failed'
            else intent.state
        end as outcome,
        case
            when message.state in ('answered', 'delivered') then null
            when intent.state = 'pending' and message.failure = 'paused' then intent.reason
            when intent.state = 'unaddressable' then coalesce(message.failure, intent.reason)
            when message.state = 'failed' then message.failure
            else intent.reason
        end as why
    from intent left join message on message.id = intent.message_id
    where intent.campaign_id = :campaign
    order by intent.person_id, message.state in ('answered', 'delivered') is true desc, intent.id desc
)
"""
TOTALS = text(OUTCOME + "select outcome, why, count(*) from outcome group by outcome, why order by count(*) desc, outcome, why")
ROWS = text(
    OUTCOME
    + """select outcome.*, person.name from outcome join person on person.id = outcome.person_id
    where cast(:wanted as text) is null or outcome.outcome = :wanted order by person.area_code, person.id limit :most"""
)
SOME = text(
    OUTCOME.replace("= :campaign\n", "= :campaign and intent.person_id > :after and intent.person_id <= :upto\n")
    + """select outcome.*, person.name from outcome join person on person.id = outcome.person_id
    where outcome.outcome = :wanted order by outcome.person_id limit :most"""
)
UPTO = text("select person_id from intent where campaign_id = :campaign and person_id > :after order by person_id offset :size limit 1")
SIZES = (2_000, 20_000, 200_000)
"""Persons that are looked through at a time, until enough are found: the first hundred of 350,000 do not wait for the rest."""
COST = text("""
select sum(message.cost), coalesce(sum(message.parts) filter (where message.sent_at is not null), 0)
from message where id in (select message_id from intent where campaign_id = :campaign)
""")
# Whom it did not reach, for certain: one that a provider may have taken is left alone.
FAILED = (
    OUTCOME.rstrip()
    + """, unreached as (
    select person_id from outcome
    where outcome in ('failed', 'expired')
)
"""
)


@dataclass(frozen=True)
class Outcome:
    """`totals`: persons by outcome; always in the same order; `why`: persons by outcome and reason; cost in CNY of what was
    sent, None where no sender has a price.
    """

    totals: Mapping[str, int]
    why: Mapping[tuple[str, str], int]
    cost: Decimal | None
    parts: int


@dataclass(frozen=True)
class Recipient:
    """One person's outcome."""

    person_id: int
    name: str
    area_code: str
    outcome: str
    why: str | None
    channel: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None


async def outcome_of(work: Work, campaign: Campaign) -> Outcome:
    """The totals, and why."""
    rows = (await work.session.execute(TOTALS, {"campaign": campaign.id})).all()
    totals: dict[str, int] = {}
    for outcome, _, people in rows:
        totals[outcome] = totals.get(outcome, 0) + people
    why = {(outcome, reason): people for outcome, reason, people in rows if reason is not None}
    cost, parts = (await work.session.execute(COST, {"campaign": campaign.id})).one()
    return Outcome(in_order(totals), why, cost, parts)


def in_order(totals: Mapping[str, int]) -> dict[str, int]:
    """Always the same order: rows that change places while they are looked at are hard to read."""
    order = [*library().labels["outcomes"]]
    return {outcome: totals[outcome] for outcome in sorted(totals, key=order.index)}


async def recipients(work: Work, campaign: Campaign, wanted: str | None, most: int) -> list[Recipient]:
    """At most so many persons, with this outcome or with any."""
    rows = await work.session.execute(ROWS, {"campaign": campaign.id, "wanted": wanted, "most": most})
    return [Recipient(**{name: row[name] for name in Recipient.__annotations__}) for row in rows.mappings()]


async def some_recipients(work: Work, campaign: Campaign, wanted: str, most: int) -> list[Recipient]:
    """The first so many persons with this outcome, in the order of their ids."""
    found: list[Recipient] = []
    after = 0
    for size in (*SIZES, LAST_ID):
        asked = {"campaign": campaign.id, "after": after}
        upto = await work.session.scalar(UPTO, asked | {"size": size}) if size != LAST_ID else None
        window = asked | {"upto": upto or LAST_ID, "wanted": wanted, "most": most - len(found)}
        rows = (await work.session.execute(SOME, window)).mappings()
        found += [Recipient(**{name: row[name] for name in Recipient.__annotations__}) for row in rows]
        if upto is None or len(found) >= most:
            break
        after = upto
    return found


async def count_failed(work: Work, campaign: Campaign) -> int:
    """How many it did not reach who may still be written to."""
    query = text(
        unreached(campaign) + "select count(*) from judged where reason is null and person_id in (select person_id from unreached)"
    )
    return int(await work.session.scalar(query, await unreached_values(work, campaign)) or 0)


def unreached(campaign: Campaign) -> str:
    """The beginning of a statement: `judged`, and `unreached`, those to whom it may be sent once more."""
    return FAILED.rstrip() + ",\n" + judged(choice_of(campaign)).strip().removeprefix("with ") + "\n"


async def unreached_values(work: Work, campaign: Campaign) -> dict[str, Any]:
    """What `unreached` is asked with. What they had of this campaign is no reason, what they had of another since is one."""
    plan = (await plan_in_force(work.session))[1]
    asked = await values(work, choice_of(campaign), plan.publicity, Calendar(plan).day_of(work.now), campaign_id=campaign.id)
    return asked | {"upto": LAST_ID, "campaign": campaign.id}
