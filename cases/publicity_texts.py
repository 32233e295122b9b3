"""The library of publicity (templates/campaigns.yaml): which text is for whom, and by which words people refuse one kind of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from plan.yaml_text import read_yaml

TABLES = (
    "states", "excluded", "outcomes", "reasons", "unknown_reason", "channels", "kinds", "groups", "refusals", "told", "list_faults",
    "outcome_sheet", "activities_sheet",
)  # fmt: skip


@dataclass(frozen=True)
class Audience:
    """Who reads. `source`: families, staff (in one of `roles`) or listed (for this `purpose`)."""

    key: str
    zh: str
    en: str
    source: str
    roles: tuple[str, ...] = ()
    purpose: str | None = None


@dataclass(frozen=True)
class CampaignText:
    """One text. `only`: whom it suits, where its author names no groups. `topic`: what can be refused by itself."""

    key: str
    zh: str
    en: str
    template: str
    audience: Audience
    topic: str | None = None
    only: Mapping[str, Any] = field(default_factory=dict)
    own_words: bool = False


@dataclass(frozen=True)
class Library:
    """Everything in the file. `labels`: words of lists and previews by table and key."""

    topics_of_templates: Mapping[str, str | None]
    texts: Mapping[str, CampaignText]
    audiences: Mapping[str, Audience]
    topics: Mapping[str, Mapping[str, Any]]
    purposes: Mapping[str, list[str]]
    never_to_groups: re.Pattern[str]
    own_words_most: int
    labels: Mapping[str, Mapping[str, Any]]

    def topic_of(self, template: str) -> str | None:
        """The topic of a message of the library; None for any other message, and for the author's own words."""
        return self.topics_of_templates.get(template)

    def topic_named(self, said: str) -> str | None:
        """The topic that somebody calls by one of its words."""
        return next((key for key, topic in self.topics.items() if said == topic["zh"] or said in topic["words"]), None)

    def reason(self, code: str, language: str = "zh") -> str:
        """Why a message stands as it does, in words; a provider's own code is named as one."""
        said = self.labels["reasons"].get(code)
        return str(said[language] if said else self.labels["unknown_reason"][language].format(code=code))

    def channel(self, name: str | None, language: str = "zh") -> str:
        """What a channel is called; empty where nothing has left."""
        return str(self.labels["channels"].get(name, {}).get(language, name)) if name else ""

    def purpose_named(self, said: str) -> str | None:
        """The purpose for which an import may list somebody."""
        return next((key for key, words in self.purposes.items() if said == key or said in words), None)


@cache
def library() -> Library:
    """The library as it stands in the file."""
    data = read_yaml(files("templates").joinpath("campaigns.yaml").read_text(encoding="utf-8"))
    audiences = {key: _audience(key, entry) for key, entry in data["audiences"].items()}
    texts = {key: _text(key, entry, audiences) for key, entry in data["texts"].items()}
    return Library(
        topics_of_templates={text.template: text.topic for text in texts.values()},
        texts=texts,
        audiences=audiences,
        topics=data["topics"],
        purposes=data["purposes"],
        never_to_groups=re.compile(data["never_to_groups"]),
        own_words_most=data["own_words_most"],
        labels={name: data[name] for name in TABLES},
    )


def _audience(key: str, entry: Mapping[str, Any]) -> Audience:
    return Audience(key, entry["zh"], entry["en"], entry["from"], tuple(entry.get("roles", ())), entry.get("purpose"))


def _text(key: str, entry: Mapping[str, Any], audiences: Mapping[str, Audience]) -> CampaignText:
    return CampaignText(
        key, entry["zh"], entry["en"], entry["template"], audiences[entry["audience"]], entry.get("topic"),
        entry.get("only", {}), entry.get("own_words", False),
    )  # fmt: skip
