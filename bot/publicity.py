"""What a campaign would say, cost and take: shown before it leaves, and said to its author first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from bot.channels.base import Capabilities, Channel
from bot.channels.registry import Line
from bot.outbox.address import limits_of
from bot.outbox.hours import is_open
from bot.outbox.wording import signature
from bot.rendering import Catalogue, parts
from bot.rendering.catalogue import VARIANTS, MessageTemplate
from bot.rendering.free_text import Fault, fault_of
from cases.audience import Counted
from cases.campaign_drafts import Draft, new_campaign
from cases.campaign_rows import CampaignRefused, count_campaign, due_time, text_of
from cases.publicity_texts import library
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Campaign, Sender
from storage.work import Work

HOUR = timedelta(hours=1)
LONGEST = 24 * 60
"""Hours after which the end of a sending is no longer looked for."""


@dataclass(frozen=True)
class Way:
    """How many persons and messages go to one kind of contact, and what that costs in CNY (None: a sender has no price)."""

    kind: str
    people: int
    messages: int
    parts_each: int
    cost: Decimal | None
    ends_at: datetime | None


@dataclass(frozen=True)
class Preview:
    """`samples`: the text by variant; `starts_at`: if it were started now. `quotes`: the articles, as they are cited."""

    counted: Counted
    ways: Sequence[Way]
    samples: Mapping[str, str]
    quotes: Sequence[str]
    starts_at: datetime

    @property
    def cost(self) -> Decimal | None:
        """All ways together; None where one is not known."""
        known = [way.cost for way in self.ways if way.cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.ways) else None


@dataclass(frozen=True)
class Outbox:
    """What previews need of the outbox: texts, channels and signatures."""

    catalogue: Catalogue
    channels: Mapping[Line, Channel]
    signatures: Mapping[str, str]


async def draft_campaign(work: Work, catalogue: Catalogue, draft: Draft, by: int) -> Campaign:
    """A new campaign whose own words, if it has any, may be said to families. Raises CampaignRefused."""
    if draft.words:
        fault = fault_of(catalogue.law, draft.words, library().own_words_most)
        if fault is not None:
            raise _not_to_be_said(fault)
    return await new_campaign(work, draft, by)


def _not_to_be_said(fault: Fault) -> CampaignRefused:
    """Why an author's own words may not leave, and what to write instead where there is something."""
    kind = fault.kind.removeprefix("reply_")
    reason = "words_never" if kind == "forbidden" and not fault.instead else f"words_{kind}"
    return CampaignRefused(reason, said=fault.said, instead=fault.instead, most=library().own_words_most)


def samples_of(outbox: Outbox, campaign: Campaign) -> dict[str, str]:
    """The text of each variant, as its readers see it."""
    context = {"signature": signature(outbox.signatures, campaign.area_code), "words": campaign.words or ""}
    return {variant: outbox.catalogue.render(text_of(campaign).template, variant, context) for variant in VARIANTS}


async def preview_campaign(work: Work, plan: Plan, outbox: Outbox, campaign: Campaign, counted: Counted | None = None) -> Preview:
    """Whom it reaches and whom not, what it says on each channel, what it costs, and until when it would take.

    `counted`: where that is known already.
    """
    counted = counted or await count_campaign(work, campaign)
    samples = samples_of(outbox, campaign)
    starts = due_time(plan, campaign, work.now)
    senders = list(await work.session.scalars(select(Sender).where(Sender.state == "open").order_by(Sender.id)))
    template = outbox.catalogue.templates[text_of(campaign).template]
    ways = []
    for kind, (people, messages) in sorted(counted.by_channel.items()):
        fitting = [sender for sender in senders if _reaches(_can(outbox, sender), kind, template)]
        variant = next((can.variant for sender in fitting if (can := _can(outbox, sender))), "sms")
        each = parts(samples[variant]) if variant == "sms" else 1
        units = {sender.id: _units(outbox, sender, each) for sender in fitting}
        ends = ends_at(Calendar(plan), fitting, units, messages, starts)
        ways.append(Way(kind, people, messages, each, _cost(outbox, fitting, messages, each), ends))
    quoted = [outbox.catalogue.law.quotations[key] for key in template.law]
    return Preview(counted, ways, samples, [f"{one.title}{one.article}" for one in quoted], starts)


def _can(outbox: Outbox, sender: Sender) -> Capabilities | None:
    channel = outbox.channels.get((sender.channel, sender.account))
    return channel.capabilities if channel is not None else None


def _reaches(can: Capabilities | None, kind: str, template: MessageTemplate) -> bool:
    """Publicity is said in its own words only: a sender of registered texts has it approved, or does not say it."""
    if can is None or (can.templates is not None and template.id not in can.templates):
        return False
    return can.contact == kind and template.audience in can.audiences and can.variant != "voice"


def _cost(outbox: Outbox, senders: Sequence[Sender], messages: int, each: int) -> Decimal | None:
    """Spread over the senders by their rates, as the outbox does."""
    total, cost = sum(sender.rate_per_second for sender in senders), Decimal(0)
    if not senders:
        return None
    for sender in senders:
        if sender.price is None:
            return None
        cost += sender.price * messages * _units(outbox, sender, each) * Decimal(sender.rate_per_second / total)
    return cost.quantize(Decimal("0.01"))


def _units(outbox: Outbox, sender: Sender, each: int) -> int:
    """What one message counts against a sender's rate, cap and price."""
    can = _can(outbox, sender)
    return can.units(each) if can is not None else 1


def ends_at(calendar: Calendar, senders: Sequence[Sender], units: Mapping[int, int], messages: int, starts: datetime) -> datetime | None:
    """When so many messages have left, with quiet hours, the senders' own hours and caps; None where they never would.

    `units`: what one message counts, by sender.
    """
    left, moment = float(messages), starts
    used: dict[tuple[int, object], float] = {}
    for _ in range(LONGEST):
        local = calendar.local(moment)
        if not calendar.is_quiet(moment):
            able = sum(_in_an_hour(sender, local, used) / units[sender.id] for sender in senders)
            if able >= left:
                return moment + HOUR * (left / able) if able else moment
            left -= able
        moment += HOUR
    return None


def _in_an_hour(sender: Sender, local: datetime, used: dict[tuple[int, object], float]) -> float:
    limits = limits_of(sender)
    if not is_open(limits, local):
        return 0.0
    key = (sender.id, local.date())
    cap = float("inf") if sender.daily_cap is None else float(sender.daily_cap)
    able = min(sender.rate_per_second * 3600, cap - used.get(key, 0.0))
    used[key] = used.get(key, 0.0) + able
    return able


def test_to_author(work: Work, campaign: Campaign) -> None:
    """The author reads it on their own phone; nothing of it counts as publicity."""
    work.say(
        f"campaign:{campaign.id}:test:{work.now.isoformat()}", campaign.created_by, text_of(campaign).template,
        area_code=campaign.area_code, facts={"words": campaign.words} if campaign.words else {},
    )  # fmt: skip
    work.record("campaign_tested", f"campaign:{campaign.id}", area_code=campaign.area_code, actor=f"person:{campaign.created_by}")
