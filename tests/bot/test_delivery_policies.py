"""The outbox's small policies, each by a table."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from bot.channels.base import Capabilities
from bot.outbox.address import Line, Wanted, choose, lacks_words
from bot.outbox.consent import is_refused
from bot.outbox.contacts import Reach, in_order, rested_at
from bot.outbox.hours import Limits, is_open, left_today, takes_now
from bot.outbox.loops import Exchange, Verdict, is_machine, verdict
from bot.outbox.merging import groups, key_of
from bot.outbox.policy import DeliveryPolicy, Window
from bot.outbox.progress import Said, follows
from bot.outbox.throttle import free_at
from tests.bot.world import NOW, ZONE

WINDOWS = (Window(1, timedelta(minutes=1)), Window(5, timedelta(minutes=15)), Window(8, timedelta(days=1)))


def _ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=number) for number in minutes]


@pytest.mark.parametrize(
    ("sent", "wait"),
    [
        ([], None),
        ([0.5], 0.5),
        ([1], None),
        ([2, 3, 4, 5], None),
        ([2, 3, 4, 5, 14], 1),
        ([0.5, 3, 4, 5, 14], 1),
        ([20, 40, 60, 80, 100, 120, 140], None),
        ([20, 40, 60, 80, 100, 120, 140, 1430], 10),
        ([140, 20, 1430, 60, 80, 100, 120, 40], 10),
        ([1441, 20, 40, 60, 80, 100, 120, 140], None),
        ([-55], None),  # the clock was put back
        ([-55, 0.5], 0.5),
    ],
)
def test_one_a_minute_five_in_a_quarter_of_an_hour_eight_a_day(sent: list[float], wait: float | None) -> None:
    assert free_at(WINDOWS, _ago(*sent), NOW) == (None if wait is None else NOW + timedelta(minutes=wait))


def test_without_windows_nothing_is_held() -> None:
    assert free_at((), _ago(0, 0, 0), NOW) is None


@pytest.mark.parametrize(
    ("what", "exchange", "becomes"),
    [
        ("the first answer", Exchange(repeated=1, echoing=1, aimless=1), Verdict.SAY),
        ("a family that writes five texts", Exchange(answers=4, aimless=5), Verdict.SAY),
        ("a sixth to a text that answers nothing", Exchange(answers=5, aimless=6), Verdict.SILENCE),
        ("a mother of three who answers what she is asked", Exchange(answers=9, aimless=2, answers_us=True), Verdict.SAY),
        ("her thanks afterwards", Exchange(answers=9, aimless=3), Verdict.SAY),
        ("one text, many answers", Exchange(answers=8, aimless=1), Verdict.SAY),
        ("while we are silent", Exchange(is_silent=True, aimless=1), Verdict.SILENCE),
        ("what answers us while we are silent", Exchange(is_silent=True, answers_us=True), Verdict.SAY),
        ("the same to and fro", Exchange(echoed=3, echoing=4), Verdict.LOOP),
        ("the same to and fro, each time to a question of ours", Exchange(same=4, echoed=4, echoing=5, answers_us=True), Verdict.SAY),
        ("more often than there can be questions", Exchange(same=20, echoed=20, echoing=21, answers_us=True), Verdict.LOOP),
        ("the same answer to other words", Exchange(answers=3, same=3, echoed=3, echoing=1, aimless=4), Verdict.SAY),
        ("a teacher of eight classes", Exchange(is_staff=True, answers=7, same=0, repeated=8, aimless=0), Verdict.SAY),
        ("an officer's eighth short order", Exchange(is_staff=True, answers=7, same=1, repeated=1, aimless=8), Verdict.SAY),
        ("eight refused orders", Exchange(is_staff=True, answers=7, same=7, repeated=1, aimless=8), Verdict.SAY),
        ("an officer while silence is noted there", Exchange(is_staff=True, is_silent=True, aimless=30, answers=30), Verdict.SAY),
        ("an hour of the same question, some at a time", Exchange(is_staff=True, same=2, repeated=3, echoed=9, echoing=9), Verdict.SAY),
        ("a teacher's telephone that says it is in class", Exchange(is_staff=True, same=3, repeated=4, length=15), Verdict.HEARD),
        ("an officer who asks for the list again and again", Exchange(is_staff=True, same=8, repeated=9, length=4), Verdict.SAY),
        ("one answer to twenty texts", Exchange(is_staff=True, answers=20, same=20, repeated=1), Verdict.LOOP),
        ("eight texts of which hardly one was answered", Exchange(answers=4, aimless=8), Verdict.SAY),
        ("the same text a third time, after three such answers", Exchange(echoed=3, echoing=3, aimless=3), Verdict.SAY),
        ("a sentence that comes a third time", Exchange(is_staff=True, same=3, repeated=3, length=15), Verdict.SAY),
        ("an order of ten characters", Exchange(is_staff=True, same=8, repeated=9, length=10), Verdict.SAY),
        ("more than an order", Exchange(is_staff=True, same=8, repeated=9, length=11), Verdict.HEARD),
    ],
)
def test_only_machines_get_no_further_answer(what: str, exchange: Exchange, becomes: Verdict) -> None:
    assert verdict(DeliveryPolicy(ZONE), exchange) is becomes, what


@pytest.mark.parametrize(
    ("address", "machine"), [("+8613893010001", False), ("10086", True), ("1069000000", True), ("TAOBAO", True), ("+15005550006", True)]
)
def test_short_codes_names_and_our_own_numbers_are_not_answered(address: str, machine: bool) -> None:
    assert is_machine(address, frozenset({"+15005550006"})) is machine


@pytest.mark.parametrize(
    ("urgency", "audience", "refused", "held"),
    [
        ("bulk", "guardian", {"publicity"}, True),
        ("bulk", "guardian", set(), False),
        ("bulk", "officer", {"publicity"}, False),
        ("duty", "guardian", {"publicity"}, False),
        ("safety", "guardian", {"publicity"}, False),
    ],
)
def test_only_publicity_can_be_refused(urgency: str, audience: str, refused: set[str], held: bool) -> None:
    assert is_refused(urgency, audience, refused) is held


YESTERDAY, TODAY = NOW - timedelta(days=1), NOW


@pytest.mark.parametrize(
    ("reaches", "answering", "order"),
    [
        ([Reach(1, "phone", 2), Reach(2, "phone", 1)], None, [2, 1]),
        ([Reach(1, "phone", 2), Reach(2, "phone", 1)], 1, [1, 2]),
        ([Reach(1, "phone", 1, failures=3), Reach(2, "phone", 5)], None, [2, 1]),
        ([Reach(1, "phone", 1, failures=2), Reach(2, "phone", 5)], None, [1, 2]),
        ([Reach(1, "phone", reached_at=YESTERDAY), Reach(2, "phone", reached_at=TODAY), Reach(3, "phone")], None, [2, 1, 3]),
        ([Reach(1, "phone", 1, failures=9)], None, [1]),
    ],
)
def test_who_has_just_written_then_what_works_then_what_is_preferred(reaches: list[Reach], answering: int | None, order: list[int]) -> None:
    assert [reach.contact_id for reach in in_order(reaches, answering)] == order


def test_a_failed_way_rests_and_then_is_there_again() -> None:
    later = (NOW + timedelta(minutes=30)).isoformat()
    resting = {"1:twilio_sms": later, "2:simulator": (NOW - timedelta(minutes=1)).isoformat()}
    assert rested_at(resting, [1, 2], NOW) == NOW + timedelta(minutes=30)
    assert rested_at(resting, [2], NOW) is None
    assert rested_at({}, [1], NOW) is None


def _line(sender_id: int, variant: str = "sms", contact: str = "phone", rate: float = 1, ready: bool = True, **can: Any) -> Line:
    return Line(sender_id, Capabilities(f"channel{sender_id}", contact, variant, 500, can_be_asked=False, **can), rate, ready)


REST = {"7:channel1": (NOW + timedelta(minutes=1)).isoformat()}


@pytest.mark.parametrize(
    ("lines", "wanted", "taken"),
    [
        ([_line(1), _line(2, "voice")], Wanted(), 1),
        ([_line(1), _line(2, "voice")], Wanted(spoken=True), 2),
        ([_line(1)], Wanted(spoken=True), 1),
        ([_line(2, "voice")], Wanted(), None),
        ([_line(3, "chat", "telegram")], Wanted(), None),
        ([_line(1, audiences=frozenset({"officer"}))], Wanted("guardian"), None),
        ([_line(1, audiences=frozenset({"officer"}))], Wanted("officer"), 1),
        ([_line(1, audiences=frozenset({"officer"}))], Wanted("guardian", writer=7), 1),
        ([_line(1, audiences=frozenset({"officer"}))], Wanted("guardian", writer=8), None),
        ([_line(1, templates=frozenset({"a"}))], Wanted(template="b"), None),
        ([_line(1, templates=frozenset({"a"})), _line(2)], Wanted(template="b"), 2),
        ([_line(1, templates=frozenset({"a"}), carries=frozenset({"guardian"}))], Wanted(template="b"), 1),
        ([_line(1, templates=frozenset({"a"}), carries=frozenset({"guardian"}))], Wanted("officer", template="b"), None),
        ([_line(1), _line(2)], Wanted(resting=REST), 2),
        ([_line(1)], Wanted(resting=REST), None),
        ([_line(1, ready=False), _line(2)], Wanted(), 2),
        ([_line(1, ready=False)], Wanted(), 1),
        ([], Wanted(), None),
    ],
)
def test_which_line_is_taken(lines: list[Line], wanted: Wanted, taken: int | None) -> None:
    route = choose([Reach(7, "phone")], lines, wanted, NOW)
    assert (route.line.sender_id if route else None) == taken


@pytest.mark.parametrize(
    ("line", "lacks"),
    [
        (_line(1), False),
        (_line(1, templates=frozenset({"a"})), True),
        (_line(1, templates=frozenset({"b"})), False),
        (_line(1, templates=frozenset({"a"}), carries=frozenset({"guardian"})), False),
        (_line(1, contact="wecom", templates=frozenset({"a"})), False),
        (_line(1, audiences=frozenset({"officer"}), templates=frozenset({"a"})), False),
    ],
)
def test_which_line_reaches_somebody_without_the_words_for_it(line: Line, lacks: bool) -> None:
    assert lacks_words([Reach(7, "phone")], [line], Wanted(template="b")) is lacks


def test_a_second_contact_is_taken_when_nothing_reaches_the_first() -> None:
    route = choose([Reach(1, "telegram"), Reach(2, "phone")], [_line(1)], Wanted(), NOW)
    assert route is not None
    assert route.reach.contact_id == 2


def test_senders_share_the_contacts_by_their_rates_and_each_keeps_its_own() -> None:
    lines = [_line(1, rate=1), _line(2, rate=3)]
    first, second = (
        [choose([Reach(number, "phone")], lines, Wanted(), NOW) for number in range(1000)],
        [choose([Reach(number, "phone")], lines, Wanted(), NOW) for number in range(1000)],
    )
    assert first == second
    shares = Counter(route.line.sender_id for route in first if route)
    assert 230 < shares[1] < 270


def test_a_contact_goes_on_hearing_from_the_number_it_knows() -> None:
    lines = [_line(1), _line(2), _line(3)]
    for known in (1, 2, 3):
        route = choose([Reach(5, "phone", sender_id=known)], lines, Wanted(), NOW)
        assert route is not None
        assert route.line.sender_id == known
    gone = choose([Reach(5, "phone", sender_id=9)], lines, Wanted(), NOW)
    assert gone is not None


DAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("limits", "clock", "opened"),
    [
        (Limits(), time(3), True),
        (Limits(hours_from=time(8), hours_until=time(21)), time(8), True),
        (Limits(hours_from=time(8), hours_until=time(21)), time(7, 59), False),
        (Limits(hours_from=time(8), hours_until=time(21)), time(21), False),
        (Limits(hours_from=time(20), hours_until=time(6)), time(23), True),
        (Limits(hours_from=time(20), hours_until=time(6)), time(5, 59), True),
        (Limits(hours_from=time(20), hours_until=time(6)), time(6), False),
    ],
)
def test_a_carrier_s_hours(limits: Limits, clock: time, opened: bool) -> None:
    assert is_open(limits, datetime.combine(DAY, clock, ZONE)) is opened


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        (Limits(), None),
        (Limits(daily_cap=10), 10),
        (Limits(daily_cap=10, used_on=DAY, used=4), 6),
        (Limits(daily_cap=10, used_on=DAY - timedelta(days=1), used=10), 10),
        (Limits(daily_cap=10, used_on=DAY, used=12), 0),
        (Limits(daily_cap=0), 0),
    ],
)
def test_a_daily_cap_begins_anew_with_the_local_day(limits: Limits, left: int | None) -> None:
    noon = datetime.combine(DAY, time(12), ZONE)
    assert left_today(limits, noon) == left
    assert takes_now(limits, noon) is (left != 0)


def test_what_goes_together_and_how_many() -> None:
    items = [("a", 1), ("b", 2), ("a", 3), (None, 4), ("a", 5), (None, 6), ("a", 7)]
    assert groups(items, 3) == [[1, 3, 5], [2], [4], [6], [7]]
    assert groups([], 3) == []
    assert groups(items, 1) == [[1], [2], [3], [4], [5], [6], [7]]


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (("list", "duty", 1, 1, "task"), ("list", "duty", 1, 1, "task"), True),
        (("list", "duty", 1, 1, "task"), ("list", "duty", 2, 1, "task"), False),
        (("list", "duty", 1, 1, "task"), ("list", "duty", 1, 2, "task"), False),
        (("list", "duty", 1, 1, "task"), ("list", "duty", 1, 1, None), False),
        (("list", "duty", 1, 1, "task"), ("copies", "duty", 1, 1, "task"), False),
        (("list", "duty", 1, 1, "task"), ("list", "bulk", 1, 1, "task"), False),
    ],
)
def test_only_the_same_reader_at_the_same_contact_gets_one_message(first: Any, second: Any, together: bool) -> None:
    assert (key_of(*first) == key_of(*second)) is together


@pytest.mark.parametrize("key", [(None, "duty", 1, 1, "task"), ("list", "safety", 1, 1, "task")])
def test_safety_and_what_has_no_list_stay_alone(key: Any) -> None:
    assert key_of(*key) is None


OLD, NEW = datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "state", "report", "last", "counts"),
    [
        ("sent", "sending", Said(), Said(), True),
        ("sent", "delivered", Said(), Said(), False),
        ("failed", "sent", Said(), Said(), True),
        ("failed", "delivered", Said(), Said(), False),
        ("delivered", "failed", Said(), Said(), True),
        ("failed", "sent", Said(sequence=2), Said(sequence=3), False),
        ("failed", "sent", Said(sequence=3), Said(sequence=2), True),
        ("failed", "sent", Said(at=OLD), Said(at=NEW), False),
        ("failed", "sent", Said(at=NEW), Said(at=OLD), True),
        ("failed", "sent", Said(sequence=3, at=OLD), Said(sequence=2, at=NEW), True),
        ("delivered", "sent", Said(at=OLD), Said(at=NEW), True),
        ("delivered", "answered", Said(), Said(), False),
    ],
)
def test_reports_move_a_message_forward_in_the_provider_s_own_order(
    status: str, state: str, report: Said, last: Said, counts: bool
) -> None:
    assert follows(status, state, report, last) is counts
