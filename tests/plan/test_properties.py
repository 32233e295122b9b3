"""Whatever people do and whenever the ticks run: the chain loses nobody, skips nothing in silence, and says the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from plan.calendar import Calendar
from plan.check import read_plan
from plan.model import Plan
from plan.parts import Vacation
from tests.plan.conftest import LINXIA
from tests.plan.interpreter import INPUTS, Entry, Input, Played, play, play_on_time
from tests.plan.other_plans import other_plans

LENGTH = timedelta(days=75)
PLAN = read_plan(LINXIA)
PROFILE = settings(
    max_examples=70,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking a whole story takes minutes and a failing suite should end
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SILENT_REASONS = {"nobody_responsible", "referral_approved"}


@dataclass(frozen=True)
class Story:
    """One child's case as it may go, without the ticks."""

    plan: Plan = field(repr=False)
    exceptions: dict[date, bool]
    opened: datetime
    holes: frozenset[int]
    inputs: tuple[Input, ...]

    def begin(self, checked: Callable[[Played, datetime], None] = lambda _played, _now: None) -> Played:
        calendar = Calendar(self.plan, self.exceptions)
        return Played(self.plan, calendar, self.opened, calendar.day_of(self.opened), self.holes, checked=checked)

    @property
    def until(self) -> datetime:
        return self.opened + LENGTH


days = st.dates(date(2026, 8, 24), date(2026, 12, 31))
minutes = st.one_of(st.integers(0, 8 * 24 * 60), st.integers(0, int(LENGTH / timedelta(minutes=1)) - 1))


@st.composite
def calendars(draw: st.DrawFn, plans: st.SearchStrategy[Plan]) -> tuple[Plan, dict[date, bool]]:
    vacations = [
        Vacation.model_validate({"from": since, "until": since + timedelta(days=length), "reason": "假期"})
        for since, length in draw(st.lists(st.tuples(days, st.integers(0, 40)), max_size=2))
    ]
    exceptions = draw(st.dictionaries(days, st.booleans(), max_size=12))
    return draw(plans).model_copy(update={"vacations": vacations}), exceptions


@st.composite
def diligence(draw: st.DrawFn, opened: datetime) -> list[Input]:
    """A township that issues, a village that delivers, holders who do what they owe: every so many days, or never."""
    found: list[Input] = []
    for what in ("issue", "deliver", "done", "done"):
        every = draw(st.sampled_from((0, 1, 3, 5, 11)))
        offset = timedelta(minutes=draw(st.integers(0, 24 * 60 - 1)))
        found += [Input(opened + timedelta(days=n) + offset, what) for n in range(1, LENGTH.days) if every and n % every == 0]
    return found


@st.composite
def returns(draw: st.DrawFn, opened: datetime) -> list[Input]:
    """A child who comes back, stays for some days, perhaps is struck off, and is away again."""
    found: list[Input] = []
    for day, hour, gone in draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1439), st.integers(1, 20)), max_size=2)):
        at = opened + timedelta(days=day, minutes=hour)
        found += [Input(at, "attend"), Input(at + timedelta(days=gone), draw(st.sampled_from(("relapse", "dispute"))))]
        found += [Input(at + timedelta(days=3), "close")] if gone > 3 else []
    return [given for given in found if given.at < opened + LENGTH]


@st.composite
def stories(draw: st.DrawFn, plans: st.SearchStrategy[Plan] = st.just(PLAN)) -> Story:  # noqa: B008 - a strategy is a constant
    plan, exceptions = draw(calendars(plans))
    day = draw(st.dates(date(2026, 8, 24), date(2026, 10, 31)))
    opened = datetime.combine(day, draw(st.times(time(8, 30), time(18, 0))), plan.zone).astimezone(UTC)
    given_inputs = draw(st.lists(st.tuples(minutes, st.sampled_from(INPUTS), st.integers(0, 4)), max_size=12))
    inputs = (
        [Input(opened + timedelta(minutes=at), what, number) for at, what, number in given_inputs]
        + draw(diligence(opened))
        + draw(returns(opened))
    )
    holes = draw(st.frozensets(st.sampled_from([rung.level for rung in plan.levels]), max_size=3))
    return Story(plan, exceptions, opened, holes, tuple(sorted(inputs, key=lambda item: item.at)))


