"""Supervision, assessment and commendation (督导、考核、表彰, art. 2.1④, 3.3): who is counted, who decides, what is commended."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from plan.parts import Part


class Commendation(Part):
    """A unit is on the commendation list when it meets all of these; whether it is commended, a person decides.

    `units`: which are looked at; `least_children`, `least_tasks`: below this a unit is too small to say anything; every rate must meet
    its target; `in_time_percent`: of what was owed, so much in time; `missed_at_most`: steps that the chain climbed past;
    `sheets_answered_percent`: of the daily sheets; `differences_at_most`: unexplained differences of the ledger.
    """

    units: list[Literal["school", "township", "county"]] = Field(default=["school", "township"], min_length=1)
    least_children: int = Field(default=30, ge=1)
    least_tasks: int = Field(default=5, ge=0)
    in_time_percent: float = Field(default=95, ge=0, le=100)
    missed_at_most: int = Field(default=0, ge=0)
    sheets_answered_percent: float = Field(default=95, ge=0, le=100)
    differences_at_most: int = Field(default=0, ge=0)


class Supervision(Part):
    """`assessed`: the roles that get a sheet at the year's end, and for each those who may decide about it.

    `figures_by`: who may enter official figures; `inspectors`: who may draw a sample and record what was found; `least_tasks`: who owed
    fewer is shown, but has no place in the ranking; `sample_size`: children or cases of an inspection unless another number is given.
    """

    assessed: dict[str, list[str]] = Field(min_length=1)
    figures_by: list[str] = Field(min_length=1)
    inspectors: list[str] = Field(min_length=1)
    least_tasks: int = Field(default=10, ge=1)
    sample_size: int = Field(default=30, ge=1)
    commendation: Commendation = Field(default_factory=Commendation)
