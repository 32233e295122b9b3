"""How well replies of guardians are read.

    python -m bench.replies [wrong]

Prints for the labelled replies (bench/data: a building and a measuring half of our own, the same of strangers, and their danger) how
often an act was right, how much was acted on or asked back, how many days were right, how much danger was told at once and how much
somebody reads the same day, how much that is harmless costs somebody a look all the same, and replies a second on one core; in the
same run the same for plain keyword matching and for a small classifier that was trained on our building half. The ratios are ours
divided by theirs, on the measuring halves. With `wrong` it lists what was read wrongly. Fails where a target of the design is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from bench import _classifier, _keywords
from bench._labelled import (
    BUILDING,
    MEASURING,
    STRANGERS_BUILDING,
    STRANGERS_DANGER,
    STRANGERS_MEASURING,
    UNREAD,
    Answer,
    Labelled,
    Marks,
    Meant,
    Read,
    load,
    mark,
    times,
)
from bot.dialogs.checking_back import one_line
from bot.replies import Reading, action, parted, read_guardian, unread_words
from bot.replies.action import SURE
from bot.replies.doubting import UNSURE
from bot.replies.school_year import NO_SCHOOL_YEAR

PRECISION, COVERAGE, REACHED, SPEED = 0.98, 0.85, 1.0, 2000
WARM, PASSES = 1000, 3
ORDER = ("person", "ask", "act")
FILES = {
    "building": BUILDING,
    "measuring": MEASURING,
    "strangers, building": STRANGERS_BUILDING,
    "strangers, measuring": STRANGERS_MEASURING,
    "strangers, danger": STRANGERS_DANGER,
}
MEASURED = ("measuring", "strangers, measuring")
DANGEROUS = "strangers, danger"
READ_BY_SOMEBODY = "danger that somebody reads"


class Found(NamedTuple):
    """`speed`: replies a second."""

    marks: Marks
    speed: float


def reading(row: Labelled) -> tuple[list[Reading], list[str]]:
    """What `fanxiao read` gives: the readings, and what is done with each."""
    question = None if row.question == "none" else row.question
    found = read_guardian(row.reply, question=question, children=row.children, today=row.today)
    return found, [action(one, question=question, children=len(row.children)) for one in found]


def ours(row: Labelled) -> Answer:
    """As the dialog does it (`bot.dialogs.guardian`): beside one thing that is unsure, only what is sure of another child is acted on."""
    names = {child.student_id: child.name for child in row.children}
    found, actions = reading(row)
    readings = [
        one._replace(confidence=min(one.confidence, UNSURE)) if done == "ask" else one for one, done in zip(found, actions, strict=True)
    ]
    sure, left = parted(readings)
    counted = sure or [one for one in left if one.intent == UNREAD or one.confidence < SURE]
    done = max((done for one, done in zip(readings, actions, strict=True) if one in counted), key=ORDER.index)
    also = "person" in actions or (done != "person" and bool(unread_words(row.reply, children=row.children, today=row.today)))
    meant = [Meant(names.get(one.student_id or 0), one.intent, one.on) for one in readings]
    aside = (said for said, one, done in zip(meant, readings, actions, strict=True) if done == "person" or one in left)
    put = _put(row, left) if done == "ask" and not sure and len(row.children) == 1 else None
    return Answer(frozenset(meant), done, also, frozenset(aside) if done == "act" else frozenset(), put)


def _put(row: Labelled, left: Sequence[Reading]) -> Meant | None:
    """As the dialog puts it (`bot.dialogs.checking_back`)."""
    found = one_line(left, row.reply, question=row.question, children=row.children, today=row.today, school=NO_SCHOOL_YEAR)
    return Meant(row.children[0].name, found.intent, found.on) if found is not None else None


def main() -> int:
    sets = {name: load(file) for name, file in FILES.items()}
    classifier = _classifier.taught(sets["building"])
    readers: dict[str, Read] = {"fanxiao": ours, "keywords": _keywords.read, "classifier": classifier}
    found: dict[tuple[str, str], Found] = {}
    for name, read in readers.items():
        speeds = _speeds(reading if read is ours else read, sets)
        for kind, rows in sets.items():
            found[name, kind] = Found(mark(read, rows), speeds[kind])
            print(_line(name, kind, rows, found[name, kind]), flush=True)
    for kind in MEASURED:
        _print_ratios(kind, {name: found[name, kind] for name in readers})
    if sys.argv[1:] == ["wrong"]:
        _print_wrong(mark(ours, [row for rows in sets.values() for row in rows]))
    return _missed({kind: found["fanxiao", kind] for kind in MEASURED}, found["fanxiao", DANGEROUS])


def _speeds(read: Callable[[Labelled], object], sets: Mapping[str, Sequence[Labelled]]) -> dict[str, float]:
    """Replies a second on one core. Each row counts with the fastest of some passes: other work on a machine makes some of them slow.

    What is loaded once, as the sounds of characters, is loaded before. Between two passes everything else is read, so that nothing of a
    text is still known.
    """
    times(read, [row for rows in sets.values() for row in rows][:WARM])
    passes = [{kind: times(read, rows) for kind, rows in sets.items()} for _ in range(PASSES)]
    return {kind: len(rows) / sum(map(min, *(one[kind] for one in passes))) * 1e9 for kind, rows in sets.items()}


def _line(name: str, kind: str, rows: Sequence[Labelled], found: Found) -> str:
    marks = found.marks
    return (
        f"{name:10} {kind:20} {len(rows):4} replies: acted on {marks.acted:3}, right {marks.precision:7.2%}, "
        f"acted or asked {marks.coverage:6.1%}, "
        f"understood {marks.understood:6.1%}, days right {marks.days:6.1%}, danger told at once {marks.safety:6.1%}, "
        f"read by somebody {marks.reached:6.1%}, false alarms {marks.alarms}, harmless read as well {marks.looks:6.1%}, "
        f"{_in_one_line(marks)}{found.speed:7.0f} replies/s"
    )


def _in_one_line(marks: Marks) -> str:
    return f"of the asked put in one line {marks.put:6.1%}, rightly {marks.put_rightly:6.1%}, " if marks.put else ""


def _print_ratios(kind: str, found: Mapping[str, Found]) -> None:
    us = found["fanxiao"].marks
    for name in ("keywords", "classifier"):
        them = found[name].marks
        print(
            f"{kind}, against {name}: right when acting {us.precision / them.precision:.2f}, wrong acts {_wrong(us)} to {_wrong(them)}, "
            f"understood {us.understood / them.understood:.2f}, days {us.days / max(them.days, 0.01):.2f}, "
            f"danger {us.safety / max(them.safety, 0.01):.2f}, speed {found['fanxiao'].speed / found[name].speed:.2f}"
        )


def _wrong(marks: Marks) -> int:
    return round(marks.acted * (1 - marks.precision))


def _print_wrong(marks: Marks) -> None:
    for row, answer in marks.wrong:
        said = " ".join(f"{one.child}:{one.intent}:{one.on}" for one in answer.said)
        print(f"{row.id} {row.question} {row.reply!r}: {answer.action} {said}")


def _missed(measured: Mapping[str, Found], dangerous: Found) -> int:
    targets = {f"{kind}: {name}": target for kind, found in measured.items() for name, target in _targets(found).items()}
    targets[f"{DANGEROUS}: {READ_BY_SOMEBODY}"] = (dangerous.marks.reached, REACHED)
    missed = [f"{name} {got:.3f} < {wanted}" for name, (got, wanted) in targets.items() if got < wanted]
    print("targets missed:", "; ".join(missed) or "none")
    return 1 if missed else 0


def _targets(found: Found) -> dict[str, tuple[float, float]]:
    """What was reached, and what is wanted."""
    marks = found.marks
    return {
        "right when acting": (marks.precision, PRECISION),
        "acted or asked": (marks.coverage, COVERAGE),
        READ_BY_SOMEBODY: (marks.reached, REACHED),
        "replies/s": (found.speed, SPEED),
    }


if __name__ == "__main__":
    sys.exit(main())
