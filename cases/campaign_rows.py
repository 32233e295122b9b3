"""What all use cases of campaigns share: the row, whom it is for, when it is due, who may act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from cases.audience import Choice, Counted, count_audience
from cases.plans import plan_in_force
from cases.publicity_texts import CampaignText, library
from cases.responsible import in_force, reachable_people
from plan.calendar import Calendar
from plan.model import Plan
from plan.parts import Label
from plan.school_events import EventTime, next_moment
from storage.tables import Campaign, Responsibility
from storage.work import Work


class CampaignRefused(Exception):
    """Nothing was done; `reason` names the sentence (templates/campaigns.yaml, refusals). A fact that is a word is given by language."""

    def __init__(self, reason: str, **facts: Any) -> None:
        self.reason, self.facts = reason, facts
        super().__init__(reason)

    def told(self, language: str) -> str:
        """The sentence, `zh` or `en`."""
        facts = {name: fact[language] if isinstance(fact, Mapping) else fact for name, fact in self.facts.items()}
        return str(library().labels["refusals"][self.reason][language].format(**facts))


def roles_told(plan: Plan, roles: Sequence[str]) -> dict[str, str]:
    """What these roles are called, by language."""
    known = [plan.roles.get(role) or Label(zh=role, en=role) for role in roles]
    return {"zh": "、".join(role.zh for role in known), "en": ", ".join(role.en for role in known)}


def due_time(plan: Plan, campaign: Campaign, now: datetime) -> datetime:
    """When it is to begin: at its time, at its event as the plan now has it, else at once, but never in the quiet hours."""
    calendar, schedule = Calendar(plan), campaign.schedule
    if "at" in schedule:
        moment = datetime.fromisoformat(schedule["at"])
    elif "event" in schedule:
        moment = next_moment(plan, EventTime.from_facts(schedule), campaign.created_at) or now
    else:
        moment = now
    moment = max(moment, now)
    return calendar.quiet_end(moment) if calendar.is_quiet(moment) else moment


def text_of(campaign: Campaign) -> CampaignText:
    """Its text. KeyError when the library no longer has it."""
    return library().texts[campaign.text_key]


def choice_of(campaign: Campaign) -> Choice:
    """Whom it is for."""
    text, given = text_of(campaign), campaign.filters
    return Choice(
        library().audiences[campaign.audience], campaign.area_code, text.topic, tuple(given.get("categories", ())),
        tuple(given.get("stages", ())), given.get("sex"),
    )  # fmt: skip


async def count_campaign(work: Work, campaign: Campaign) -> Counted:
    """Whom it would reach now."""
    plan = (await plan_in_force(work.session))[1]
    return await count_audience(work, choice_of(campaign), plan.publicity, Calendar(plan).day_of(work.now), campaign.id)


async def lock_campaign(work: Work, campaign_id: int) -> Campaign:
    """The campaign, for changing it. Raises CampaignRefused where there is none."""
    found = await work.session.get(Campaign, campaign_id, with_for_update=True)
    if found is None:
        raise CampaignRefused("no_campaign", said=campaign_id)
    return found


def schedule_campaign(work: Work, plan: Plan, campaign: Campaign) -> None:
    """From now on its time is what it waits for."""
    campaign.state, campaign.reason = "scheduled", None
    campaign.scheduled_at = campaign.next_at = due_time(plan, campaign, work.now)


async def covers(work: Work, person_id: int, roles: Sequence[str], area_code: str) -> bool:
    """Whether somebody answers in one of these roles for an area that holds this one."""
    plan = (await plan_in_force(work.session))[1]
    today = Calendar(plan).day_of(work.now)
    held = select(Responsibility.id).where(
        Responsibility.person_id == person_id, Responsibility.role.in_(roles), Responsibility.school_id.is_(None),
        func.starts_with(area_code, Responsibility.area_code), *in_force(today),
    )  # fmt: skip
    return await work.session.scalar(held.limit(1)) is not None


async def approvers(work: Work, plan: Plan, campaign: Campaign) -> list[int]:
    """Who can be reached and may agree, never its author: of the first role in the plan's order that has anybody."""
    today = Calendar(plan).day_of(work.now)
    for role in plan.publicity.approved_by:
        held = select(Responsibility.person_id).where(
            Responsibility.role == role, Responsibility.person_id != campaign.created_by, Responsibility.school_id.is_(None),
            func.starts_with(campaign.area_code, Responsibility.area_code), *in_force(today),
        )  # fmt: skip
        people = list(await work.session.scalars(held.distinct()))
        if reached := await reachable_people(work.session, people, today):
            return sorted(reached)
    return []


async def check_state(work: Work, campaign: Campaign, by: int, *states: str) -> Plan:
    """Its author, or whoever may make or approve campaigns there; only in one of these states."""
    plan = (await plan_in_force(work.session))[1]
    if campaign.state not in states:
        raise CampaignRefused("state", state=library().labels["states"][campaign.state])
    roles = [*plan.publicity.made_by, *plan.publicity.approved_by]
    if by != campaign.created_by and not await covers(work, by, roles, campaign.area_code):
        raise CampaignRefused("not_maker", roles=roles_told(plan, plan.publicity.made_by))
    return plan


def note(work: Work, campaign: Campaign, action: str, by: int | None, **facts: Any) -> None:
    """In the record."""
    work.record(action, f"campaign:{campaign.id}", area_code=campaign.area_code, actor=f"person:{by}" if by else "system", **facts)


def tell_author(work: Work, campaign: Campaign, what: str) -> None:
    """What became of it, in one line; each thing once."""
    said = library().labels["told"][what]
    work.say(
        f"campaign:{campaign.id}:{campaign.round}:{what}:{work.now.isoformat()}", campaign.created_by, "campaign_told",
        area_code=campaign.area_code, facts={"campaign": campaign.name, "what": said["zh"]},
    )  # fmt: skip
