"""How a notice may reach a family, what proves it, and who may say so (art. 2.1③)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from plan.parts import Label, Part
from plan.reading import Problem

Proof = Literal["reply", "signature_or_photo", "witness", "posting_number"]
WAYS: dict[str, tuple[str, str, Proof]] = {
    "message_answered": ("消息已阅并回复", "read and answered by message", "reply"),
    "in_person": ("当面送达", "in person", "signature_or_photo"),
    "left_with_village": ("留置送达", "left with the village committee before a witness", "witness"),
    "posted": ("邮寄送达", "posted", "posting_number"),
}
"""Every way that the product knows, with the names and the proof that hold where a plan says nothing."""

USUAL_ROLES = ("village_committee", "township_officer", "township_head", "class_teacher", "attendance_officer")


class DeliveryWay(Label):
    """One way. `proof`: without it a word of delivery counts for nothing, and is asked back.

    `transit_days`: so long after the day that is told it is taken to have arrived, as a letter that is posted.
    """

    proof: Proof
    transit_days: int = Field(default=0, ge=0)


def _usual() -> dict[str, DeliveryWay]:
    return {name: DeliveryWay(zh=zh, en=en, proof=proof) for name, (zh, en, proof) in WAYS.items()}


class Deliveries(Part):
    """The ways that this plan allows, and the roles whose word of a delivery counts. `late_days`: how far back a day may lie."""

    by: list[str] = Field(default_factory=lambda: list(USUAL_ROLES), min_length=1)
    ways: dict[str, DeliveryWay] = Field(default_factory=_usual, min_length=1)
    late_days: int = Field(default=14, ge=0)


def delivery_problems(deliveries: Deliveries) -> Iterator[Problem]:
    """Ways that nobody could use: only those that officers' words, the receipt page and the commands know."""
    for name in sorted(deliveries.ways.keys() - WAYS.keys()):
        known = ", ".join(WAYS)
        yield Problem(f"deliveries.ways.{name}", f"没有这种送达方式，可用：{known}", f"no such way of delivery; there are {known}")
    if "message_answered" in deliveries.ways and deliveries.ways["message_answered"].proof != "reply":
        yield Problem(
            "deliveries.ways.message_answered.proof", "消息送达只能以回复为证（reply）", "a message is proven by its answer alone (reply)"
        )
