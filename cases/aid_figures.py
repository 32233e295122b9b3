"""How a claim and its figure are said: a figure that nobody at the county has confirmed never stands without that mark."""

from __future__ import annotations

from decimal import Decimal

from cases.support_words import support_words
from plan.support import AidKind


def money(amount: Decimal) -> str:
    """625, 312.5: as people write it."""
    return f"{amount.normalize():f}"


def figure_mark(kind: AidKind | None) -> str:
    """Where a kind's figures come from, and whether the county has confirmed them; empty for help in kind."""
    if kind is None or not kind.amounts:
        return ""
    said = support_words().data["figures"]
    if kind.confirmed is not None:
        return str(said["confirmed"]).format(by=kind.confirmed.by, on=kind.confirmed.on)
    return str(said["unconfirmed"]).format(source=kind.source, as_of=kind.as_of or "")


def short_mark(kind: AidKind | None) -> str:
    """The same for a message: only that it is unconfirmed."""
    return str(support_words().data["figures"]["short"]) if kind is not None and kind.is_unconfirmed else ""
