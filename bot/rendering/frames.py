"""Words in pieces: how a sender that may say registered texts only says what has no text of its own there, or has too long a fact.

A frame (templates/registered.yaml, `frames`) is a registered text with a number of places of 35 characters each. A message that does not
fit its own registered text is cut where it may be cut, and put into the smallest frame that holds it. Never in pieces are law, which is
quoted whole, and publicity, which ends with how to refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from bot.rendering.catalogue import Catalogue, MessageTemplate, unsigned
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
    """`by_phone`: it ends with the school's telephone, which is no part of the pieces."""

    id: str
    audiences: frozenset[str]
    places: int
    by_phone: bool
    source: str


@cache
def words() -> dict[str, Any]:
    """templates/registered.yaml."""
    found: dict[str, Any] = yaml.safe_load((files("templates") / "registered.yaml").read_text(encoding="utf-8"))
    return found


@cache
def frames() -> tuple[Frame, ...]:
    """All there are; those of one kind by the number of places."""
    said = words()["frames"]
    return tuple(_frame(kind, one, places, said["joint"]) for kind, one in said["kinds"].items() for places in said["places"])


def _frame(kind: str, said: Mapping[str, Any], places: int, joint: str) -> Frame:
    pieces = joint.join(f"{{{{ piece_{number} }}}}" for number in range(1, places + 1))
    text = said["text"].replace("PIECES", pieces)
    return Frame(f"frame_{kind}_{places}", frozenset(said["audiences"]), places, "school_phone" in text, "【{{ signature }}】" + text)


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


def frame_templates() -> Iterator[MessageTemplate]:
    """The frames as messages, to be handed in for approval like all others."""
    for frame in frames():
        names = {f"piece_{number}" for number in range(1, frame.places + 1)} | ({"school_phone"} if frame.by_phone else set())
        sources = {"sms": frame.source}
        yield MessageTemplate(frame.id, min(frame.audiences), "duty", "", (), frozenset(names), frozenset(), sources)


def all_candidates(catalogue: Catalogue) -> list[Candidate]:
    """What is handed in for approval: the frames, then every message, tried with its samples."""
    return [_framed(catalogue, frame) for frame in frame_templates()] + candidates(catalogue)


def _framed(catalogue: Catalogue, frame: MessageTemplate) -> Candidate:
    registered = registrable(catalogue.environment, frame.sources["sms"])
    examples = words()["frames"]["examples"]
    facts = {name: examples[place % len(examples)] for place, name in enumerate(sorted(frame.variables))}
    return Candidate(frame, registered, registered.values({**facts, "school_phone": catalogue.samples["common"]["school_phone"]}))


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
    """None where no approved frame holds it."""
    phone = str(context.get("school_phone") or "")
    by_phone = template.audience == "guardian" and "school_phone" in template.variables and PHONE.fullmatch(phone) is not None
    facts = {**context, "school_phone": words()["frames"]["phone_below"]} if by_phone else context
    text = _in_one_line(plain(unsigned(catalogue.render(template.id, "sms", facts))))
    if template.audience != "guardian":  # what somebody else wrote is to be read all the same
        text = _ADDRESS.sub(words()["frames"]["link"], text)
    for frame in _by_size(template.audience, by_phone, approved, len(text)):
        pieces = cut(text, frame.places)
        if pieces is not None:
            registered = registrable(catalogue.environment, frame.source)
            given = {f"piece_{number}": piece for number, piece in enumerate(pieces, 1)}
            return _said(frame.id, registered, registered.values({**given, "school_phone": phone}), context)
    return None


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
    """So many pieces that each can be a value, cut behind stops, else between words; None where that cannot be."""
    pieces: list[str] = []
    left = text.strip()
    for places_left in range(places, 1, -1):
        end = _end(left, places_left)
        if end is None:
            return None
        pieces.append(left[:end].strip())
        left = left[end:].strip()
    pieces.append(left)
    return pieces if all(1 <= len(piece) <= LONGEST_VALUE for piece in pieces) else None


def _end(left: str, places: int) -> int | None:
    """Where the first of so many pieces ends: near an even share, at the best edge there is."""
    shortest, longest = max(1, len(left) - LONGEST_VALUE * (places - 1)), min(LONGEST_VALUE, len(left) - (places - 1))
    if shortest > longest:
        return None
    share = len(left) / places
    return min(range(shortest, longest + 1), key=lambda end: (_roughness(left, end), abs(end - share)))


def _roughness(text: str, end: int) -> int:
    """How badly it reads to cut there: 0 behind a stop, 3 inside a word or a number."""
    if text[end - 1] in _STOPS:
        return 0
    if text[end - 1] in _COMMAS:
        return 1
    return 3 if text[end - 1].isascii() and text[end].isascii() and text[end - 1 : end + 1].strip() == text[end - 1 : end + 1] else 2
