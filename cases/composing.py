"""A campaign's intents are written: some ten thousand persons at a step, in statements that never bring a person into memory.

A step is one transaction. The key of an intent names campaign, round and person, so that a step that ran twice, or half before a
crash, writes nobody a second time.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from cases.audience import judged, values
from cases.campaign_approval import ask_for_approval
from cases.campaign_outcome import unreached, unreached_values
from cases.campaign_rows import CampaignRefused, choice_of, count_campaign, due_time, note, tell_author, text_of
from cases.campaigns import close_campaign
from cases.plans import plan_in_force
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import WAITING_SQL, Campaign
from storage.work import Work

STEP = 50_000
"""Persons looked at in one statement; a step goes on until so many intents are written."""
SOON, LATER = timedelta(seconds=1), timedelta(minutes=10)

WRITE = """
insert into intent (dedupe_key, person_id, template, urgency, facts, still, area_code, campaign_id, created_at, due_at, expires_at)
select 'campaign:' || :campaign || ':' || :round || ':' || person_id, person_id, :template, 'bulk', facts, 'campaign_on', area_code,
    :campaign, :now, :now, :expires_at
from judged, cast(:facts as jsonb) facts where reason is null{more} order by person_id
on conflict (dedupe_key) do nothing
"""
NEXT = text("select max(id) from (select id from person where id > :after order by id limit :most) step")
ALONE = text("select pg_advisory_xact_lock(hashtext('campaigns'))")
LEFT = text(f"""
select exists (select from intent left join message on message.id = intent.message_id
    where intent.campaign_id = :campaign and (intent.state in ('pending', 'held')
        or (intent.state = 'queued' and message.state in {WAITING_SQL})))
""")


async def advance_campaign(work: Work, campaign: Campaign) -> None:
    """The next step of a campaign that is due: it begins, more of it is written, or it is done.

    One step at a time in the whole database: two campaigns at once would not see each other's intents, and reach one person twice.
    """
    await work.session.execute(ALONE)
    plan = (await plan_in_force(work.session))[1]
    if campaign.state == "scheduled" and not await _begins(work, plan, campaign):
        return
    if campaign.composed_at is None:
        await _compose_step(work, plan, campaign)
    elif await work.session.scalar(LEFT, {"campaign": campaign.id}):
        campaign.next_at = work.now + LATER
    else:
        await close_campaign(work, campaign, "done")
        note(work, campaign, "campaign_done", None)
        tell_author(work, campaign, "done")


async def _begins(work: Work, plan: Plan, campaign: Campaign) -> bool:
    """Not before its time, which moves with the school year; not to more people than were agreed to; not to nobody."""
    due = due_time(plan, campaign, work.now)
    if due > work.now:
        campaign.scheduled_at = campaign.next_at = due
        return False
    campaign.people = (await count_campaign(work, campaign)).people
    if not campaign.people:
        await _give_up(work, campaign, "nobody")
    elif campaign.people > plan.publicity.approve_above and campaign.approved_by is None:
        await _needs_approval(work, plan, campaign)
    else:
        campaign.state, campaign.started_at = "running", work.now
        note(work, campaign, "campaign_running", None, people=campaign.people)
    return campaign.state == "running"


async def _give_up(work: Work, campaign: Campaign, why: str) -> None:
    await close_campaign(work, campaign, "cancelled", why)
    note(work, campaign, "campaign_cancelled", None, reason=why)
    tell_author(work, campaign, why)


async def _needs_approval(work: Work, plan: Plan, campaign: Campaign) -> None:
    try:
        await ask_for_approval(work, plan, campaign)
    except CampaignRefused:
        await _give_up(work, campaign, "no_approver")
        return
    campaign.reason = "grown"
    tell_author(work, campaign, "grown")


async def _compose_step(work: Work, plan: Plan, campaign: Campaign) -> None:
    written, asked = 0, await _asked(work, plan, campaign)
    statement = text(_statement(campaign))
    while written < STEP:
        upto = await work.session.scalar(NEXT, {"after": campaign.composed_to, "most": STEP})
        if upto is None:
            campaign.composed_at = work.now
            break
        result = await work.session.execute(statement, asked | {"after": campaign.composed_to, "upto": upto})
        written += int(result.rowcount)  # type: ignore[attr-defined]
        campaign.composed_to = upto
    campaign.next_at = work.now + (SOON if campaign.composed_at is None else LATER)
    note(work, campaign, "campaign_composed", None, intents=written, round=campaign.round)


def _statement(campaign: Campaign) -> str:
    if campaign.round == 0:
        return judged(choice_of(campaign)) + WRITE.format(more="")
    return unreached(campaign) + WRITE.format(more=" and person_id in (select person_id from unreached)")


async def _asked(work: Work, plan: Plan, campaign: Campaign) -> dict[str, Any]:
    today = Calendar(plan).day_of(work.now)
    about = (
        await values(work, choice_of(campaign), plan.publicity, today, campaign_id=campaign.id)
        if campaign.round == 0
        else await unreached_values(work, campaign)
    )
    facts = {"words": campaign.words} if campaign.words else {}
    return about | {
        "campaign": campaign.id, "round": campaign.round, "template": text_of(campaign).template,
        "facts": json.dumps(facts, ensure_ascii=False), "now": work.now, "expires_at": work.now + timedelta(days=plan.publicity.life_days),
    }  # fmt: skip
