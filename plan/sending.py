"""How much one recipient may be sent, and what becomes one message."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from plan.parts import Part


class RecipientLimit(Part):
    """At most so many messages to one recipient within so many minutes; safety and answers pass."""

    most: int = Field(ge=1)
    within_minutes: int = Field(gt=0)


class Answering(RecipientLimit):
    """When another machine seems to write: more answers than this to texts that answer nothing, or one answer to one text `same` times.

    Then nothing is answered there but what answers a question of ours, and a person is told. Somebody who answers for something is never
    silenced: only the same answer to the same text, or one answer `same_at_most` times to whatever they write, is withheld.
    """

    most: int = Field(default=5, ge=1)
    within_minutes: int = Field(default=5, gt=0)
    same: int = Field(default=3, ge=2)
    same_at_most: int = Field(default=20, ge=2)
    silence_minutes: int = Field(default=60, gt=0)


class Merging(Part):
    """How many children or tasks one message may hold, and what joins it although it is due only so many minutes later."""

    most: int = Field(default=4, ge=1)
    within_minutes: int = Field(default=5, ge=0)


def _usual_limits() -> list[RecipientLimit]:
    return [RecipientLimit(most=most, within_minutes=minutes) for most, minutes in ((1, 1), (5, 15), (8, 24 * 60))]


class Delivery(Part):
    """How much one recipient may be sent, what becomes one message, when a call is made again, how long a failed way rests.

    `try_stopped_minutes`: after such pauses (the last again and again) one message tries a sender that its account's error has stopped.
    `after_question_minutes`: so long after something was asked about a child its family is not reminded of another question.
    """

    per_recipient: list[RecipientLimit] = Field(default_factory=_usual_limits)
    answers: Answering = Field(default_factory=Answering)
    merging: Merging = Field(default_factory=Merging)
    call_again_minutes: list[Annotated[int, Field(gt=0)]] = Field(default_factory=lambda: [15, 60])
    try_stopped_minutes: list[Annotated[int, Field(ge=5)]] = Field(default_factory=lambda: [15, 60, 240])
    rest_minutes: int = Field(default=30, gt=0)
    after_question_minutes: int = Field(default=60, ge=0, le=1440)
