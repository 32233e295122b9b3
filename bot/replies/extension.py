"""Words that an installation adds to the lexicon: a YAML file of plain words, checked before any of them is used.

Described in docs/replies.md. A file may only add; nothing that the product understands is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from bot.replies.lexicon import as_written, extend
from plan.yaml_text import read_yaml

_SHORTEST, _LONGEST = 2, 20  # characters of a word
_FARTHEST = 60  # days
_HAN = re.compile(r"[\u4e00-\u9fff]")
Problem = tuple[str, str, str]
_Check = Callable[[str, Any, Mapping[str, Any]], Iterator[Problem]]


@dataclass
class LexiconFault(Exception):
    """A file of own words that cannot be used: each problem with its place in the file, in Chinese and in English."""

    file: str
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(f"{self.file}: {key}: {zh} / {en}" for key, zh, en in self.problems)


def use_words(path: Path | None) -> None:
    """Reads with the words of this file from now on; None: with those of the product alone. Raises LexiconFault."""
    if path is None:
        extend(None)
        return
    own = _checked(path)
    extend(lambda data: _add(data, own))


@cache
def _faults() -> dict[str, dict[str, str]]:
    text = files("templates").joinpath("own_words.yaml").read_text(encoding="utf-8")
    faults: dict[str, dict[str, str]] = read_yaml(text)["faults"]
    return faults


def _fault(place: str, name: str, *, known: Iterable[str] = (), **more: Any) -> Problem:
    """The sentences of templates/own_words.yaml."""
    said = _faults()[name]
    return place, said["zh"].format(known="、".join(known), **more), said["en"].format(known=", ".join(known), **more)


def _checked(path: Path) -> dict[str, Any]:
    try:
        own = yaml.safe_load(path.read_text(encoding="utf-8")) or {}  # names the line of a fault more exactly than the C parser
    except OSError as error:
        raise LexiconFault(path.name, (_fault("-", "unreadable", error=error.strerror),)) from error
    except UnicodeDecodeError as error:
        raise LexiconFault(path.name, (_fault("-", "encoding"),)) from error
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise LexiconFault(path.name, (_fault(f"line {line}", "not_yaml"),)) from error
    problems = tuple(_problems(own))
    if problems:
        raise LexiconFault(path.name, problems)
    return dict(own)


def _problems(own: Any) -> Iterator[Problem]:
    if not isinstance(own, dict):
        yield _fault("-", "not_keys")
        return
    known = as_written()
    for key, value in own.items():
        if key not in _CHECKS:
            yield _fault(str(key), "unknown_key", known=_CHECKS)
        else:
            yield from _CHECKS[key](key, value, known)


def _intents(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _fault(key, "not_intents")
        return
    for intent, words in value.items():
        if intent not in known["intents"]:
            yield _fault(f"{key}.{intent}", "unknown_intent", known=known["intents"])
        else:
            yield from _words(f"{key}.{intent}", words, known)


def _words(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:  # noqa: ARG001
    if not isinstance(value, list):
        yield _fault(key, "not_words")
        return
    for place, word in enumerate(value, start=1):
        if not isinstance(word, str) or not _SHORTEST <= len(word.strip()) <= _LONGEST:
            yield _fault(f"{key}[{place}]", "word_length", shortest=_SHORTEST, longest=_LONGEST)


def _typos(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _fault(key, "not_typos")
        return
    for wrong, right in value.items():
        yield from _words(f"{key}.{wrong}", [wrong, right], known)


def _vocabulary(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _words(key, value, known)
    for place, word in enumerate(value if isinstance(value, list) else [], start=1):
        if isinstance(word, str) and not all(_HAN.match(letter) for letter in word):
            yield _fault(f"{key}[{place}]", "not_characters")


def _days(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:  # noqa: ARG001
    if not isinstance(value, dict):
        yield _fault(key, "not_days")
        return
    for word, ahead in value.items():
        if not isinstance(word, str) or len(word) < _SHORTEST:
            yield _fault(f"{key}.{word}", "word_short", shortest=_SHORTEST)
        if type(ahead) is not int or abs(ahead) > _FARTHEST:
            yield _fault(f"{key}.{word}", "not_ahead", farthest=_FARTHEST)


def _feasts(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    names = [name for name, day in known["dates"]["feasts"].items() if day != "either"]
    if not isinstance(value, dict):
        yield _fault(key, "not_feasts")
        return
    for name, days in value.items():
        if name not in names:
            yield _fault(f"{key}.{name}", "unknown_feast", known=names)
        if not isinstance(days, list) or not all(type(day) is date for day in days):
            yield _fault(f"{key}.{name}", "not_dates")


_CHECKS: dict[str, _Check] = {
    "words": _intents,
    "safety": _words,
    "everyday": _words,
    "typos": _typos,
    "vocabulary": _vocabulary,
    "days": _days,
    "feasts": _feasts,
}


def _add(data: dict[str, Any], own: Mapping[str, Any]) -> None:
    for intent, words in own.get("words", {}).items():
        data["intents"][intent].extend(_plain(word) for word in words)
        data["own"].extend(_close(word) for word in words)
    data["own"].extend(_close(word) for word in own.get("days", {}))
    data["safety"].extend(_plain(word) for word in own.get("safety", []))
    data["everyday"]["own"] = own.get("everyday", [])
    data["typos"].update(own.get("typos", {}))
    data["vocabulary"].extend(own.get("vocabulary", []))
    data["dates"]["relative"].update(own.get("days", {}))
    if own.get("days"):
        data["macros"]["ownday"] = "|".join(_plain(word) for word in own["days"])
    data["dates"]["announced"].update(own.get("feasts", {}))


def _plain(word: str) -> str:
    """The word itself, and no pattern."""
    return re.escape(_close(word))


def _close(word: str) -> str:
    """As it stands in a clause."""
    return re.sub(r"\s+", "", word).lower()
