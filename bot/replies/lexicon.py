"""The words that replies are read by, compiled once from lexicon.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_MACRO = re.compile(r"<([a-z]+)>")


@dataclass(frozen=True)
class SheetWords:
    all_present: re.Pattern[str]
    yesterday: re.Pattern[str]
    counts: re.Pattern[str]
    except_for: re.Pattern[str]
    list_number: re.Pattern[str]
    maybe_here: re.Pattern[str]
    separators: re.Pattern[str]
    breaks: re.Pattern[str]
    tokens: tuple[tuple[str, re.Pattern[str]], ...]


@dataclass(frozen=True)
class VisitWords:
    people: Mapping[str, re.Pattern[str]]
    nobody: re.Pattern[str]
    met: re.Pattern[str]
    went: re.Pattern[str]
    speaks: re.Pattern[str]


@dataclass(frozen=True)
class DateWords:
    relative: Mapping[str, int]
    holidays: Mapping[str, str]
    rules: tuple[tuple[str, re.Pattern[str]], ...]


@dataclass(frozen=True)
class Lexicon:
    """`intents` are searched in a clause; `whole` must be all that a clause says."""

    typos: Mapping[str, str]
    patterns: Mapping[str, re.Pattern[str]]
    go: re.Pattern[str]
    present: re.Pattern[str]
    intents: Mapping[str, re.Pattern[str]]
    whole: Mapping[str, re.Pattern[str]]
    safety: re.Pattern[str]
    strongest: tuple[str, ...]
    together: tuple[tuple[str, str], ...]
    about_the_child: frozenset[str]
    reasons: frozenset[str]
    needs_whole_clause: frozenset[str]
    digits: Mapping[str, Mapping[int, str]]
    digit_days: Mapping[str, Mapping[int, int]]
    agrees: frozenset[frozenset[str]]
    dates: DateWords
    compound_surnames: frozenset[str]
    sheet: SheetWords
    officer: Mapping[str, re.Pattern[str]]
    visit: VisitWords


@cache
def lexicon() -> Lexicon:
    """The lexicon that comes with the product."""
    data = yaml.safe_load(Path(__file__).with_name("lexicon.yaml").read_text(encoding="utf-8"))
    macros: dict[str, str] = data["macros"]
    polite = data["patterns"]["courtesy"]
    return Lexicon(
        typos=data["typos"],
        patterns=_all(data["patterns"], macros),
        go=_union(data["go"], macros),
        present=_one(data["present"], macros),
        intents={intent: _union(fragments, macros) for intent, fragments in data["intents"].items()},
        whole={intent: re.compile(f"(?:{polite}|我们?)*?(?:{text})(?:{polite})*") for intent, text in data["whole"].items()},
        safety=_union(data["safety"], macros),
        strongest=tuple(data["strongest"]),
        together=tuple((first, second) for first, second in data["together"]),
        about_the_child=frozenset(data["about_the_child"]),
        reasons=frozenset(data["reasons"]),
        needs_whole_clause=frozenset(data["needs_whole_clause"]),
        digits=data["digits"],
        digit_days=data["digit_days"],
        agrees=frozenset(frozenset(pair) for pair in data["agrees"]),
        dates=_dates(data["dates"], macros),
        compound_surnames=frozenset(data["compound_surnames"]),
        sheet=_sheet(data["sheet"], macros),
        officer=_all(data["officer"], macros),
        visit=_visit(data["visit"]),
    )


def _expand(text: str, macros: Mapping[str, str]) -> str:
    return _MACRO.sub(lambda match: f"(?:{_expand(macros[match[1]], macros)})" if match[1] in macros else match[0], text)


def _one(text: str, macros: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile(_expand(text, macros))


def _all(texts: Mapping[str, str], macros: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: _one(text, macros) for name, text in texts.items()}


def _union(fragments: list[str], macros: Mapping[str, str]) -> re.Pattern[str]:
    return _one("|".join(f"(?:{fragment})" for fragment in fragments), macros)


def _rules(rules: list[list[str]], macros: Mapping[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, _one(text, macros)) for name, text in rules)


def _dates(data: Mapping[str, Any], macros: Mapping[str, str]) -> DateWords:
    return DateWords(relative=data["relative"], holidays=data["holidays"], rules=_rules(data["rules"], macros))


def _sheet(data: Mapping[str, Any], macros: Mapping[str, str]) -> SheetWords:
    words = {**macros, "head": data["head"], "day": data["day"]}
    return SheetWords(
        all_present=_one(data["all_present"], words),
        yesterday=_one(data["yesterday"], words),
        counts=_one(data["counts"], words),
        except_for=_one(data["except_for"], words),
        list_number=_one(data["list_number"], words),
        maybe_here=_one(data["maybe_here"], words),
        separators=_one(data["separators"], words),
        breaks=_one(data["breaks"], words),
        tokens=_rules(data["tokens"], words),
    )


def _visit(data: Mapping[str, Any]) -> VisitWords:
    words = {**data["words"], "anybody": "|".join(data["people"].values())}
    people, patterns = _all(data["people"], words), _all(data["patterns"], words)
    return VisitWords(people=people, **patterns)
