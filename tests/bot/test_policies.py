"""Small decisions without any I/O: quiet hours, progress, names and dates, which line is taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations

import pytest

from bot.channels.base import Result
from bot.channels.twilio_codes import refusal
from bot.outbox.policy import DeliveryPolicy
from bot.outbox.progress import advance
from bot.outbox.quiet import delayed, quiet_end
from bot.outbox.wording import day, moment, signature
from cases.names import given_name
from storage.tables import Message
from tests.bot.world import NOW, ZONE

POLICY = DeliveryPolicy(ZONE)


def _local(hour: int, minute: int = 0, on: int = 24) -> datetime:
    return datetime(2026, 11, on, hour, minute, tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (_local(20, 59), None),
        (_local(21), _local(7, on=25)),
        (_local(23, 59), _local(7, on=25)),
        (_local(0, on=25), _local(7, on=25)),
        (_local(6, 59, on=25), _local(7, on=25)),
        (_local(7, on=25), None),
    ],
)
def test_quiet_hours_cross_midnight(at: datetime, end: datetime | None) -> None:
    assert quiet_end(POLICY, at) == end


def test_quiet_hours_may_lie_within_a_day() -> None:
    noon = DeliveryPolicy(ZONE, quiet_from=time(12), quiet_until=time(14))
    assert quiet_end(noon, _local(13)) == _local(14)
    assert quiet_end(noon, _local(21)) is None


def test_what_the_night_delays_lives_two_hours_into_the_morning() -> None:
    assert delayed(POLICY, "duty", _local(22), _local(22, 30)) == (_local(7, on=25), _local(9, on=25))
    assert delayed(POLICY, "duty", _local(22), _local(12, on=25)) == (_local(7, on=25), _local(12, on=25))
    assert delayed(POLICY, "safety", _local(22), _local(22, 30)) is None


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "answered"])))
def test_whatever_the_order_of_reports_the_furthest_counts(order: tuple[str, ...]) -> None:
    message = Message(state="sending")
    for state in order:
        advance(message, state, NOW)
    assert message.state == "answered"


def test_failed_stands_until_it_proves_delivered() -> None:
    message = Message(state="sent")
    assert advance(message, "failed", NOW)
    assert not advance(message, "sent", NOW + timedelta(minutes=1))
    assert advance(message, "delivered", NOW + timedelta(minutes=2))
    assert not advance(message, "failed", NOW + timedelta(minutes=3))
    assert (message.state, message.failed_at, message.delivered_at) == ("delivered", NOW, NOW + timedelta(minutes=2))


@pytest.mark.parametrize(
    ("name", "ethnicity", "called"),
    [
        ("马小龙", "回族", "小龙"),
        ("马龙", "东乡族", "马龙"),
        ("欧阳娜娜", "汉族", "娜娜"),
        ("扎西东珠", "藏族", "扎西东珠"),
        ("阿卜杜·马", "撒拉族", "阿卜杜"),
        ("龙", None, "龙"),
    ],
)
def test_a_child_is_called_as_the_family_does(name: str, ethnicity: str | None, called: str) -> None:
    assert given_name(name, ethnicity) == called


def test_dates_are_written_without_zeros_and_in_local_time() -> None:
    assert day(date(2026, 12, 1)) == "12月1日"
    assert moment(datetime(2026, 11, 25, 16, 5, tzinfo=UTC), ZONE) == "11月26日00:05"


def test_the_nearest_area_signs() -> None:
    signatures = {"": "州", "622926": "县", "622926100": "镇"}
    assert [signature(signatures, code) for code in ("622926100201", "622926200", "6229", "")] == ["镇", "县", "州", "州"]
    with pytest.raises(LookupError):
        signature({"1": "x"}, "2")


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        (400, 21211, Result.BAD_CONTACT),
        (400, 21610, Result.BLOCKED),
        *((400, code, Result.NO_ROUTE) for code in (21203, 21215, 13227, 21408, 21219, 21608, 21612)),
        (401, 20003, Result.OUR_FAULT),
        (401, None, Result.OUR_FAULT),
        (429, 429, Result.RETRY),
        (500, 20500, Result.RETRY),
        (504, None, Result.UNKNOWN),
        (400, 99999, Result.RETRY),
    ],
)
def test_what_a_refusal_of_twilio_means(status: int, code: int | None, result: Result) -> None:
    assert refusal(status, code) is result
