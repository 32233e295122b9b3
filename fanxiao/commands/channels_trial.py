"""One test message, carried out as every message is: written down before the call, and what came of it after."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from bot.channels.base import Capabilities, Outcome, Outgoing, Result
from bot.channels.registry import Line
from bot.outbox.address import limits_of
from bot.outbox.hours import is_open
from bot.outbox.progress import advance
from bot.outbox.senders import use_up
from bot.rendering import parts
from fanxiao.commands.channels_lines import hooks_of, local_zone, opened, sender_of
from fanxiao.commands.channels_terms import hours_text
from fanxiao.commands.once import refuse
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from storage.database import Database
from storage.tables import Attempt, Contact, DeliveryStatus, Message, Sender
from storage.work import Work, working

SECONDS = 10.0
"""For the provider's answer and, after it, its word of delivery."""
LOOK_EVERY = 0.25
LIFE = timedelta(hours=1)
URGENCY = "bulk"
"""The kind that is never sent a second time when its fate is in doubt."""
TEMPLATE = "channel_test"
FINAL = ("delivered", "failed")


@dataclass(frozen=True)
class Words:
    """What is said. `values` only where a registered template says it."""

    body: str
    template: str = TEMPLATE
    values: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Trial:
    """A test message that can be sent."""

    sender_id: int
    line: Line
    address: str
    can: Capabilities
    to: str
    words: Words

    @property
    def quantity(self) -> int:
        """As rate, cap and price count it."""
        return self.can.units(parts(self.words.body))


@dataclass(frozen=True)
class Sent:
    """What came of it: the answer, and the provider's later word (delivered or failed), if any came in time."""

    outcome: Outcome
    status: str | None
    code: str | None


async def carry_out(work: Work, storage: Storage, settings: Settings, trial: Trial) -> Sent:
    """Written down and committed before the call, as with every message; the outcome after it."""
    async with working(storage.worker, work.now) as begun:
        message_id, attempt_id = await _begin(begun, storage, trial)
    hooks, loop = hooks_of(trial.line, settings), asyncio.get_running_loop()
    patience = loop.time() + SECONDS
    outgoing = Outgoing(
        message_id, trial.to, trial.address, trial.words.body, hooks=hooks, template=trial.words.template, values=trial.words.values or {}
    )
    outcome = await _call(trial, settings, outgoing)
    async with working(storage.worker, work.now) as ended:
        await _conclude(ended, trial, message_id, attempt_id, outcome)
    if outcome.result is not Result.ACCEPTED or outcome.status in FINAL:
        return Sent(outcome, outcome.status, outcome.code)
    while True:
        said = await _reported(storage.worker, trial, outcome) if hooks and outcome.provider_id else None
        if said is not None or not hooks or loop.time() >= patience:
            return Sent(outcome, *(said or (None, None)))
        await asyncio.sleep(LOOK_EVERY)


async def _begin(work: Work, storage: Storage, trial: Trial) -> tuple[int, int]:
    """The message and its attempt, counted among what the sender has used up today."""
    sender, zone = await sender_of(work, trial.sender_id), await local_zone(work.session)
    local = work.now.astimezone(zone)
    if not is_open(limits_of(sender), local):
        hours = hours_text(sender.hours_from, sender.hours_until)
        refuse(f"现在不在发送时段 {hours} 内。", f"It is outside this sender's hours, {hours}.")
    if not use_up(sender, local.date(), trial.quantity):
        refuse(f"今天的上限 {sender.daily_cap} 已经用完。", f"Today's cap of {sender.daily_cap} is used up.")
    contact = await _contact(work, storage, trial)
    message = Message(
        sender_id=sender.id, channel=trial.can.name, contact_id=contact.id, area_code="", urgency=URGENCY, template=trial.words.template,
        body=trial.words.body, parts=parts(trial.words.body), values=trial.words.values, state="sending", queued_at=work.now,
        expires_at=work.now + LIFE,
    )  # fmt: skip
    work.session.add(message)
    await work.session.flush()
    attempt = Attempt(message_id=message.id, epoch=sender.lease_epoch, counted_on=local.date(), started_at=func.clock_timestamp())
    work.session.add(attempt)
    await work.session.flush()
    work.record("sender_tested", f"sender:{sender.id}", area_code="", actor="operator", message_id=message.id)
    return message.id, attempt.id


async def _contact(work: Work, storage: Storage, trial: Trial) -> Contact:
    index = storage.cipher.index(trial.to)
    row = {"kind": trial.can.contact, "address_encrypted": storage.cipher.encrypt(trial.to), "address_index": index}
    await work.session.execute(insert(Contact).values(row).on_conflict_do_nothing())
    contact = (await work.session.scalars(select(Contact).where(Contact.kind == trial.can.contact, Contact.address_index == index))).one()
    if contact.state == "blocked":
        refuse("对方已拒收我们的消息，不能再发。", "Its owner has refused our messages: nothing more is sent there.")
    return contact


async def _call(trial: Trial, settings: Settings, outgoing: Outgoing) -> Outcome:
    try:
        async with opened(trial.line, settings) as channel, asyncio.timeout(SECONDS):
            return await channel.send(outgoing)
    except TimeoutError:
        return Outcome(Result.UNKNOWN, code="no_answer")
    except Exception as error:  # noqa: BLE001 - after the call may have begun, so what came of it is not known
        return Outcome(Result.UNKNOWN, code=type(error).__name__)


async def _conclude(work: Work, trial: Trial, message_id: int, attempt_id: int, outcome: Outcome) -> None:
    attempt = await work.session.get_one(Attempt, attempt_id, with_for_update=True)
    attempt.outcome, attempt.finished_at, attempt.detail = outcome.result.value, func.clock_timestamp(), outcome.code
    message = await work.session.get_one(Message, message_id, with_for_update=True)
    if outcome.result is Result.ACCEPTED:
        sender = await work.session.get_one(Sender, trial.sender_id)
        message.provider_id = outcome.provider_id
        message.cost = None if sender.price is None else sender.price * Decimal(trial.quantity)
        advance(message, "sent", work.now)
    state = outcome.status if outcome.result is Result.ACCEPTED else "failed"
    if state in FINAL:
        advance(message, state, work.now)
    if state == "failed":  # also what is in doubt: a test is never sent a second time
        message.failure = outcome.code or outcome.result.value


async def _reported(database: Database, trial: Trial, outcome: Outcome) -> tuple[str, str | None] | None:
    """The provider's word on it, as the web process has stored it."""
    wanted = select(DeliveryStatus.status, DeliveryStatus.code).where(
        DeliveryStatus.channel == trial.can.name, DeliveryStatus.provider_id == outcome.provider_id, DeliveryStatus.status.in_(FINAL)
    )
    proven = DeliveryStatus.status == "delivered"  # stands, whatever else is said
    async with database.session() as session:
        found = (await session.execute(wanted.order_by(proven.desc(), DeliveryStatus.id.desc()).limit(1))).first()
    return (found.status, found.code) if found else None
