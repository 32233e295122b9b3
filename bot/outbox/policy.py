"""How much we may say to one recipient, and when: the plan file's `delivery` section with the quiet hours, as the outbox uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from plan.model import Plan


@dataclass(frozen=True)
class Window:
    """At most `most` messages within any such length of time."""

    most: int
    within: timedelta


@dataclass(frozen=True)
class DeliveryPolicy:
    """Quiet hours are local. `windows` hold per recipient; safety and answers pass them. The rest is named by its use."""

    zone: ZoneInfo
    quiet_from: time = time(21)
    quiet_until: time = time(7)
    windows: tuple[Window, ...] = ()
    answers: Window = Window(5, timedelta(minutes=5))
    echoes: int = 3  # the same answer to the same text so often: two machines are talking
    same_at_most: int = 20  # the same answer to colleagues, or to what answers us, within the time of `answers`
    silence: timedelta = timedelta(hours=1)
    merge_most: int = 4  # subjects in one message
    merge_ahead: timedelta = timedelta(minutes=5)  # what is due so soon joins a message that leaves now
    call_again: tuple[timedelta, ...] = ()  # after a call that nobody took
    try_stopped: tuple[timedelta, ...] = ()  # pauses after which a stopped sender is tried again; the last one holds for all that follow
    rest: timedelta = timedelta(minutes=30)  # of a contact on a channel on which a message did not arrive
    question_life: timedelta = timedelta(days=3)
    not_beside: timedelta = timedelta(hours=1)  # after a question about a child nobody is reminded of another one so long
    never_later: frozenset[str] = frozenset()  # kinds of task that cannot be put off, and how often others can
    put_off: int = 2

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """As the plan file says."""
        delivery = plan.delivery
        return cls(
            zone=plan.zone, quiet_from=plan.quiet_hours.since, quiet_until=plan.quiet_hours.until,
            windows=tuple(Window(part.most, timedelta(minutes=part.within_minutes)) for part in delivery.per_recipient),
            answers=Window(delivery.answers.most, timedelta(minutes=delivery.answers.within_minutes)),
            echoes=delivery.answers.same, same_at_most=delivery.answers.same_at_most,
            silence=timedelta(minutes=delivery.answers.silence_minutes),
            merge_most=delivery.merging.most, merge_ahead=timedelta(minutes=delivery.merging.within_minutes),
            call_again=tuple(timedelta(minutes=minutes) for minutes in delivery.call_again_minutes),
            try_stopped=tuple(timedelta(minutes=minutes) for minutes in delivery.try_stopped_minutes),
            rest=timedelta(minutes=delivery.rest_minutes), not_beside=timedelta(minutes=delivery.after_question_minutes),
            never_later=frozenset(plan.postponing.never), put_off=plan.postponing.times,
        )  # fmt: skip
