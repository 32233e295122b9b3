"""Rates, lists and targets, by table."""

from __future__ import annotations

import pytest

from plan.outcomes import Lists
from plan.targets import at_risk, list_of, rate

LISTS = Lists(suspected_after_school_days=3, dropout_after_school_days=20)


@pytest.mark.parametrize(
    ("days", "listed"), [(0, "none"), (2, "none"), (3, "suspected"), (19, "suspected"), (20, "dropout"), (99, "dropout")]
)
def test_which_list_a_child_is_on(days: int, listed: str) -> None:
    assert list_of(days, LISTS) == listed


@pytest.mark.parametrize(("dropouts", "on_rolls", "expected"), [(0, 0, None), (0, 50, 0.0), (1, 200, 0.5), (2, 100, 2.0)])
def test_a_rate_is_in_per_cent_of_the_rolls(dropouts: int, on_rolls: int, expected: float | None) -> None:
    assert rate(dropouts, on_rolls) == expected


@pytest.mark.parametrize(
    ("found", "stay_below", "risky"), [(0.99, 1.0, False), (1.0, 1.0, True), (1.5, 1.0, True), (None, 1.0, False), (5.0, None, False)]
)
def test_a_target_is_to_stay_below(found: float | None, stay_below: float | None, risky: bool) -> None:
    assert at_risk(found, stay_below) is risky
