"""The words that replies are read by, compiled once from lexicon.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from bot.replies.beginnings import Patterns, Sieve, compiled, either
from plan.yaml_text import read_yaml

_P = ParamSpec("_P")
_T = TypeVar("_T")
_kept: list[Callable[[], None]] = []
_changes: list[Callable[[dict[str, Any]], None]] = []
_MACRO = re.compile(r"<([a-z]+)>")


@dataclass(frozen=True)
class VisitWords:
    people: Mapping[str, re.Pattern[str]]
    nobody: re.Pattern[str]
    met: re.Pattern[str]
    went: re.Pattern[str]
    speaks: re.Pattern[str]
    tells: re.Pattern[str]
    again: re.Pattern[str]
    goes: re.Pattern[str]
    to_school: re.Pattern[str]
    comes_back: re.Pattern[str]
    denied: re.Pattern[str]


@dataclass(frozen=True)
class DateWords:
    relative: Mapping[str, int]
    holidays: Mapping[str, str]
    lunar_months: Mapping[str, int]
    lunar_days: Mapping[str, list[int]]
    fixed_days: Mapping[str, list[int]]
    feasts: Mapping[str, Any]
    either_feast: tuple[str, ...]
    announced: tuple[tuple[str, date], ...]
    rules: Sieve


@dataclass(frozen=True)
class DangerWords:
    """`signs`: classes of words that danger is made of; `weights`: what each counts for, once in a text.

    `told_from`, `doubted_from`: weights of all signs of a text, from which somebody is told at once, and a person reads it.
    """

    safety: re.Pattern[str]
    no_danger: re.Pattern[str]
    worry: re.Pattern[str]
    signs: Patterns
    weights: Mapping[str, int]
    no_sign: re.Pattern[str]
    told_from: int
    doubted_from: int


@dataclass(frozen=True)
class ChildWords:
    """Of whom a text speaks: names, kin, and which intents are about a child, or never about its relatives."""

    about_the_child: frozenset[str]
    not_of_relatives: frozenset[str]
    not_names: frozenset[str]
    kin: Mapping[str, re.Pattern[str]]
    siblings: Mapping[str, re.Pattern[str]]
    female_names: re.Pattern[str]
    compound_surnames: frozenset[str]


@dataclass(frozen=True)
class Spelling:
    """What is put right before reading, and by the sound of which words."""

    typos: Mapping[str, str]
    vocabulary: tuple[str, ...]
    little_words: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """`intents` are searched in a clause; `whole` must be all that a clause says. `own`: words and days of this installation."""

    spelling: Spelling
    danger: DangerWords
    children: ChildWords
    patterns: Mapping[str, re.Pattern[str]]
    go: re.Pattern[str]
    goes_by_itself: re.Pattern[str]
    present: re.Pattern[str]
    intents: Patterns
    whole: Patterns
    everyday: frozenset[str]
    own: frozenset[str]
    told_to_say: frozenset[str]
    strongest: tuple[str, ...]
    together: tuple[tuple[str, str], ...]
    cancelled: Mapping[str, re.Pattern[str]]
    reasons: frozenset[str]
    needs_whole_clause: frozenset[str]
    digits: Mapping[str, Mapping[int, str]]
    digit_days: Mapping[str, Mapping[int, int]]
    agrees: frozenset[frozenset[str]]
    dates: DateWords
    officer: Mapping[str, re.Pattern[str]]
    meant_words: Mapping[str, list[str]]
    visit: VisitWords


def derived(*, maxsize: int) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Keeps what was worked out of the lexicon, until the lexicon is extended."""

    def kept(function: Callable[_P, _T]) -> Callable[_P, _T]:
        cached = lru_cache(maxsize=maxsize)(function)
        _kept.append(cached.cache_clear)
        return cast("Callable[_P, _T]", cached)

    return kept


def extend(changes: Callable[[dict[str, Any]], None] | None) -> None:
    """From now on the lexicon is read with these changes to its data; None goes back to the one that comes along."""
    if changes is None and not _changes:
        return
    _changes[:] = [changes] if changes else []
    for forget in _kept:
        forget()


def as_written() -> dict[str, Any]:
    """The data that comes with the product."""
    here = Path(__file__)
    data: dict[str, Any] = read_yaml(here.with_name("lexicon.yaml").read_text(encoding="utf-8"))
    data["own"] = []
    data["everyday"] = read_yaml(here.with_name("everyday.yaml").read_text(encoding="utf-8"))
    return data


