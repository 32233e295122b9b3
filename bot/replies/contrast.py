"""What a text itself sets right: a correction in its midst, what is mainly so, a yes or no that opens it, whose number it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.replies.clauses import Clause
from bot.replies.lexicon import lexicon
from bot.replies.meanings import Heard, Meaning

Told = tuple[Sequence[Clause], Sequence[Heard]]


def set_right(clauses: Sequence[Clause], heard: Sequence[Heard], question: str | None, today: date) -> Told:
    """The clauses that count, and what each of them says."""
    clauses, heard = _corrected(clauses, heard)
    heard = _whose_number(clauses, _mainly(clauses, heard))
    return clauses, _opened(clauses, heard, today) if question == "confirm_return" else heard


def _is(one: Heard, intent: str) -> bool:
    return [meaning.intent for meaning in one.meanings] == [intent]


def _corrected(clauses: Sequence[Clause], heard: Sequence[Heard]) -> Told:
    """ "He does not come. No, I mean not today; on Monday": what stands before the correction counts no more."""
    turns = [place for place, one in enumerate(heard) if _is(one, "undo")]
    if not turns or not any(one.tells for one in heard[: turns[-1]]) or not any(one.meanings for one in heard[turns[-1] + 1 :]):
        return clauses, heard
    return clauses[turns[-1] + 1 :], heard[turns[-1] + 1 :]


def _mainly(clauses: Sequence[Clause], heard: Sequence[Heard]) -> Sequence[Heard]:
    """ "That there is no money is one thing, mainly she will not": of several causes the one that is said to count."""
    reasons = lexicon().reasons
    turns = [place for place, clause in enumerate(clauses) if place and lexicon().patterns["mainly"].search(clause.text)]
    if not turns or not any(meaning.intent in reasons for one in heard[turns[-1] :] for meaning in one.meanings):
        return heard
    before = [one._replace(meanings=tuple(said for said in one.meanings if said.intent not in reasons)) for one in heard[: turns[-1]]]
    return [*before, *heard[turns[-1] :]]


def _whose_number(clauses: Sequence[Clause], heard: Sequence[Heard]) -> Sequence[Heard]:
    """ "Wrong, my name is Li" is a stranger; "sent by mistake, it was not for you" takes back something that nobody knows."""
    patterns = lexicon().patterns
    if len(clauses) < 2 or not _is(heard[0], "undo") or not patterns["misdirected"].search(clauses[0].text):
        return heard
    if patterns["other_name"].search(clauses[1].text):
        return [heard[0]._replace(meanings=(Meaning("wrong_number", None, clauses[0].text),)), *heard[1:]]
    if patterns["not_for_you"].search(clauses[1].text):
        return [heard[0]._replace(meanings=(), unclear=True), *heard[1:]]
    return heard


def _opened(clauses: Sequence[Clause], heard: Sequence[Heard], today: date) -> Sequence[Heard]:
    """Of a child that is back: "not right, …", "how should he", "still in …" are a no; what follows a yes tells how it came back;
    "I have not heard" is neither.
    """
    told = [_answered(clause, one) for clause, one in zip(clauses, heard, strict=True)]
    if len(told) > 1 and _is(told[0], "undo"):
        return [told[0]._replace(meanings=(Meaning("confirm_no", None, clauses[0].text),)), *told[1:]]
    if _is(told[0], "confirm_yes"):
        return [told[0], *(_after_yes(one, today) for one in told[1:])]
    return told


def _answered(clause: Clause, one: Heard) -> Heard:
    if lexicon().patterns["not_known"].search(clause.text) or lexicon().patterns["only_supposed"].search(clause.text):
        return one._replace(meanings=(), unclear=True)
    if lexicon().patterns["elsewhere_still"].search(clause.text):
        return one._replace(meanings=(Meaning("confirm_no", None, clause.text),))
    return one


def _after_yes(one: Heard, today: date) -> Heard:
    if one.denied or one.hedged or one.opposed:
        return one
    kept = tuple(said for said in one.meanings if said.intent != "will_return" or (said.on is not None and said.on > today))
    return one._replace(meanings=kept, unclear=False)


def is_no_stranger(clauses: Sequence[Clause], heard: Sequence[Heard], question: str | None) -> bool:
    """Whether somebody who says "wrong" knows the family all the same, or only wonders."""
    patterns = lexicon().patterns
    if question == "confirm_return" and not any(patterns["other_name"].search(clause.text) for clause in clauses):
        mistaken = [clause for clause in clauses if patterns["mistaken"].search(clause.text)]
        if mistaken or any(patterns["not_our_child"].search(clause.text) for clause in clauses):
            return True
    return any(one.guessed for one in heard) or any(lexicon().patterns["knows_family"].search(clause.text) for clause in clauses)
