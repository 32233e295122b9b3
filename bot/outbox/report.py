"""What became of everything that was said, per sender and local day: for bills, and to see a number that carriers filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import WAITING_SQL

REPORT = text(f"""
with said as (
    select sender_id, cast(queued_at at time zone :zone as date) as day, state, parts, cost, sent_at, delivered_at,
        case when state = 'failed' then coalesce(failure, '') end as failure
    from message where queued_at >= :since and queued_at < :until
), failed as (
    select sender_id, day, failure, count(*) as count from said where failure <> 'expired'
    group by grouping sets ((sender_id, day, failure), (failure))
), failures as (
    select sender_id, day, jsonb_object_agg(failure, count) as reasons from failed group by sender_id, day
), counted as (
    select sender_id, day, count(*) as messages, coalesce(sum(parts), 0) as parts,
        count(*) filter (where state in {WAITING_SQL}) as queued,
        count(*) filter (where state = 'sent') as sent,
        count(*) filter (where state = 'delivered') as delivered,
        count(*) filter (where state = 'answered') as answered,
        count(*) filter (where failure <> 'expired') as failed,
        count(*) filter (where failure = 'expired') as expired,
        sum(cost) as cost,
        percentile_cont(0.5) within group (order by greatest(0, extract(epoch from delivered_at - sent_at)))
            filter (where delivered_at is not null and sent_at is not null) as median_seconds
    from said group by grouping sets ((sender_id, day), ())
)
select counted.sender_id, sender.channel, sender.account, sender.address, counted.day, messages, parts, queued, sent, delivered, answered,
    failed, expired, coalesce(reasons, '{{}}') as failures, cost, median_seconds
from counted
left join sender on sender.id = counted.sender_id
left join failures on (failures.sender_id, failures.day) is not distinct from (counted.sender_id, counted.day)
order by counted.day nulls last, counted.sender_id
""")


@dataclass(frozen=True)
class ReportRow:
    """One sender on one local day; without sender and day the total.

    A message counts on the day on which it was queued, under the state that it has by now, so that the counts from `queued` to
    `expired` add up to `messages`. `failures`: of `failed`, by reason. `cost` in CNY, None where no price was set.
    `median_seconds`: from the provider's acceptance to its word of delivery, None where there was none.
    """

    sender_id: int | None
    channel: str | None
    account: str | None
    address: str | None
    day: date | None
    messages: int
    parts: int
    queued: int
    sent: int
    delivered: int
    answered: int
    failed: int
    expired: int
    failures: Mapping[str, int]
    cost: Decimal | None
    median_seconds: float | None


async def delivery_report(session: AsyncSession, first: date, last: date, zone: ZoneInfo) -> list[ReportRow]:
    """From the local day `first` to `last`, both included: days on which something was said, in order, and the total as last row."""
    since, until = (datetime.combine(day, time.min, zone) for day in (first, last + timedelta(days=1)))
    found = await session.execute(REPORT, {"zone": zone.key, "since": since, "until": until})
    return [ReportRow(*row) for row in found]
