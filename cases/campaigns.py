"""Publicity to many: let go by its author, held, taken back, sent once more to those whom it did not reach (art. 3.4)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from cases.campaign_approval import ask_for_approval, end_asking
from cases.campaign_holding import hold, let_go, take_back
from cases.campaign_outcome import count_failed
from cases.campaign_rows import CampaignRefused, check_state, count_campaign, due_time, note, schedule_campaign
from storage.tables import Campaign
from storage.work import Work


async def start_campaign(work: Work, campaign: Campaign, by: int) -> None:
    """Its author lets it go: at its time, or first to a second person where it reaches many."""
    plan = await check_state(work, campaign, by, "draft")
    campaign.people = (await count_campaign(work, campaign)).people
    if not campaign.people:
        raise CampaignRefused("nobody", left_out=0)
    if campaign.people > plan.publicity.approve_above:
        await ask_for_approval(work, plan, campaign)
    else:
        schedule_campaign(work, plan, campaign)
    note(work, campaign, "campaign_started", by, people=campaign.people, state=campaign.state)


async def pause_campaign(work: Work, campaign: Campaign, by: int) -> int:
    """What has not left is held; gives how many persons wait."""
    await check_state(work, campaign, by, "running", "scheduled")
    campaign.state, campaign.next_at = "paused", None
    held = await hold(work, campaign.id)
    note(work, campaign, "campaign_paused", by, held=held)
    return held


async def resume_campaign(work: Work, campaign: Campaign, by: int) -> int:
    """Goes on where it stopped, with its whole time again; gives how many persons were waiting."""
    plan = await check_state(work, campaign, by, "paused")
    if campaign.started_at is None:
        schedule_campaign(work, plan, campaign)
        note(work, campaign, "campaign_resumed", by, held=0)
        return 0
    campaign.state, campaign.next_at = "running", work.now
    held = await let_go(work, campaign.id, work.now + timedelta(days=plan.publicity.life_days))
    note(work, campaign, "campaign_resumed", by, held=held)
    return held


async def cancel_campaign(work: Work, campaign: Campaign, by: int) -> int:
    """What has not left is taken back, for good; gives how many persons will not get it."""
    await check_state(work, campaign, by, "draft", "waiting_approval", "scheduled", "running", "paused")
    taken = await take_back(work, campaign.id)
    await close_campaign(work, campaign, "cancelled")
    note(work, campaign, "campaign_cancelled", by, taken=taken)
    return taken


async def resend_campaign(work: Work, campaign: Campaign, by: int) -> None:
    """Once more to those whom it did not reach, and to nobody else. Raises CampaignRefused where it reached everybody."""
    plan = await check_state(work, campaign, by, "done")
    failed = await count_failed(work, campaign)
    if not failed:
        raise CampaignRefused("nothing_failed")
    campaign.round += 1
    campaign.composed_to, campaign.composed_at, campaign.ended_at = 0, None, None
    campaign.state, campaign.next_at = "running", due_time(plan, campaign, work.now)
    note(work, campaign, "campaign_resent", by, people=failed, round=campaign.round)


async def close_campaign(work: Work, campaign: Campaign, state: str, reason: str | None = None) -> None:
    """Nothing more comes of it by itself."""
    campaign.state, campaign.reason, campaign.ended_at, campaign.next_at = state, reason, work.now, None
    await end_asking(work, campaign, None, "")


async def list_campaigns(work: Work, area_code: str = "", most: int = 200) -> list[Campaign]:
    """Those of an area (all without one), the newest first."""
    query = select(Campaign).where(Campaign.area_code.startswith(area_code)).order_by(Campaign.id.desc()).limit(most)
    return list(await work.session.scalars(query))
