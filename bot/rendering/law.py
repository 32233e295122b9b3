"""The quotations that messages may carry, and what they must never say (templates/law.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

_KNOWN_AGAIN = 12  # characters
COMPARED_FOR = timedelta(days=183)
"""How long a comparison holds: each law is looked up again before launch, and every half-year."""


class QuotationError(Exception):
    """A quotation that may not be sent: unknown, or not verified by a person. The text names its key."""


@dataclass(frozen=True)
class Quotation:
    """One sentence of a law. `version`: the day of the law's text; `checked`: when a person compared it."""

    key: str
    title: str
    article: str
    text: str
    version: date
    verified: bool
    checked: date
    full_title: str

    def cited_in_full(self) -> str:
        """As an official document cites: the law's whole name."""
        return f"{self.full_title}{self.article}：“{self.text}”"

    def cited(self) -> str:
        """Law, article and the whole sentence, unaltered."""
        return f"{self.title}{self.article}：“{self.text}”"

    def pieces(self) -> set[str]:
        """Every run of its words, by which it is known again where somebody has typed in a part of it."""
        sentences = re.split(r"[。；：]|……", self.text)
        return {one[start : start + _KNOWN_AGAIN] for one in sentences for start in range(len(one) - _KNOWN_AGAIN + 1)}


@dataclass(frozen=True)
class NeverSay:
    pattern: re.Pattern[str]
    instead: str


@dataclass(frozen=True)
class MessageKind:
    """A row of the table. `needs`: facts that such a message must name; `audience`: who alone may read it."""

    quotes: frozenset[str]
    needs: frozenset[str] = frozenset()
    audience: str | None = None


@dataclass(frozen=True)
class LawBook:
    """`messages`, `documents`: the kind of each that has one."""

    quotations: Mapping[str, Quotation]
    kinds: Mapping[str, MessageKind]
    messages: Mapping[str, str]
    documents: Mapping[str, str]
    never_to_families: tuple[NeverSay, ...]
    never_to_anybody: tuple[NeverSay, ...]
    never_by_sms: tuple[NeverSay, ...]
    placeholder: re.Pattern[str]
    citation: re.Pattern[str]

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> LawBook:
        """Build from the parsed file. KeyError when a field is missing; ValueError when a quotation or the table is wrong."""
        book = cls(
            quotations={key: _quotation(key, entry, data["laws"]) for key, entry in data["quotations"].items()},
            kinds={name: _kind(entry) for name, entry in data["kinds"].items()},
            messages={message: name for name, messages in data["messages"].items() for message in messages},
            documents={document: name for name, documents in data["documents"].items() for document in documents},
            never_to_families=_never(data["never_say"]["families"]),
            never_to_anybody=_never(data["never_say"]["anybody"]),
            never_by_sms=_never(data["never_say"]["any_sms"]),
            placeholder=re.compile(data["placeholder"]),
            citation=re.compile(data["citation"]),
        )
        _check_table(book)
        return book

    def kind_of(self, message: str) -> MessageKind:
        """The row of the table; a message that has none may quote nothing."""
        return self.kinds[self.messages[message]] if message in self.messages else MessageKind(frozenset())

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
            text = text.replace(quotation.cited(), "").replace(quotation.cited_in_full(), "")
        return text

    @cached_property
    def _pieces(self) -> frozenset[str]:
        return frozenset(piece for quotation in self.quotations.values() for piece in quotation.pieces())

    @cached_property
    def _names(self) -> re.Pattern[str]:
        titles = {title.strip("《》") for one in self.quotations.values() for title in (one.title, one.full_title)}
        return re.compile("|".join(re.escape(title) for title in sorted(titles, key=len, reverse=True)))

    def typed_in(self, text: str) -> str | None:
        """The first words of a law that stand here without being quoted."""
        runs = (text[start : start + _KNOWN_AGAIN] for start in range(len(text) - _KNOWN_AGAIN + 1))
        return next((run for run in runs if run in self._pieces), None)

    def named_in(self, text: str) -> str | None:
        """A law that is called by its name."""
        found = self._names.search(text)
        return found.group() if found else None

    def to_be_compared(self, today: date) -> dict[date, list[str]]:
        """The quotations whose last comparison with the official text is more than half a year ago: day → keys."""
        old: dict[date, list[str]] = {}
        for quotation in self.quotations.values():
            if today - quotation.checked > COMPARED_FOR:
                old.setdefault(quotation.checked, []).append(quotation.key)
        return dict(sorted(old.items()))


def _quotation(key: str, entry: Mapping[str, Any], laws: Mapping[str, Any]) -> Quotation:
    if entry["law"] not in laws:
        raise ValueError(f"{key}: no such law: {entry['law']}")
    if not (isinstance(entry["text"], str) and entry["text"].strip() and isinstance(entry["article"], str)):
        raise ValueError(f"{key}: field text or article is missing or wrong")
    if not isinstance(entry["verified"], bool):
        raise ValueError(f"{key}: field verified is neither true nor false")
    if not isinstance(entry["checked"], date) or not isinstance(laws[entry["law"]]["version"], date):
        raise ValueError(f"{key}: field checked, or the version of its law, is no day")
    law = laws[entry["law"]]
    return Quotation(key, law["short"], entry["article"], entry["text"], law["version"], entry["verified"], entry["checked"], law["title"])


def _kind(entry: Mapping[str, Any]) -> MessageKind:
    return MessageKind(frozenset(entry["quotes"]), frozenset(entry.get("needs", ())), entry.get("audience"))


def _check_table(book: LawBook) -> None:
    for name, kind in book.kinds.items():
        for key in sorted(kind.quotes - book.quotations.keys()):
            raise ValueError(f"kinds.{name}: no such quotation: {key}")
    for message, name in [*book.messages.items(), *book.documents.items()]:
        if name not in book.kinds:
            raise ValueError(f"messages.{name}: no such kind, for {message}")


def _never(entries: list[Mapping[str, str]]) -> tuple[NeverSay, ...]:
    return tuple(NeverSay(re.compile(entry["pattern"]), entry["instead"]) for entry in entries)
