"""What an officer says of a report, of a post, or asks about who answers for a place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bot.replies.normalise import simplified, tidy
from bot.replies.numerals import number
from plan.yaml_text import read_yaml

_LONGEST = 200
_TRIM = " -—,，.。、:：;；!！\n"
_COUNTED = ("of_age", "suspected", "dropout")


@dataclass(frozen=True)
class ReportReading:
    """`act`: confirm, correct (other numbers, with `reasons` by number where any is said), sign, send_back (with `reason`), recount,
    roll (whose names are behind it).

    `again`: a correction of what was submitted already (更正…), of the kind named where one is. `month`: the month that is named.
    """

    act: str
    numbers: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    again: bool = False
    kind: str | None = None
    month: int | None = None


@cache
def _words() -> dict[str, re.Pattern[str]]:
    data: dict[str, str] = read_yaml(Path(__file__).with_name("report_words.yaml").read_text(encoding="utf-8"))
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
    anew = words["recount"].match(plain)
    if anew is not None:
        return ReportReading("recount", kind=anew["kind"])
    back = words["send_back"].match(plain)
    if back is not None:
        return ReportReading("send_back", reason=back["text"].strip(_TRIM))
    return _correction(plain)


def _correction(plain: str) -> ReportReading | None:
    """Numbers, each followed by its reason; a reason that stands behind several is theirs together."""
    again, figures = _words()["correct"].match(plain), _figures(plain)
    if not figures:
        return None
    reasons: dict[str, str] = {}
    waiting: list[str] = []
    ends = [figure.begin for figure in figures[1:]] + [len(plain)]
    for figure, end in zip(figures, ends, strict=True):
        waiting.append(figure.name)
        if why := _reason(plain[figure.end : end]):
            reasons |= dict.fromkeys(waiting, why)
            waiting = []
    month = _words()["month"].search(plain[: figures[0].begin])
    numbers = {figure.name: figure.value for figure in figures}
    return ReportReading(
        "correct", numbers, reasons, again=again is not None, kind=again["kind"] if again else None,
        month=int(month["month"]) if month else None,
    )  # fmt: skip


@dataclass(frozen=True)
class _Figure:
    """A number that is stated, and where in the text."""

    name: str
    value: int
    begin: int
    end: int


def _figures(plain: str) -> list[_Figure]:
    """In the order of the text. Within a reason a number is only told: one counts again where a mark or a blank stands before it."""
    words = _words()
    found = sorted(
        (_Figure(name, value, match.start(), match.end()) for name in _COUNTED for match in words[name].finditer(plain)
         if (value := number(match["n"])) is not None),
        key=lambda figure: figure.begin,
    )  # fmt: skip
    taken: list[_Figure] = []
    for figure in found:
        between = plain[taken[-1].end : figure.begin] if taken else ""
        is_told = words["reason"].search(between) is not None and between[-1] not in _TRIM
        if figure.name not in {one.name for one in taken} and not is_told:
            taken.append(figure)
    return taken


def _reason(said: str) -> str:
    """Also without 因为."""
    why = _words()["reason"].search(said)
    return (why["text"] if why is not None else said).strip(_TRIM)


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
