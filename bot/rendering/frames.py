"""Words in pieces: how a sender that may say registered texts only says what has no text of its own there, or has too long a fact.

A frame (templates/registered.yaml, `frames`) is a registered text with a number of places of 35 characters each. A message that does not
fit its own registered text is cut where it may be cut, and put into the smallest frame that holds it. Never in pieces are law, which is
quoted whole, and publicity, which ends with how to refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from bot.rendering.catalogue import Catalogue, MessageTemplate, unsigned
from bot.rendering.lint import sample
from bot.rendering.registered import (
    LINK,
    LONGEST_VALUE,
    PHONE,
    Candidate,
    Registered,
    Unfit,
    candidates,
    filled,
    is_publicity,
    plain,
    registered_values,
    registrable,
)
from plan.yaml_text import read_yaml

ROOMY = 28  # characters: with so many in a piece, most cuts fall between words
_STOPS, _COMMAS = "。；！？：", "，、,; "
_BLANKS = re.compile(r"\s+")
_ADDRESS = re.compile(LINK.pattern + "[!-~]*", re.IGNORECASE)


@dataclass(frozen=True)
class Saying:
    """A message in registered words: which of them (`template`, a message's id or a frame's), what they are filled with, what it reads."""

    template: str
    values: dict[str, str]
    body: str


@dataclass(frozen=True)
class Frame:
    """`by_phone`: it ends with the school's telephone, which is no part of the pieces. `example`: the message that shows what it is for."""

    id: str
    audiences: frozenset[str]
    places: int
    by_phone: bool
    source: str
    example: str


@cache
def words() -> dict[str, Any]:
    """templates/registered.yaml."""
    found: dict[str, Any] = read_yaml((files("templates") / "registered.yaml").read_text(encoding="utf-8"))
    return found


@cache
def frames() -> tuple[Frame, ...]:
    """All there are; those of one kind by the number of places."""
    said = words()["frames"]
    return tuple(_frame(kind, one, places, said["joint"]) for kind, one in said["kinds"].items() for places in said["places"])


def _frame(kind: str, said: Mapping[str, Any], places: int, joint: str) -> Frame:
    pieces = joint.join(f"{{{{ piece_{number} }}}}" for number in range(1, places + 1))
    text = said["text"].replace("PIECES", pieces)
    source = "【{{ signature }}】" + text
    return Frame(f"frame_{kind}_{places}", frozenset(said["audiences"]), places, "school_phone" in text, source, said["example"])


def carried(approved: Collection[str]) -> frozenset[str]:
    """The readers for whom a frame is approved."""
    return frozenset().union(*(frame.audiences for frame in frames() if frame.id in approved))


def mute(catalogue: Catalogue, approved: Collection[str]) -> list[str]:
    """The messages that can be said neither in words of their own nor in pieces, publicity aside."""
    readers = carried(approved)
    without = (one for one in catalogue.templates.values() if one.id not in approved and not is_publicity(one))
    return [one.id for one in without if not may_be_cut(one) or one.audience not in readers]


def may_be_cut(template: MessageTemplate) -> bool:
    """Law is quoted whole, and publicity ends with how to refuse it."""
    return not template.law and not is_publicity(template)


def all_candidates(catalogue: Catalogue) -> list[Candidate]:
    """What is handed in for approval: the frames, then every message, tried with its samples."""
    return [_candidate(catalogue, frame) for frame in frames()] + candidates(catalogue)


def _candidate(catalogue: Catalogue, frame: Frame) -> Candidate:
    """Filled with a message that a reviewer understands."""
    example = catalogue.templates[frame.example]
    text = _text(catalogue, example, sample(catalogue, example), frame.by_phone)
    given = _given(cut(_beginning(text, frame.places * ROOMY), frame.places) or [], str(catalogue.samples["common"]["school_phone"]))
    template = MessageTemplate(frame.id, example.audience, "duty", example.gloss, (), frozenset(given), frozenset(), {"sms": frame.source})
    registered = registrable(catalogue.environment, frame.source)
    return Candidate(template, registered, registered.values(given))


def _beginning(text: str, most: int) -> str:
    """The sentences that have room in so many characters."""
    ends = [end for end in range(1, min(most, len(text)) + 1) if text[end - 1] in _STOPS]
    return text if len(text) <= most else text[: max(ends, default=most)]


