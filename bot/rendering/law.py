"""The quotations that messages may carry, and what they must never say (templates/law.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


class QuotationError(Exception):
    """A quotation that may not be sent: unknown, or not verified by a person. The text names its key."""


@dataclass(frozen=True)
class Quotation:
    key: str
    title: str
    article: str
    text: str
    verified: bool
    checked: date

    def cited(self) -> str:
        """Law, article and the whole sentence, unaltered."""
        return f"{self.title}{self.article}：“{self.text}”"


@dataclass(frozen=True)
class NeverSay:
    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True)
class LawBook:
    quotations: Mapping[str, Quotation]
    allowed: Mapping[str, frozenset[str]]
    never_to_guardians: tuple[NeverSay, ...]
    never_by_sms: tuple[NeverSay, ...]
    placeholder: re.Pattern[str]
    citation: re.Pattern[str]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> LawBook:
        """Build from the parsed file; KeyError when a field is missing."""
        return cls(
            quotations={key: _quotation(key, entry, data["laws"]) for key, entry in data["quotations"].items()},
            allowed={template: frozenset(keys) for template, keys in data["allowed"].items()},
            never_to_guardians=_never(data["never_say"]["guardian"]),
            never_by_sms=_never(data["never_say"]["any_sms"]),
            placeholder=re.compile(data["placeholder"]),
            citation=re.compile(data["citation"]),
        )

    def quote(self, key: str) -> str:
        """The citation for a template; QuotationError when nobody has verified it."""
        found = self.quotations.get(key)
        if found is None:
            raise QuotationError(f"{key}: no such quotation")
        if not found.verified:
            raise QuotationError(f"{key}: not verified")
        return found.cited()

    def without_quotations(self, text: str) -> str:
        """The text with every quoted article taken out, so that our own words alone are judged."""
        for quotation in self.quotations.values():
            text = text.replace(quotation.cited(), "")
        return text


def _quotation(key: str, entry: Mapping[str, Any], laws: Mapping[str, Any]) -> Quotation:
    return Quotation(
        key=key,
        title=laws[entry["law"]]["short"],
        article=entry["article"],
        text=entry["text"],
        verified=bool(entry["verified"]),
        checked=entry["checked"],
    )


def _never(entries: list[Mapping[str, str]]) -> tuple[NeverSay, ...]:
    return tuple(NeverSay(re.compile(entry["pattern"]), entry["instead"]) for entry in entries)
