"""What an officer says of a report, of a post, or asks about who answers for a place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from bot.replies.normalise import simplified, tidy
from bot.replies.numerals import number

_LONGEST = 200
_TRIM = " -—,，.。、:：;；!！\n"
_COUNTED = ("of_age", "suspected", "dropout")


@dataclass(frozen=True)
class ReportReading:
    """`act`: confirm, correct (other numbers, perhaps with a reason), sign, send_back (with `reason`), roll (whose names are behind it).

    `again`: a correction of what was submitted already (更正…), of the kind named where one is. `month`: the month that is named.
    """

    act: str
    numbers: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    again: bool = False
    kind: str | None = None
    month: int | None = None


@cache
def _words() -> dict[str, re.Pattern[str]]:
    data: dict[str, str] = yaml.safe_load(Path(__file__).with_name("report_words.yaml").read_text(encoding="utf-8"))
    figure = data.pop("number")
    return {name: re.compile(text.replace("<number>", figure)) for name, text in data.items()}


def read_report(text: str) -> ReportReading | None:
    """None where the text says nothing of a report."""
    plain = _plain(text)
    if plain is None:
        return None
    words = _words()
    for act in ("confirm", "sign", "roll"):
        if words[act].match(plain):
            return ReportReading(act)
    back = words["send_back"].match(plain)
    if back is not None:
        return ReportReading("send_back", reason=back["text"].strip(_TRIM))
    return _correction(plain)


def _correction(plain: str) -> ReportReading | None:
    words = _words()
    again, why = words["correct"].match(plain), words["reason"].search(plain)
    said = plain[: why.start()] if why else plain
    numbers = _numbers(said)
    if not numbers:
        return None
    left = _left(said) if not why else why["text"].strip(_TRIM)
    month = words["month"].search(said)
    return ReportReading(
        "correct", numbers, left, again is not None, again["kind"] if again else None, int(month["month"]) if month else None
    )


def _numbers(said: str) -> dict[str, int]:
    found = {name: match for name in _COUNTED if (match := _words()[name].search(said)) is not None}
    return {name: value for name, match in found.items() if (value := number(match["n"])) is not None}


def _left(said: str) -> str:
    """Words behind the last number are a reason, also without 因为."""
    ends = [match.end() for name in _COUNTED if (match := _words()[name].search(said)) is not None]
    return said[max(ends) :].strip(_TRIM)


def _plain(text: str) -> str | None:
    plain = tidy(text)
    if len(plain) > _LONGEST:
        return None
    simple = simplified(plain)
    return simple if len(simple) == len(plain) else plain


def read_still(text: str) -> tuple[bool, str] | None:
    """(still the same person, who else it is) of an answer to "is this still you?"; None where it says neither."""
    plain = _plain(text)
    if plain is None:
        return None
    other = _words()["not_me"].match(plain)
    if other is not None:
        return False, other["text"].strip(_TRIM)
    return (True, "") if _words()["still"].match(plain) else None


def asked_place(text: str) -> str | None:
    """The place whose responsible people are asked for; empty for one's own; None where nothing of the kind is asked."""
    plain = _plain(text)
    match = _words()["responsible"].match(plain) if plain is not None else None
    return match["place"].strip(_TRIM) if match is not None else None
