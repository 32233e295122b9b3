"""What a case may come to: a notice, its end; and what the plan counts."""

from __future__ import annotations

from pydantic import Field

from plan.parts import Part


class NoticeKind(Part):
    """A return notice: days allowed from delivery, the message that carries it, and the written document.

    `enrol_template`, `enrol_document`: the message and the document where the child is in no class.
    """

    deadline_days: int = Field(ge=1)
    template: str
    enrol_template: str | None = None
    document: str = "return_notice"  # added after plans were stored; the plan in force says it for every case
    enrol_document: str = "enrol_notice"  # likewise


class Exit(Part):
    """How a case may end: the evidence it needs and who may give it."""

    zh: str
    en: str
    evidence: list[str] = Field(min_length=1)
    by: list[str] = Field(min_length=1)
    or_attended_school_days: int | None = None
    ask_guardian_from_level: int | None = None


class Targets(Part):
    """Rates in per cent to stay below, by stage."""

    dropout_rate_below: dict[str, float]
    focus_areas: list[str] = Field(default_factory=list)


class Lists(Part):
    """From how many absent school days a child is on the list of suspected, and of certain, dropouts."""

    suspected_after_school_days: int
    dropout_after_school_days: int
