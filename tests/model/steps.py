"""What may happen to delivery, one step at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Say:
    """Something is to be said."""

    who: int
    template: str
    urgency: str
    minutes: int
    """Until it expires."""
    question: str | None
    about_child: bool
    later: int
    """Minutes until it is due."""
    while_absent: bool = False
    """It is only true as long as the child is absent."""


@dataclass(frozen=True)
class Pass:
    """The clock goes on, or is put back."""

    minutes: int


@dataclass(frozen=True)
class Run:
    """Workers do what is due. The first dies before its so-many-th statement, commit or call; where it does, the next goes on."""

    dies_at: int | None
    together: bool = False


@dataclass(frozen=True)
class Mood:
    """What a channel will answer to the next calls."""

    line: int
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The provider says what became of a message."""

    which: int
    status: str
    code: str | None
    sequence: int | None


@dataclass(frozen=True)
class Change:
    """Something of a person's contacts, consent or of a sender is changed. `number`: of the person or sender."""

    what: str
    number: int


Step = Say | Pass | Run | Mood | Report | Change
