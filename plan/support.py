"""Help and protection: aid 助学 (art. 2.1⑤), referrals to departments 部门移送 (2.8), complaints 投诉 (2.3–2.5). Models and pure rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from plan.parts import Duration, Label, Part

Stage = Literal["primary", "junior"]
Per = Literal["term", "year", "day", "once"]
Category = Literal["left_behind", "migrant", "disabled", "orphan", "single_parent", "poor"]
Fact = Literal[
    "child", "sex", "birth_date", "school", "class", "township", "village", "address", "absent_since", "measures", "guardian",
    "guardian_relation", "guardian_phone",
]  # fmt: skip
PARENTS: frozenset[str] = frozenset({"guardian", "guardian_relation", "guardian_phone", "address"})
"""Facts about a child's parents: given to a department only where the plan names them."""


class Confirmed(Part):
    """Who at the county has compared a kind's figures with what applies there, and on which day."""

    on: date
    by: str = Field(min_length=1)


class AidKind(Label):
    """One kind of aid. `amounts`: CNY by stage for each `per`; none: given in kind.

    `categories`: any of them entitles; none: every child does. `boarder`: only for those who board, or only for those who do not.
    `documents`: what the family brings; `source`, `as_of`: where the figures were read, and of which day that is. Until the county has
    `confirmed` them, whoever decides or pays is told so.
    """

    stages: list[Stage] = Field(min_length=1)
    amounts: dict[Stage, Decimal] = Field(default_factory=dict)
    per: Per = "term"
    boarder: bool | None = None
    categories: list[Category] = Field(default_factory=list)
    documents: list[str] = Field(default_factory=list)
    source: str = ""
    as_of: date | None = None
    confirmed: Confirmed | None = None

    @property
    def is_unconfirmed(self) -> bool:
        """It has figures that nobody at the county has confirmed."""
        return bool(self.amounts) and self.confirmed is None

    @property
    def is_for_all(self) -> bool:
        """Every child of the stage has it without asking, so that it says nothing about a family."""
        return not self.categories and self.boarder is None


class Payment(Part):
    """Who pays out what was granted (none named: who hears of holes), and how long that may take."""

    role: str | None = None
    due: Duration = Field(default_factory=lambda: Duration(days=30))


class Aid(Part):
    """Kinds of aid, and the payment that follows a grant."""

    kinds: dict[str, AidKind] = Field(default_factory=dict)
    payment: Payment = Field(default_factory=Payment)

    def named(self, text: str) -> str | None:
        """The kind whose Chinese name stands in the text."""
        return next((key for key, kind in self.kinds.items() if kind.zh in text), None)

    def label(self, kind: str | None) -> str:
        """What a kind is called in Chinese; one that the plan no longer has goes by its key."""
        return self.kinds[kind].zh if kind in self.kinds else kind or ""


@dataclass(frozen=True)
class Pupil:
    """What entitlements depend on. `boarder`: None where the register does not say."""

    stage: str
    boarder: bool | None
    categories: frozenset[str]


@dataclass(frozen=True)
class Entitlement:
    """A kind of aid that the child has a claim to. `amount`: CNY for each `per`; None: in kind.

    `unsure`: it depends on whether the child boards, and the register does not say.
    """

    kind: str
    amount: Decimal | None
    per: Per
    is_for_all: bool
    unsure: bool = False


def entitlements(aid: Aid, pupil: Pupil) -> list[Entitlement]:
    """What the child has a claim to, in the plan's order."""
    return [
        Entitlement(key, kind.amounts.get(pupil.stage), kind.per, kind.is_for_all, _unsure(kind, pupil))  # type: ignore[call-overload]
        for key, kind in aid.kinds.items()
        if _fits(kind, pupil)
    ]


def _fits(kind: AidKind, pupil: Pupil) -> bool:
    boards = kind.boarder is None or pupil.boarder is None or kind.boarder == pupil.boarder
    return pupil.stage in kind.stages and boards and (not kind.categories or not pupil.categories.isdisjoint(kind.categories))


def _unsure(kind: AidKind, pupil: Pupil) -> bool:
    return kind.boarder is not None and pupil.boarder is None


def claimable(found: Iterable[Entitlement]) -> list[Entitlement]:
    """Those that have to be asked for and decided, the certain ones first."""
    return sorted((one for one in found if not one.is_for_all), key=lambda one: one.unsure)


def _least() -> list[Fact]:
    return ["child", "school"]


class ReferralKind(Label):
    """What may be proposed to which departments; `words`: how officers name it, where a department takes several kinds.

    `facts`: what the letter tells about child and family; `also`: what one department needs besides, by its key. `law`: keys of
    quotations; `asks`: what the department is asked to do. `by`: the roles that may propose it (none named: any at the county or above).
    """

    departments: list[str] = Field(min_length=1)
    enabled: bool = True
    facts: list[Fact] = Field(default_factory=_least)
    also: dict[str, list[Fact]] = Field(default_factory=dict)
    law: list[str] = Field(default_factory=list)
    asks: str = "依法核实、办理"
    by: list[str] = Field(default_factory=list)
    words: list[str] = Field(default_factory=list)

    def facts_for(self, department: str) -> list[Fact]:
        """What this department is told, in the order of the letter."""
        return list(dict.fromkeys([*self.facts, *self.also.get(department, [])]))


class ComplaintKind(Label):
    """What a complaint may be about; `words`: how families name it."""

    words: list[str] = Field(default_factory=list)


class Complaints(Part):
    """Who at the county takes up a complaint (none named: who hears of holes), by when it is acknowledged and answered.

    The first kind with a word in the text counts. `after_days`: so long after its end what its sender writes, and nobody can read, goes
    to no school either.
    """

    role: str | None = None
    after_days: int = Field(default=14, ge=0, le=366)
    acknowledge: Duration = Field(default_factory=lambda: Duration(school_days=2))
    answer: Duration = Field(default_factory=lambda: Duration(days=15))
    kinds: dict[str, ComplaintKind] = Field(default_factory=lambda: {"other": ComplaintKind(zh="其他", en="other")}, min_length=1)

    def kind_of(self, text: str) -> str:
        """What the text complains of; the last kind of the plan where no word is found."""
        found = (key for key, kind in self.kinds.items() if any(word in text for word in kind.words))
        return next(found, self.unnamed)

    @property
    def unnamed(self) -> str:
        """The kind of what names none."""
        return list(self.kinds)[-1]

    def label(self, kind: str) -> str:
        """What a kind is called in Chinese; one that the plan no longer has goes by its key."""
        return self.kinds[kind].zh if kind in self.kinds else kind