@derived(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon that comes with the product, with the words that an installation adds."""
    data = as_written()
    for change in _changes:
        change(data)
    macros: dict[str, str] = data["macros"]
    polite = data["patterns"]["courtesy"]
    return Lexicon(
        spelling=Spelling(data["typos"], tuple(data["vocabulary"]), tuple(data["little_words"])),
        danger=_danger(data, macros),
        children=_children(data, macros),
        patterns=_all(data["patterns"], macros),
        go=_union(data["go"], macros),
        goes_by_itself=_one(data["goes_by_itself"], macros),
        present=_one(data["present"], macros),
        intents=Patterns({intent: _union(fragments, macros) for intent, fragments in data["intents"].items()}),
        whole=Patterns({intent: compiled(f"(?:{polite}|我们?)*?(?:{text})(?:{polite})*") for intent, text in data["whole"].items()}),
        everyday=frozenset(word for words in data["everyday"].values() for word in words),
        own=frozenset(data["own"]),
        told_to_say=frozenset(data["told_to_say"]),
        strongest=tuple(data["strongest"]),
        together=tuple((first, second) for first, second in data["together"]),
        cancelled=_all(data["cancelled"], macros),
        reasons=frozenset(data["reasons"]),
        needs_whole_clause=frozenset(data["needs_whole_clause"]),
        digits=data["digits"],
        digit_days=data["digit_days"],
        agrees=frozenset(frozenset(pair) for pair in data["agrees"]),
        dates=_dates(data["dates"], macros),
        officer=_all(data["officer"], macros),
        meant_words=data["meant_words"],
        visit=_visit(data["visit"]),
    )


def _expand(text: str, macros: Mapping[str, str]) -> str:
    return _MACRO.sub(lambda match: f"(?:{_expand(macros[match[1]], macros)})" if match[1] in macros else match[0], text)


def _one(text: str, macros: Mapping[str, str]) -> re.Pattern[str]:
    return compiled(_expand(text, macros))


def _all(texts: Mapping[str, str], macros: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: _one(text, macros) for name, text in texts.items()}


def _union(fragments: list[str], macros: Mapping[str, str]) -> re.Pattern[str]:
    return either(_expand(fragment, macros) for fragment in fragments)


def _rules(rules: list[list[str]], macros: Mapping[str, str]) -> Sieve:
    return Sieve((name, _one(text, macros)) for name, text in rules)


def _danger(data: Mapping[str, Any], macros: Mapping[str, str]) -> DangerWords:
    return DangerWords(
        safety=_union(data["safety"], macros),
        no_danger=_union(data["no_danger"], macros),
        worry=_union(data["worry"], macros),
        signs=Patterns({name: _one(text, macros) for name, (_, text) in data["signs"].items()}),
        weights={name: weight for name, (weight, _) in data["signs"].items()},
        no_sign=_union(data["no_sign"], macros),
        told_from=data["sign_levels"]["told"],
        doubted_from=data["sign_levels"]["doubted"],
    )


def _children(data: Mapping[str, Any], macros: Mapping[str, str]) -> ChildWords:
    return ChildWords(
        about_the_child=frozenset(data["about_the_child"]),
        not_of_relatives=frozenset(data["not_of_relatives"]),
        not_names=frozenset(data["not_names"]),
        kin=_all(data["kin"], macros),
        siblings=_all(data["siblings"], macros),
        female_names=_one(data["female_names"], macros),
        compound_surnames=frozenset(data["compound_surnames"]),
    )


def _dates(data: Mapping[str, Any], macros: Mapping[str, str]) -> DateWords:
    return DateWords(
        relative=data["relative"],
        holidays=data["holidays"],
        lunar_months=data["lunar_months"],
        lunar_days=data["lunar_days"],
        fixed_days=data["fixed_days"],
        feasts=data["feasts"],
        either_feast=tuple(data["either_feast"]),
        announced=tuple((name, day) for name, days in data["announced"].items() for day in days),
        rules=_rules(data["rules"], macros),
    )


def _visit(data: Mapping[str, Any]) -> VisitWords:
    words = {**data["words"], "anybody": "|".join(data["people"].values())}
    people, patterns = _all(data["people"], words), _all(data["patterns"], words)
    return VisitWords(people=people, **patterns)
