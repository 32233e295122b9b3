"""What a family's answer sets going, and how answers are asked back."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from plan.parts import Duration, Part

Effect = Literal[
    "leave", "promise", "claim_returned", "confirm_return", "deny_return", "receipt", "enrolment_check", "aid", "task",
    "wrong_number", "opt_out", "safety", "person", "complaint",
]  # fmt: skip


class Answer(Part):
    """What a reading of a family's reply sets going."""

    effect: Effect
    task: str | None = None
    role: str | None = None
    due: Duration | None = None
    school_days: int | None = None
    cause: str | None = None
    accepted: bool = False
    pauses: bool = False
    template: str = "task_new"
    sensitive: bool = False
    urgent: bool = False
    ask: Literal["help", "where", "until"] | None = None


class Dialogs(Part):
    """How long a second yes and a question back are waited for, how long an officer's words to a family may be (characters).

    `undo_minutes`: so long a step on a task can be taken back, if nothing has happened to the task since. `family_undo_hours`: so long a
    family's "不对" takes back what was understood. `answer_minutes`: an answer to a text that could not leave by then is not sent any more.
    """

    confirm_within_minutes: int = Field(default=60, gt=0)
    ask_back_minutes: int = Field(default=30, gt=0)
    longest_reply: int = Field(default=120, gt=0, le=160)
    undo_minutes: int = Field(default=10, gt=0, le=120)
    family_undo_hours: int = Field(default=48, gt=0, le=336)
    answer_minutes: int = Field(default=120, ge=5, le=1440)

    @property
    def family_undo(self) -> timedelta:
        return timedelta(hours=self.family_undo_hours)

    @property
    def answer_life(self) -> timedelta:
        return timedelta(minutes=self.answer_minutes)
