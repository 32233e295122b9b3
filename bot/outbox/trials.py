"""A sender that its account's error has stopped is tried again by itself: one message goes out after a pause, then after a longer one."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bot.outbox.policy import DeliveryPolicy
from cases import delivery_trouble
from storage.tables import Sender
from storage.work import Work

log = structlog.get_logger("outbox")
LONG_AGO = timedelta(days=1)
"""So long after its last trial a sender that stops is a new trouble: its pauses begin anew."""


def plan_trials(sender: Sender, now: datetime, policy: DeliveryPolicy) -> None:
    """It is about to stop. One that works for minutes only, again and again, waits longer each time.

    One that is being given up is not tried: it would take new messages again.
    """
    if sender.state == "draining":
        sender.try_at = None
        return
    if sender.try_at is None or sender.try_at < now - LONG_AGO:
        sender.tries = 0
    _wait(sender, now, policy)


async def begin_trial(work: Work, sender_id: int, policy: DeliveryPolicy) -> None:
    """A message tries it: the next one waits, whatever becomes of this one and of us."""
    _wait(await work.session.get_one(Sender, sender_id, with_for_update=True), work.now, policy)


def _wait(sender: Sender, now: datetime, policy: DeliveryPolicy) -> None:
    pauses = policy.try_stopped
    sender.try_at = now + pauses[min(sender.tries, len(pauses) - 1)] if pauses else None
    sender.tries += 1


async def end_trial(work: Work, sender_id: int) -> None:
    """The provider took the message: everything else may follow, and the county is told."""
    sender = await work.session.get_one(Sender, sender_id, with_for_update=True)
    if sender.state == "stopped":
        sender.state, sender.stopped_reason = "open", None
        log.info("sender works again", action="sender_works", sender_id=sender_id, channel=sender.channel)
        await delivery_trouble.sender_works(work, sender_id=sender_id)
