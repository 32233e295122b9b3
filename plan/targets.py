"""How much dropout there is, and how much the plan allows (art. 1). Pure."""

from __future__ import annotations

from typing import Literal

from plan.outcomes import Lists

Listed = Literal["none", "suspected", "dropout"]

STAGES = {"primary": range(1, 7), "junior": range(7, 10)}
"""The grades of each stage that a target is set for."""


def rate(dropouts: int, on_rolls: int) -> float | None:
    """Dropouts in per cent of the children on the rolls; None where nobody is on them."""
    return 100 * dropouts / on_rolls if on_rolls else None


def list_of(absent_school_days: int, lists: Lists) -> Listed:
    """Which of the plan's lists a child is on that has been away for so many school days."""
    if absent_school_days >= lists.dropout_after_school_days:
        return "dropout"
    return "suspected" if absent_school_days >= lists.suspected_after_school_days else "none"


def at_risk(found: float | None, stay_below: float | None) -> bool:
    """Whether a rate misses its target, which is to stay below. Without children or without a target nothing is at risk."""
    return found is not None and stay_below is not None and found >= stay_below
