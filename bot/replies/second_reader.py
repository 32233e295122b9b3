"""A second reader, who knows no rule: how likely each meaning is, by the pieces of the text.

It doubts what the rules understood (`doubting.py`); where they understood nothing, what it is clear about is put to the family as right or
wrong (`likeliest.py`). Nothing is acted on before the family says yes.
One weight per piece (one or two characters) and meaning, learnt from the labelled replies by `python -m bench.teach` and kept in
second_reader.json, where each of them can be looked at. Nothing is learnt while the bot runs.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add
from pathlib import Path

FILE = Path(__file__).with_name("second_reader.json")
SCALE, HUNDREDTHS = 4.0, 100
"""All pieces of a text together weigh as much as this; the file keeps weights as whole hundredths."""
SAME = {"confirm_yes": "returned"}
"""Meanings that differ by the question only."""
_DAYS = re.compile("[0-9]+")
_CHILD, _NUMBER, _BEGIN, _END = "某", "0", "^", "$"
_NONE = 1 << 32
"""No weight, in the eight bytes of a meaning; a negative one is less. No text has so many pieces that they would be filled."""


@dataclass(frozen=True)
class Taught:
    """`pieces`: the weights of a piece for all meanings, in one number (`_packed`). `data`: the digest of what it was learnt from."""

    data: str
    meanings: tuple[str, ...]
    bias: tuple[float, ...]
    questions: Mapping[str, tuple[float, ...]]
    pieces: Mapping[str, int]


def chances(plain: str, question: str | None, names: Sequence[str]) -> Mapping[str, float]:
    """How likely it is that the text says each of these, between 0 and 1, each for itself. `plain`: the text in one costume."""
    return _chances(plain, question, tuple(names))


@lru_cache(maxsize=64)  # asked for a doubt, and again for what is put to the family
def _chances(plain: str, question: str | None, names: tuple[str, ...]) -> Mapping[str, float]:
    taught = second_reader()
    known = [weights for piece in pieces_of(plain, names) if (weights := taught.pieces.get(piece))]
    share = SCALE / math.sqrt(len(known) or 1) / HUNDREDTHS
    scores = _unpacked(sum(known), len(known), len(taught.meanings))
    asked = taught.questions.get(question or "none", taught.bias)
    return {
        meaning: 1 / (1 + math.exp(-(beside + score * share)))
        for meaning, score, beside in zip(taught.meanings, scores, asked, strict=True)
    }


def _packed(weights: Mapping[int, int], meanings: int) -> int:
    """One number with eight bytes for each meaning, so that all meanings are added up at once: a dozen times as quick as one by one."""
    return int.from_bytes(struct.pack(f"<{meanings}Q", *(_NONE + weights.get(place, 0) for place in range(meanings))), "little")


def _unpacked(total: int, pieces: int, meanings: int) -> list[int]:
    """For each meaning the sum of the weights of so many pieces."""
    return [one - _NONE * pieces for one in struct.unpack(f"<{meanings}Q", total.to_bytes(meanings * 8, "little"))]


def pieces_of(plain: str, names: Sequence[str]) -> set[str]:
    """Its characters and pairs of characters; whose name it is and which number is no meaning."""
    text = _DAYS.sub(_NUMBER, plain)
    for name in names:
        text = text.replace(name, _CHILD)
        text = text.replace(name[1:], _CHILD) if len(name) > 2 else text
    text = f"{_BEGIN}{text}{_END}"
    return {*text, *map(add, text, text[1:])}


@lru_cache(maxsize=1)
def second_reader() -> Taught:
    """What it was taught, as it comes with the product."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    meanings = tuple(kept["meanings"])
    return Taught(
        data=kept["data"],
        meanings=meanings,
        bias=tuple(bias / HUNDREDTHS for bias in kept["bias"]),
        questions={
            question: tuple((bias + weight) / HUNDREDTHS for bias, weight in zip(kept["bias"], weights, strict=True))
            for question, weights in kept["questions"].items()
        },
        pieces={piece: _packed(dict(weights), len(meanings)) for piece, weights in kept["pieces"].items()},
    )
