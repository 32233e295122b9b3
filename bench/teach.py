"""Teaches the second reader (bot/replies/second_reader.py) from the labelled replies, and writes what it learnt.

    python -m bench.teach

Run it again when the files it learns from change: a test compares the digest that it writes. Measuring halves are never learnt from.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench._labelled import BUILDING, DATA, STRANGERS_BUILDING, Labelled, load
from bot.replies.normalise import sounded_out
from bot.replies.second_reader import FILE, HUNDREDTHS, SAME, SCALE, pieces_of

LEARNT_FROM = (BUILDING, STRANGERS_BUILDING)
QUESTIONS = ("absence", "notice", "confirm_return", "none", "publicity", "choose")
RARE, FEW, LEAST, STRICTNESS = 3, 8, 0.2, 4.0
"""Pieces that stand in fewer replies, meanings of fewer replies, and smaller weights are left out; the inverse of the penalty."""


def main() -> None:
    rows = [row for name in LEARNT_FROM for row in load(name)]
    FILE.write_text(_written(learnt(rows)), encoding="utf-8")
    print(f"{len(rows)} replies, {FILE.stat().st_size / 1024:.0f} KiB")


def digest() -> str:
    """Of the files that it learns from."""
    return hashlib.sha256(b"".join((DATA / name).read_bytes() for name in LEARNT_FROM)).hexdigest()


def learnt(rows: Sequence[Labelled]) -> dict[str, Any]:
    """One logistic regression for each meaning; where several labels of a reply are right, it teaches nothing of those not given first."""
    from sklearn.linear_model import LogisticRegression

    texts = [pieces_of(sounded_out(row.reply, names), names) for row in rows for names in [[child.name for child in row.children]]]
    counted = Counter(piece for text in texts for piece in text)
    pieces = sorted(piece for piece, count in counted.items() if count >= RARE)
    seen = _seen(texts, pieces, rows)
    first, any_of = [_meanings(row, 1) for row in rows], [_meanings(row, len(row.right)) for row in rows]
    meanings = sorted(one for one, count in Counter(one for said in first for one in said).items() if count >= FEW)
    weights, bias = [], []
    for one in meanings:
        says = np.array([one in said for said in first])
        clear = says | np.array([one not in said for said in any_of])
        model = LogisticRegression(C=STRICTNESS, solver="liblinear", max_iter=500, random_state=0).fit(seen[clear], says[clear])
        weights.append(model.coef_[0])
        bias.append(float(model.intercept_[0]))
    return _kept(meanings, pieces, np.array(weights), bias)


def _meanings(row: Labelled, labels: int) -> set[str]:
    return {SAME.get(meant.intent, meant.intent) for one in row.right[:labels] for meant in one}


def _seen(texts: Sequence[set[str]], pieces: Sequence[str], rows: Sequence[Labelled]) -> Any:
    """A row for each reply: its known pieces, together of one length, and the question."""
    from scipy.sparse import csr_matrix

    place = {piece: number for number, piece in enumerate(pieces)}
    where, which, what = [], [], []
    for number, (text, row) in enumerate(zip(texts, rows, strict=True)):
        known = sorted(place[piece] for piece in text if piece in place)
        asked = len(pieces) + QUESTIONS.index(row.question)
        where += [number] * (len(known) + 1)
        which += [*known, asked]
        what += [SCALE / math.sqrt(len(known) or 1)] * len(known) + [1.0]
    return csr_matrix((what, (where, which)), shape=(len(rows), len(pieces) + len(QUESTIONS)))


def _kept(meanings: Sequence[str], pieces: Sequence[str], weights: Any, bias: Sequence[float]) -> dict[str, Any]:
    of_pieces = {
        piece: [[number, _hundredths(weight)] for number, weight in enumerate(weights[:, place]) if abs(weight) >= LEAST]
        for place, piece in enumerate(pieces)
    }
    return {
        "data": digest(),
        "meanings": list(meanings),
        "bias": [_hundredths(one) for one in bias],
        "questions": {one: [_hundredths(weight) for weight in weights[:, len(pieces) + place]] for place, one in enumerate(QUESTIONS)},
        "pieces": {piece: found for piece, found in of_pieces.items() if found},
    }


def _hundredths(weight: float) -> int:
    return round(float(weight) * HUNDREDTHS)


def _written(kept: dict[str, Any]) -> str:
    """A piece a line, so that a change can be looked at."""
    head = [f"{json.dumps(key)}: {json.dumps(kept[key], ensure_ascii=False)}" for key in ("data", "meanings", "bias", "questions")]
    lines = [
        f"{json.dumps(piece, ensure_ascii=False)}: {json.dumps(found, separators=(',', ':'))}" for piece, found in kept["pieces"].items()
    ]
    return "{\n" + ",\n".join([*head, '"pieces": {\n' + ",\n".join(lines) + "\n}"]) + "\n}\n"


if __name__ == "__main__":
    main()
