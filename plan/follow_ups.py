"""What a family is asked after its answer, and which answer counts where two guardians differ."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from plan.parts import Label, Part

FollowUp = Literal["help", "where", "until"]


class Help(Label):
    """A kind of help. `words`: those by which a family names it in its own text."""

    words: list[str] = Field(default_factory=list)


class Place(Label):
    """Where a child may have gone. `settled`: there is a school to be named; without one, somebody has to find it."""

    settled: bool = True


class FollowUps(Part):
    """What is asked after an answer: a digit for each entry, in their order. `open_minutes`: so long it may be answered."""

    open_minutes: int = Field(default=720, gt=0)
    help: dict[str, Help] = Field(default_factory=dict, max_length=8)
    where: dict[str, Place] = Field(default_factory=dict, max_length=8)
    until_school_days: list[Annotated[int, Field(ge=1)]] = Field(default_factory=list, max_length=7)

    def has(self, asked: FollowUp) -> bool:
        """Whether there is anything to choose from."""
        return bool({"help": self.help, "where": self.where, "until": self.until_school_days}[asked])
