"""Providers' reports on messages, applied in whatever order and number they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.exc import OperationalError

from bot.channels.base import Result
from bot.outbox.aftermath import call_again, say_anew, stop_sender, try_elsewhere
from bot.outbox.progress import Said, advance, follows, is_older
from bot.outbox.settings import OutboxSettings
from bot.outbox.still import still_true
from storage.database import Database
from storage.rows import update_rows
from storage.tables import WAITING, Contact, DeliveryStatus, Intent, Message, Question, Sender, is_in_doubt, is_waiting
from storage.work import Work, working

log = structlog.get_logger("outbox")
AFTER_ERROR = timedelta(minutes=10)
MOST_TRIES = 5
"""After so many errors a report is set aside: somebody looks at the log."""
OURS = Message.channel == DeliveryStatus.channel, Message.provider_id == DeliveryStatus.provider_id
UNSAID = ("pending", "held")
"""States of an intent that is to be said; `held` while its campaign is paused."""


@dataclass(slots=True)
class Fate:
    """A message as far as its reports are concerned."""

    id: int
    state: str
    sent_at: datetime | None
    delivered_at: datetime | None
    sequence: int | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """A stored report with the message and the account that it is about."""

    id: int
    status: str
    code: str | None
    said: Said
    received_at: datetime
    fate: Fate
    contact_id: int
    line: tuple[str, str]


async def apply_statuses(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """Applies stored reports to their messages; gives how many were dealt with.

    A report that came before our own commit waits for its message; one about nothing of ours is put aside in the end.
    """
    try:
        return await _apply(database, now, settings, _waiting(now))
    except OperationalError:  # the database's trouble, not a report's
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the others of the batch must still count
        log.error("reports failed", action="statuses_failed", error=type(error).__name__)
        return await _one_by_one(database, now, settings)


def _waiting(now: datetime) -> ColumnElement[bool]:
    return and_(DeliveryStatus.applied_at.is_(None), or_(DeliveryStatus.again_at.is_(None), DeliveryStatus.again_at <= now))


async def _apply(database: Database, now: datetime, settings: OutboxSettings, which: ColumnElement[bool]) -> int:
    async with working(database, now) as work:
        reports = await _stored(work, settings, which)
        await _Applying(work, settings).apply(reports)
        applied = update(DeliveryStatus).where(DeliveryStatus.id == func.any([report.id for report in reports]))
        old = and_(DeliveryStatus.applied_at.is_(None), DeliveryStatus.received_at < now - settings.lost_after)
        lost = update(DeliveryStatus).where(old, ~exists().where(*OURS))
        if reports:
            await work.session.execute(applied.values(applied_at=now))
        await work.session.execute(lost.values(applied_at=now))
        return len(reports)


async def _one_by_one(database: Database, now: datetime, settings: OutboxSettings) -> int:
    """One report that cannot be applied must not hold up the others."""
    ids = select(DeliveryStatus.id).join(Message, and_(*OURS)).where(_waiting(now)).order_by(DeliveryStatus.id).limit(settings.batch)
    async with database.session() as session:
        found = (await session.scalars(ids)).all()
    for report_id in found:
        try:
            await _apply(database, now, settings, and_(_waiting(now), DeliveryStatus.id == report_id))
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001
            await _put_off(database, now, report_id, error)
    return len(found)


async def _put_off(database: Database, now: datetime, report_id: int, error: Exception) -> None:
    """Tried again later; in the end set aside."""
    async with working(database, now) as work:
        report = await work.session.get_one(DeliveryStatus, report_id, with_for_update=True)
        if report.applied_at is not None:
            return
        report.tries += 1
        report.again_at = now + AFTER_ERROR
        log.error("report failed", action="status_failed", report_id=report_id, tries=report.tries, error=type(error).__name__)
        if report.tries >= MOST_TRIES:
            report.applied_at = now
            log.error("report set aside", action="status_set_aside", report_id=report_id)
            work.record("report_set_aside", f"report:{report_id}", area_code="", status=report.status, code=report.code)


async def _stored(work: Work, settings: OutboxSettings, which: ColumnElement[bool]) -> list[Report]:
    """In the order in which they came, their messages locked."""
    columns = (
        DeliveryStatus.id, DeliveryStatus.status, DeliveryStatus.code, DeliveryStatus.sequence, DeliveryStatus.at,
        DeliveryStatus.received_at, Message.id, Message.state, Message.sent_at, Message.delivered_at, Message.sequence, Message.reported_at,
        Message.contact_id, Sender.channel, Sender.account,
    )  # fmt: skip
    rows = await work.session.execute(
        select(*columns)
        .join(Message, and_(*OURS))
        .join(Sender, Sender.id == Message.sender_id)
        .where(which)
        .order_by(DeliveryStatus.id)
        .limit(settings.batch)
        .with_for_update(skip_locked=True, of=[DeliveryStatus, Message])
    )
    fates: dict[int, Fate] = {}
    return [
        Report(
            report_id, status, code, Said(sequence, at), received_at, fates.setdefault(fate[0], Fate(*fate)), contact_id, (channel, account)
        )
        for report_id, status, code, sequence, at, received_at, *fate, contact_id, channel, account in (tuple(row) for row in rows)
    ]


class _Applying:
    def __init__(self, work: Work, settings: OutboxSettings) -> None:
        self._work = work
        self._settings = settings

    async def apply(self, reports: Sequence[Report]) -> None:
        if not reports:
            return
        saved = [report for report in reports if report.fate.state == "failed"]
        failed = [report for report in reports if self._moves(report)]
        fates = {report.fate.id: report.fate for report in reports}
        await update_rows(
            self._work.session, Message.__tablename__, [{name: getattr(fate, name) for name in Fate.__slots__} for fate in fates.values()]
        )
        # In this order: whoever has an intent in hand to say it anew locks the intent before its contact.
        await self._after_all([report.fate.id for report in saved if report.fate.state == "delivered"])
        await self._arrived({report.contact_id for report in reports if report.fate.state == "delivered"})
        for report in failed:
            await self._failed(report)

    def _moves(self, report: Report) -> bool:
        """Moves the message; True for a failure that counts, of which more has to be done."""
        fate, last = report.fate, Said(report.fate.sequence, report.fate.reported_at)
        counts = follows(report.status, fate.state, report.said, last) if report.status != "queued" else False
        if report.status in ("sent", "delivered"):
            advance(fate, report.status, report.received_at)
        if not is_older(report.said, last):
            fate.sequence, fate.reported_at = report.said.sequence or fate.sequence, report.said.at or fate.reported_at
        return report.status == "failed" and counts

    async def _arrived(self, contact_ids: set[int]) -> None:
        if contact_ids:
            wronged = or_(Contact.failures > 0, Contact.state == "bad")
            proven = update(Contact).where(Contact.id == func.any(list(contact_ids)), wronged)
            state = case((Contact.state == "bad", "usable"), else_=Contact.state)
            await self._work.session.execute(proven.values(failures=0, state=state))

    async def _after_all(self, message_ids: Sequence[int]) -> None:
        """It arrived although it was said to have failed: it is not said again, and what it asked may be answered, if it is still asked."""
        if not message_ids:
            return
        inside = await self._inside(message_ids)
        await self._call_off(inside)
        said = [intent for intent in inside if intent.state in UNSAID]
        for intent in said:
            intent.message_id = next(one for one in intent.failed_in or () if one in message_ids)
            intent.state, intent.reason = "queued", None
        await self._work.session.flush()
        true = await still_true(self._work.session, {intent.id: intent.still for intent in said}, self._settings.policy)
        asked = update(Question).where(
            Question.intent_id == func.any(list(true)), Question.message_id == func.any(list(message_ids)),
            Question.state == "withdrawn",
        )  # fmt: skip
        await self._work.session.execute(asked.values(state="open", ended_at=None))

    async def _inside(self, message_ids: Sequence[int]) -> Sequence[Intent]:
        """What was in these messages and is to be said again, locked: whoever has it in hand has queued it by then."""
        inside = select(Intent).where(Intent.failed_in.bool_op("&&")(list(message_ids)), Intent.state.in_((*UNSAID, "queued")))
        locked = inside.order_by(Intent.id).with_for_update().execution_options(populate_existing=True)
        return (await self._work.session.scalars(locked)).all()

    async def _call_off(self, inside: Sequence[Intent]) -> None:
        """It may be waiting already to be said in another way: through the night, for its reader's limit, or for a busy provider."""
        again = select(Message.id).where(
            Message.id == func.any([intent.message_id for intent in inside if intent.state == "queued"]), is_waiting(), ~is_in_doubt()
        )
        waiting = (await self._work.session.scalars(again.with_for_update(skip_locked=True))).all()
        await say_anew(self._work, waiting, "arrived_after_all")

    async def _failed(self, report: Report) -> None:
        message = await self._work.session.get_one(Message, report.fate.id)
        if message.state not in (*WAITING, "sent"):
            return  # a later report of the same batch has proven the contrary
        result = self._failures(report).get(report.code or "", Result.RETRY)
        if result is Result.OUR_FAULT:
            await say_anew(self._work, [message.id], report.code or result.value)
            await stop_sender(self._work, message.sender_id, report.code, self._settings.policy)
        elif result is Result.NOT_REACHED:
            await call_again(self._work, message, report.code, self._settings.policy)
        else:
            await try_elsewhere(self._work, message, result, report.code, self._settings.policy)

    def _failures(self, report: Report) -> Mapping[str, Result]:
        channel = self._settings.channels.get(report.line)
        return channel.capabilities.failures if channel else {}
