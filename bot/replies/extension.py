"""Words that an installation adds to the lexicon: a YAML file of plain words, checked before any of them is used.

Described in docs/replies.md. A file may only add; nothing that the product understands is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.replies.lexicon import as_written, extend

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


def _checked(path: Path) -> dict[str, Any]:
    try:
        own = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise LexiconFault(path.name, (("-", "文件打不开", f"cannot be read ({error.strerror})"),)) from error
    except UnicodeDecodeError as error:
        raise LexiconFault(path.name, (("-", "文件不是 UTF-8 编码", "not encoded in UTF-8"),)) from error
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise LexiconFault(path.name, ((f"line {line}", "不是 YAML 格式", "is no YAML"),)) from error
    problems = tuple(_problems(own))
    if problems:
        raise LexiconFault(path.name, problems)
    return dict(own)


def _problems(own: Any) -> Iterator[Problem]:
    if not isinstance(own, dict):
        yield "-", "应为“键: 值”的形式", "must be keys with values"
        return
    known = as_written()
    for key, value in own.items():
        if key not in _CHECKS:
            yield str(key), f"没有这一项，可用：{'、'.join(_CHECKS)}", f"is unknown; there are {', '.join(_CHECKS)}"
        else:
            yield from _CHECKS[key](key, value, known)


def _intents(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield key, "应为“意思: [词, 词]”的形式", "must give a list of words for each intent"
        return
    for intent, words in value.items():
        if intent not in known["intents"]:
            yield (
                f"{key}.{intent}",
                f"没有这种意思，可用：{'、'.join(known['intents'])}",
                f"is no intent; there are {', '.join(known['intents'])}",
            )
        else:
            yield from _words(f"{key}.{intent}", words, known)


def _words(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:  # noqa: ARG001
    if not isinstance(value, list):
        yield key, "应为词的列表", "must be a list of words"
        return
    for place, word in enumerate(value, start=1):
        if not isinstance(word, str) or not _SHORTEST <= len(word.strip()) <= _LONGEST:
            yield f"{key}[{place}]", f"每个词要有{_SHORTEST}到{_LONGEST}个字", f"a word has {_SHORTEST} to {_LONGEST} characters"


def _typos(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield key, "应为“错字: 正字”的形式", "must give the right word for each wrong one"
        return
    for wrong, right in value.items():
        yield from _words(f"{key}.{wrong}", [wrong, right], known)


def _vocabulary(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _words(key, value, known)
    for place, word in enumerate(value if isinstance(value, list) else [], start=1):
        if isinstance(word, str) and not all(_HAN.match(letter) for letter in word):
            yield f"{key}[{place}]", "只能写汉字，按读音识别", "must be characters: it is recognised by its sound"


def _days(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:  # noqa: ARG001
    if not isinstance(value, dict):
        yield key, "应为“说法: 距今天数”的形式", "must give days from today for each word"
        return
    for word, ahead in value.items():
        if not isinstance(word, str) or len(word) < _SHORTEST:
            yield f"{key}.{word}", f"说法至少{_SHORTEST}个字", f"a word has at least {_SHORTEST} characters"
        if type(ahead) is not int or abs(ahead) > _FARTHEST:
            yield f"{key}.{word}", f"应为 -{_FARTHEST} 到 {_FARTHEST} 的整数", f"must be a whole number from -{_FARTHEST} to {_FARTHEST}"


def _feasts(key: str, value: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    names = [name for name, day in known["dates"]["feasts"].items() if day != "either"]
    if not isinstance(value, dict):
        yield key, "应为“节日: [日期]”的形式", "must give a list of days for each feast"
        return
    for name, days in value.items():
        if name not in names:
            yield f"{key}.{name}", f"没有这个节日，可用：{'、'.join(names)}", f"is no feast; there are {', '.join(names)}"
        if not isinstance(days, list) or not all(type(day) is date for day in days):
            yield f"{key}.{name}", "应为日期的列表，如 [2027-03-10]", "must be a list of days, such as [2027-03-10]"


_CHECKS: dict[str, _Check] = {
    "words": _intents,
    "safety": _words,
    "typos": _typos,
    "vocabulary": _vocabulary,
    "days": _days,
    "feasts": _feasts,
}


def _add(data: dict[str, Any], own: Mapping[str, Any]) -> None:
    for intent, words in own.get("words", {}).items():
        data["intents"][intent].extend(_plain(word) for word in words)
    data["safety"].extend(_plain(word) for word in own.get("safety", []))
    data["typos"].update(own.get("typos", {}))
    data["vocabulary"].extend(own.get("vocabulary", []))
    data["dates"]["relative"].update(own.get("days", {}))
    if own.get("days"):
        data["macros"]["ownday"] = "|".join(_plain(word) for word in own["days"])
    data["dates"]["announced"].update(own.get("feasts", {}))


def _plain(word: str) -> str:
    """The word itself, as it stands in a clause: without blanks, and no pattern."""
    return re.escape(re.sub(r"\s+", "", word).lower())
