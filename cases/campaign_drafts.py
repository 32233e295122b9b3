"""A campaign is drafted: its text, its groups, its time; everything is checked, and whom it would reach is counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cases.audience import CATEGORIES, Choice, count_audience
from cases.campaign_rows import CampaignRefused, covers, note, roles_told
from cases.plans import plan_in_force
from cases.publicity_texts import CampaignText, library
from plan.calendar import Calendar
from plan.model import Plan
from plan.school_events import next_moment, read_event_time
from plan.targets import STAGES
from storage.tables import Area, Campaign
from storage.work import Work

FARTHEST = timedelta(days=400)
MOST_NAME = 40
EARLIER = timedelta(minutes=1)


@dataclass(frozen=True)
class Draft:
    """What an author asks for. `when`: empty (as soon as it is started), a local time, or an event of the school year."""

    name: str
    text_key: str
    area_code: str
    categories: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    sex: str | None = None
    words: str | None = None
    when: str = ""


async def new_campaign(work: Work, draft: Draft, by: int) -> Campaign:
    """A draft, counted. Raises CampaignRefused, also for a campaign that would reach nobody."""
    plan = (await plan_in_force(work.session))[1]
    text = library().texts.get(draft.text_key)
    if text is None:
        raise CampaignRefused("no_text", said=draft.text_key)
    draft = _by_keys(plan, draft)
    await _check_draft(work, plan, draft, text, by)
    schedule = _schedule(plan, draft.when, work.now)
    choice = _choice(draft, text)
    counted = await count_audience(work, choice, plan.publicity, Calendar(plan).day_of(work.now))
    if not counted.people:
        raise CampaignRefused("nobody", left_out=sum(counted.left_out.values()))
    campaign = Campaign(
        name=draft.name.strip(), text_key=text.key, words=draft.words, audience=text.audience.key, area_code=draft.area_code,
        filters=choice.as_facts(), schedule=schedule, people=counted.people, created_by=by, created_at=work.now,
    )  # fmt: skip
    work.session.add(campaign)
    await work.session.flush()
    note(work, campaign, "campaign_drafted", by, people=counted.people, text=text.key)
    return campaign


def _group_names(plan: Plan) -> dict[str, str]:
    """Key → what officers call it."""
    names = {key: str(entry["zh"]) for key, entry in library().labels["groups"].items()}
    return names | ({key: category.zh for key, category in plan.registers.categories.items()} if plan.registers else {})


def _by_keys(plan: Plan, draft: Draft) -> Draft:
    """Groups may be written as officers call them: 留守, 小学, 女."""
    said = {name: key for key, name in _group_names(plan).items()}
    return replace(
        draft, categories=tuple(said.get(one, one) for one in draft.categories), stages=tuple(said.get(one, one) for one in draft.stages),
        sex=said.get(draft.sex, draft.sex) if draft.sex else None,
    )  # fmt: skip


async def _check_draft(work: Work, plan: Plan, draft: Draft, text: CampaignText, by: int) -> None:
    if not 0 < len(draft.name.strip()) <= MOST_NAME:
        raise CampaignRefused("name", most=MOST_NAME)
    if await work.session.get(Area, draft.area_code) is None:
        raise CampaignRefused("no_area", said=draft.area_code)
    if not await covers(work, by, plan.publicity.made_by, draft.area_code):
        raise CampaignRefused("not_maker", roles=roles_told(plan, plan.publicity.made_by))
    for said, known in ((draft.categories, CATEGORIES), (draft.stages, tuple(STAGES)), (filter(None, [draft.sex]), ("male", "female"))):
        for value in said:
            if value not in known:
                names = {"zh": "、".join(_group_names(plan).get(one, one) for one in known), "en": ", ".join(known)}
                raise CampaignRefused("unknown_group", said=value, known=names)
    if text.audience.source != "families" and (draft.categories or draft.stages or draft.sex):
        raise CampaignRefused("not_families", audience=text.audience.zh)
    _check_words(draft, text)


def _check_words(draft: Draft, text: CampaignText) -> None:
    """Own words belong to one text, and never name the groups of children: phones are shared."""
    words = (draft.words or "").strip()
    if text.own_words != bool(words):
        raise CampaignRefused("say_words" if text.own_words else "no_own_words", text=text.zh)
    if len(words) > library().own_words_most:
        raise CampaignRefused("words_long", most=library().own_words_most)
    if found := library().never_to_groups.search(words):
        raise CampaignRefused("words_group", said=found.group())


def _choice(draft: Draft, text: CampaignText) -> Choice:
    """Where the author names no groups, those whom the text suits."""
    named = bool(draft.categories or draft.sex)
    only = {} if named else text.only
    return Choice(
        text.audience, draft.area_code, text.topic, draft.categories or tuple(only.get("categories", ())), draft.stages,
        draft.sex or only.get("sex"),
    )  # fmt: skip


def _schedule(plan: Plan, when: str, now: datetime) -> dict[str, Any]:
    """As it is stored. Raises CampaignRefused for a time that is over, far off, or in the quiet hours."""
    if not when.strip():
        return {}
    event = read_event_time(when, plan.publicity.usual_hour)
    moment = next_moment(plan, event, now) if event is not None else _local(plan, when)
    if moment is None:
        raise CampaignRefused("no_event", said=when)
    if not now - EARLIER <= moment <= now + FARTHEST:
        raise CampaignRefused("past" if moment < now else "too_far", said=when)
    if Calendar(plan).is_quiet(moment):
        raise CampaignRefused("quiet", since=f"{plan.quiet_hours.since:%H:%M}", until=f"{plan.quiet_hours.until:%H:%M}")
    return event.as_facts() if event is not None else {"at": moment.isoformat()}


def _local(plan: Plan, when: str) -> datetime:
    try:
        moment = datetime.fromisoformat(when.strip())
    except ValueError:
        raise CampaignRefused("when", said=when) from None
    if len(when.strip()) <= len("2026-01-01"):
        moment = datetime.combine(moment.date(), plan.publicity.usual_hour)
    return (moment if moment.tzinfo else moment.replace(tzinfo=plan.zone)).astimezone(plan.zone)
