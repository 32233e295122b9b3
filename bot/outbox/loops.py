"""When automatic answers to one contact stop, since another machine may be writing there: a policy without any I/O."""

from __future__ import annotations

from bot.outbox.policy import DeliveryPolicy


def may_answer(policy: DeliveryPolicy, answers: int, same: int) -> bool:
    """`answers`: how many went there within the policy's time; `same`: how many of them in the words of the next one."""
    return answers < policy.answers.most and same < policy.echoes


def is_machine(address: str, ours: frozenset[str]) -> bool:
    """Whether a phone number is one of our own, or a short code or a name: none of them is ever answered."""
    return address in ours or not address.startswith("+")
