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
from collections.abc import Mapping, Sequence

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
)
from bot.dialogs.checking_back import one_line
from bot.replies import Reading, action, parted, read_guardian, unread_words
from bot.replies.action import SURE
from bot.replies.doubting import UNSURE
from bot.replies.school_year import NO_SCHOOL_YEAR

PRECISION, COVERAGE, REACHED, SPEED = 0.98, 0.85, 1.0, 2000
WARM = 1000
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


def ours(row: Labelled) -> Answer:
    """As the dialog does it (`bot.dialogs.guardian`): beside one thing that is unsure, only what is sure of another child is acted on."""
    question = None if row.question == "none" else row.question
    names = {child.student_id: child.name for child in row.children}
    found = read_guardian(row.reply, question=question, children=row.children, today=row.today)
    actions = [action(one, question=question, children=len(row.children)) for one in found]
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
    readers: dict[str, Read] = {"fanxiao": ours, "keywords": _keywords.read, "classifier": _classifier.taught(sets["building"])}
    found: dict[tuple[str, str], Marks] = {}
    for name, read in readers.items():
        mark(read, sets["building"][:WARM])  # what is loaded once, as the sounds of characters, is loaded before the clock runs
        for kind, rows in sets.items():
            found[name, kind] = mark(read, rows)
            print(_line(name, kind, rows, found[name, kind]), flush=True)
    for kind in MEASURED:
        _print_ratios(kind, {name: found[name, kind] for name in readers})
    if sys.argv[1:] == ["wrong"]:
        _print_wrong(mark(ours, [row for rows in sets.values() for row in rows]))
    return _missed({kind: found["fanxiao", kind] for kind in MEASURED}, found["fanxiao", DANGEROUS])


def _line(name: str, kind: str, rows: Sequence[Labelled], marks: Marks) -> str:
    return (
        f"{name:10} {kind:20} {len(rows):4} replies: acted on {marks.acted:3}, right {marks.precision:7.2%}, "
        f"acted or asked {marks.coverage:6.1%}, "
        f"understood {marks.understood:6.1%}, days right {marks.days:6.1%}, danger told at once {marks.safety:6.1%}, "
        f"read by somebody {marks.reached:6.1%}, false alarms {marks.alarms}, harmless read as well {marks.looks:6.1%}, "
        f"{_in_one_line(marks)}{marks.speed:7.0f} replies/s"
    )


def _in_one_line(marks: Marks) -> str:
    return f"of the asked put in one line {marks.put:6.1%}, rightly {marks.put_rightly:6.1%}, " if marks.put else ""


def _print_ratios(kind: str, found: Mapping[str, Marks]) -> None:
    us = found["fanxiao"]
    for name in ("keywords", "classifier"):
        them = found[name]
        print(
            f"{kind}, against {name}: right when acting {us.precision / them.precision:.2f}, wrong acts {_wrong(us)} to {_wrong(them)}, "
            f"understood {us.understood / them.understood:.2f}, days {us.days / max(them.days, 0.01):.2f}, "
            f"danger {us.safety / max(them.safety, 0.01):.2f}, speed {us.speed / them.speed:.2f}"
        )


def _wrong(marks: Marks) -> int:
    return round(marks.acted * (1 - marks.precision))


def _print_wrong(marks: Marks) -> None:
    for row, answer in marks.wrong:
        said = " ".join(f"{one.child}:{one.intent}:{one.on}" for one in answer.said)
        print(f"{row.id} {row.question} {row.reply!r}: {answer.action} {said}")


def _missed(measured: Mapping[str, Marks], dangerous: Marks) -> int:
    targets = {f"{kind}: {name}": target for kind, marks in measured.items() for name, target in _targets(marks).items()}
    targets[f"{DANGEROUS}: {READ_BY_SOMEBODY}"] = (dangerous.reached, REACHED)
    missed = [f"{name} {got:.3f} < {wanted}" for name, (got, wanted) in targets.items() if got < wanted]
    print("targets missed:", "; ".join(missed) or "none")
    return 1 if missed else 0


def _targets(marks: Marks) -> dict[str, tuple[float, float]]:
    """What was reached, and what is wanted."""
    return {
        "right when acting": (marks.precision, PRECISION),
        "acted or asked": (marks.coverage, COVERAGE),
        READ_BY_SOMEBODY: (marks.reached, REACHED),
        "replies/s": (marks.speed, SPEED),
    }


if __name__ == "__main__":
    sys.exit(main())
