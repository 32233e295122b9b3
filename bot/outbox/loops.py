"""When automatic answers to one contact stop, since another machine may be writing there: a policy without any I/O.

What is withheld is the answer: every text is read and acted on before anybody asks whether it is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from bot.outbox.policy import DeliveryPolicy

LONGEST_ORDER = 10
"""Characters of what people type again and again (我的待办, K7 1); what a telephone answers by itself is a sentence."""


class Verdict(Enum):
    """What becomes of the next answer to a contact."""

    SAY = auto()
    HEARD = auto()
    """Withheld: the same text has had this answer often enough."""
    LOOP = auto()
    """The same, and a person is told."""
    SILENCE = auto()
    """Withheld, a person is told, and nothing is answered there for a while but what answers a question of ours."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went to and fro between us and one contact before the next answer.

    `answers`: how many went there within the policy's time; `same`: how many in the words of the next one; `repeated`: how often the text
    that it answers came in the same words; `echoed`, `echoing`: the same two within the longer time for which we would fall silent;
    `aimless`: how many texts came within the policy's time that answered nothing we had asked; `length`: characters of the text that it
    answers; `answers_us`: whether that text answers a question of ours.
    """

    is_staff: bool = False
    is_silent: bool = False
    answers: int = 0
    same: int = 0
    repeated: int = 0
    echoed: int = 0
    echoing: int = 0
    aimless: int = 0
    length: int = 0
    answers_us: bool = False


def verdict(policy: DeliveryPolicy, exchange: Exchange) -> Verdict:
    """Two machines write the same to each other, or much and at once. Whoever answers for something may write as fast as they like.

    Nor is anybody silenced who answers what we ask, be it four times "1" about four children. From both only what nobody can type so
    often is withheld, and from colleagues a sentence that comes again and again and has had its answer.
    """
    if exchange.is_staff or exchange.answers_us:
        if exchange.same >= policy.same_at_most:
            return Verdict.LOOP
        is_order = exchange.answers_us or exchange.length <= LONGEST_ORDER
        is_echo = not is_order and exchange.same >= policy.echoes and exchange.repeated > policy.echoes
        return Verdict.HEARD if is_echo else Verdict.SAY
    if exchange.echoed >= policy.echoes and exchange.echoing > policy.echoes:
        return Verdict.LOOP
    is_flood = exchange.answers >= policy.answers.most and exchange.aimless > policy.answers.most
    return Verdict.SILENCE if exchange.is_silent or is_flood else Verdict.SAY


def is_machine(address: str, ours: frozenset[str]) -> bool:
    """Whether a phone number is one of our own, or a short code or a name: none of them is ever answered."""
    return address in ours or not address.startswith("+")
