"""Random sequences of everything that happens to delivery: no message is lost, none is said twice, and somebody hears of what fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage.crypto import Cipher
from storage.server import Server
from tests.emptying import Emptier
from tests.model.carrier import REFUSALS, TAKEN
from tests.model.delivery import Delivery
from tests.model.living import live
from tests.model.steps import Change, Mood, Pass, Report, Run, Say, Step

SAYS = st.builds(
    Say, who=st.integers(0, 4), template=st.sampled_from(["welcome_back", "merging_news", "absence_call"]),
    urgency=st.sampled_from(["duty", "duty", "bulk", "safety"]), minutes=st.sampled_from([1, 10, 60, 300, 1200, 4000]),
    question=st.sampled_from([None, None, "absence", "notice"]), about_child=st.booleans(), later=st.sampled_from([0, 0, 0, 3, 30]),
    while_absent=st.sampled_from([False, False, True]),
)  # fmt: skip
PASSES = st.builds(Pass, st.sampled_from([1, 1, 5, 16, 31, 61, 180, 720, 1440, 10080, -4]))
RUNS = st.one_of(
    st.just(Run(None)),
    st.builds(Run, st.integers(0, 60)),
    st.builds(Run, st.integers(0, 60), st.just(value=True)),
    st.just(Run(None, True)),
)
MOODS = st.builds(Mood, st.integers(0, 2), st.lists(st.sampled_from([*REFUSALS, *TAKEN]), min_size=1, max_size=6).map(tuple))
REPORTS = st.builds(
    Report, st.integers(0, 6), st.sampled_from(["sent", "delivered", "failed", "failed"]),
    st.sampled_from([None, None, "bad", "stop", "account", "country"]), st.sampled_from([None, None, 1, 2, 3]),
)  # fmt: skip
CHANGES = st.builds(
    Change,
    st.sampled_from(
        [
            "retire",
            "restore",
            "refuse",
            "want",
            "silent",
            "talking",
            "pause",
            "drain",
            "resume",
            "cap",
            "hours",
            "no_limits",
            "bar",
            "unbar",
            "back",
            "away",
            "hand_over",
        ]
    ),
    st.integers(0, 4),
)
FIRST: st.SearchStrategy[list[Step]] = st.lists(st.one_of(SAYS, MOODS), min_size=2, max_size=6)
THEN: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(SAYS, PASSES, PASSES, RUNS, RUNS, MOODS, REPORTS, REPORTS, CHANGES), min_size=6, max_size=30
)
STEPS = st.builds(list.__add__, FIRST, THEN)


NEWS = Say(1, "welcome_back", "duty", 1200, None, about_child=False, later=0)
FAILED, ARRIVED = Report(0, "failed", None, None), Report(0, "delivered", None, None)
TO_A_CHAT: list[Step] = [
    replace(NEWS, who=0), Run(None), FAILED, Mood(1, ("wait",)), Run(None), ARRIVED, Run(None), Pass(16), Run(None),
]  # fmt: skip
HALF_AN_HOUR_LATER: list[Step] = [
    NEWS, Run(None), FAILED, Run(None), Pass(31), Mood(0, ("wait",)), Run(None), ARRIVED, Run(None), Pass(16), Run(None),
]  # fmt: skip
"""What was found once: a message that arrives after all while it waits to be said in another way."""


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@example(steps=TO_A_CHAT)
@example(steps=HALF_AN_HOUR_LATER)
@given(steps=STEPS)
def test_nothing_is_lost_and_nothing_is_said_twice(server: Server, emptier: Emptier, cipher: Cipher, steps: list[Step]) -> None:
    emptier.empty()
    asyncio.run(live(Delivery, server, cipher, steps))


@pytest.mark.long
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_nothing_is_lost_in_many_lives(server: Server, emptier: Emptier, cipher: Cipher, steps: list[Step]) -> None:
    emptier.empty()
    asyncio.run(live(Delivery, server, cipher, steps))