def saying(catalogue: Catalogue, template_id: str, context: Mapping[str, Any], approved: Collection[str]) -> Saying:
    """The message in words that are approved: its own, else in pieces.

    Raises Unfit, with the first reason, when neither can be; RenderingError when the facts are not enough.
    """
    template = catalogue.templates[template_id]
    try:
        if template_id not in approved:
            raise Unfit("not_approved", template_id)
        values = registered_values(catalogue, template_id, context)
        return _said(template_id, registrable(catalogue.environment, template.sources["sms"]), values, context)
    except Unfit as unfit:
        found = _in_pieces(catalogue, template, context, approved) if may_be_cut(template) else None
        if found is None:
            raise unfit
        return found


def _said(name: str, registered: Registered, values: dict[str, str], context: Mapping[str, Any]) -> Saying:
    return Saying(name, values, f"【{context['signature']}】{filled(registered.text, values).strip()}")


def _in_pieces(catalogue: Catalogue, template: MessageTemplate, context: Mapping[str, Any], approved: Collection[str]) -> Saying | None:
    """With the telephone below where there is one and a frame for it; None where no approved frame holds the words."""
    phone = str(context.get("school_phone") or "")
    by_phone = template.audience == "guardian" and "school_phone" in template.variables and PHONE.fullmatch(phone) is not None
    for below in (True, False) if by_phone else (False,):
        text = _text(catalogue, template, context, below)
        for frame in _by_size(template.audience, below, approved, len(text)):
            pieces = cut(text, frame.places)
            if pieces is not None:
                registered = registrable(catalogue.environment, frame.source)
                return _said(frame.id, registered, registered.values(_given(pieces, phone)), context)
    return None


def _text(catalogue: Catalogue, template: MessageTemplate, context: Mapping[str, Any], by_phone: bool) -> str:
    """What is to be cut: in one line, with the school's telephone below where the frame has a place for it."""
    facts = {**context, "school_phone": words()["frames"]["phone_below"]} if by_phone else context
    text = _in_one_line(plain(unsigned(catalogue.render(template.id, "sms", facts))))
    # what somebody else wrote is to be read by staff all the same
    return text if template.audience == "guardian" else _ADDRESS.sub(words()["frames"]["link"], text)


def _given(pieces: Sequence[str], phone: str) -> dict[str, str]:
    return {f"piece_{number}": piece for number, piece in enumerate(pieces, 1)} | {"school_phone": phone}


def _by_size(audience: str, by_phone: bool, approved: Collection[str], length: int) -> list[Frame]:
    """The smallest in which the text has room, then the larger ones; then those in which it is tight, the largest first."""
    fitting = [one for one in frames() if one.id in approved and audience in one.audiences and one.by_phone == by_phone]
    tight = [one for one in fitting if one.places * ROOMY < length]
    return [one for one in fitting if one not in tight] + tight[::-1]


def _in_one_line(text: str) -> str:
    """A line that ends without a stop gets one: the places of a frame follow each other in one line."""
    lines = [line for line in (_BLANKS.sub(" ", line).strip() for line in text.splitlines()) if line]
    return "".join(line if line[-1] in _STOPS else f"{line}；" for line in lines[:-1]) + (lines[-1] if lines else "")


def cut(text: str, places: int) -> list[str] | None:
    """So many pieces that each can be a value, cut where it reads best; None where that cannot be."""
    text = text.strip()
    ways: Ways = {0: (0.0, (0,))}
    for left in range(places - 1, -1, -1):
        ways = _one_more(text, ways, left, len(text) / places)
    if len(text) not in ways:
        return None
    pieces = [text[begin:end].strip() for begin, end in pairwise(ways[len(text)][1])]
    return pieces if all(pieces) else None


Ways = dict[int, tuple[float, tuple[int, ...]]]
"""Where the pieces so far may end: how badly that reads, and all their ends."""


def _one_more(text: str, ways: Ways, left: int, share: float) -> Ways:
    """With one piece more, and `left` of them still to come; `share`: characters of each if all were alike."""
    found: Ways = {}
    for begin, (cost, ends) in ways.items():
        first = max(begin + 1, len(text) - LONGEST_VALUE * left)
        for end in range(first, min(begin + LONGEST_VALUE, len(text) - left) + 1):
            price = cost + (0 if left == 0 else _roughness(text, end)) + ((end - begin) / share - 1) ** 2
            if end not in found or price < found[end][0]:
                found[end] = (price, (*ends, end))
    return found


def _roughness(text: str, end: int) -> int:
    """How badly it reads to cut there: well behind a stop, worst inside a number or a code."""
    before, after = text[end - 1], text[end]
    if before in _STOPS:
        return 0
    if before in _COMMAS or after == " ":
        return 2
    return 60 if before.isascii() and after.isascii() else 20