@st.composite
def irregular_ticks(draw: st.DrawFn) -> list[timedelta]:
    """Gaps of minutes to two days, and now and then an outage of up to eight days."""
    gaps = draw(st.lists(st.one_of(st.integers(1, 2 * 24 * 60), st.integers(24 * 60, 8 * 24 * 60)), min_size=1, max_size=40))
    total, found = 0, []
    for gap in gaps:
        total += gap
        found.append(timedelta(minutes=total))
    return found


def never_alone(case: Played, now: datetime) -> None:
    """(a) An open case always has a living task of a known role, with a due time."""
    assert case.living, f"nobody has the case at {now}"
    assert all(task.role in case.plan.roles and task.due is not None for task in case.living)


def route(plan: Plan, since: int, to: int) -> list[int]:
    """The levels on the way, without both ends."""
    found, rung = [], plan.above(since)
    while rung is not None and rung.level != to:
        found.append(rung.level)
        rung = plan.above(rung.level)
    assert rung is not None, f"level {to} is not above level {since}"
    return found


def episodes(case: Played) -> list[list[Entry]]:
    return [[entry for entry in case.entries if entry.episode == number] for number in range(1, case.episode + 1)]


def nothing_skipped(case: Played) -> None:
    """(b) Every level on the way was entered, or passed for a reason; and nobody was given no time at all without one."""
    for entries in episodes(case):
        chain = [entry for entry in entries if not entry.beside and not entry.passed]
        passed = {entry.level: entry.reason for entry in entries if entry.passed}
        for before, after in pairwise(chain):
            between = route(case.plan, before.level, after.level)
            assert all(passed.get(level) for level in between)
            assert after.at > before.at or after.reason in SILENT_REASONS, f"level {before.level} had no time: {after}"


def climbs_once_and_forward(case: Played) -> None:
    """(c) and (f) No level twice in an episode; the levels' times never go backwards."""
    for entries in episodes(case):
        levels = [entry.level for entry in entries]
        assert len(levels) == len(set(levels))
        times = [entry.at for entry in entries if not entry.beside]
        assert times == sorted(times)


@PROFILE
@given(stories())
def test_no_case_is_alone_and_no_level_is_skipped(story: Story) -> None:
    case = play_on_time(story.begin(never_alone), story.inputs, story.until)
    nothing_skipped(case)
    climbs_once_and_forward(case)


@PROFILE
@given(stories(), irregular_ticks())
def test_late_ticks_and_outages_change_nothing(story: Story, ticks: list[timedelta]) -> None:
    on_time = play_on_time(story.begin(), story.inputs, story.until)
    late = play(story.begin(never_alone), story.inputs, [story.opened + tick for tick in ticks], story.until)
    assert late.outcome() == on_time.outcome()


@PROFILE
@given(stories(), irregular_ticks())
def test_every_tick_twice_changes_nothing(story: Story, ticks: list[timedelta]) -> None:
    at = [story.opened + tick for tick in ticks]
    once = play(story.begin(), story.inputs, at, story.until)
    twice = play(story.begin(), story.inputs, at, story.until, twice=True)
    assert twice.outcome() == once.outcome()
    assert twice.living == once.living


@settings(PROFILE, max_examples=25)
@given(stories())
def test_every_hour_is_the_same_as_on_time(story: Story) -> None:
    hours = [story.opened + timedelta(hours=n) for n in range(24 * 30)]
    hourly = play(story.begin(never_alone), story.inputs, hours, story.until)
    assert hourly.outcome() == play_on_time(story.begin(), story.inputs, story.until).outcome()


@settings(PROFILE, max_examples=35)
@given(stories(other_plans()), irregular_ticks())
def test_other_plans_keep_the_same_promises(story: Story, ticks: list[timedelta]) -> None:
    on_time = play_on_time(story.begin(never_alone), story.inputs, story.until)
    nothing_skipped(on_time)
    climbs_once_and_forward(on_time)
    late = play(story.begin(never_alone), story.inputs, [story.opened + tick for tick in ticks], story.until, twice=True)
    assert late.outcome() == on_time.outcome()
