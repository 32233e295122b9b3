"""What a clause says in the light of those around it: who is still spoken of, what was only so before, what is over by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.replies.clauses import Clause
from bot.replies.lexicon import lexicon
from bot.replies.meanings import Heard

_PASSING = frozenset({"sick", "leave", "caring_family", "hardship"})
"""Causes that may have been there the last time and are no more; who has moved away stays away."""
_PROMISED = frozenset({"will_return"})
_SETTLED = frozenset({"refuses_school"})


def in_context(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """The same clauses, each without what its neighbours take back."""
    return _still_true(clauses, _of_the_child(clauses, [_now(clause.text, one) for clause, one in zip(clauses, heard, strict=True)]))


def _now(text: str, one: Heard) -> Heard:
    """ "Last time it was his belly" explains nothing of today."""
    patterns = lexicon().patterns
    if not one.meanings or not patterns["background"].search(text) or patterns["lasting"].search(text):
        return one
    return replace(one, meanings=tuple(meaning for meaning in one.meanings if meaning.intent not in _PASSING))


def _of_the_child(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """A clause without a subject goes on about whom the one before it was: "I fell, am in hospital" says nothing of the child."""
    about_adult, found = False, []
    for clause, one in zip(clauses, heard, strict=True):
        child, adult = _people(clause.text)
        if adult and not child and (one.of_others or lexicon().patterns["adult_state"].search(clause.text)):
            about_adult = True
        elif child or adult:
            about_adult = False
        elif about_adult and any(meaning.intent in lexicon().about_the_child for meaning in one.meanings):
            one = replace(one, meanings=(), of_others=True, unclear=True)
        found.append(one)
    return found


def _people(text: str) -> tuple[bool, bool]:
    """Whether a child, and whether somebody grown-up, is named."""
    patterns = lexicon().patterns
    without = patterns["adult_subject"].sub("", text)
    return patterns["child_subject"].search(without) is not None, without != text


def _still_true(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """ "There was trouble … now there is none": what a later clause says to be over counts no more."""
    over: frozenset[str] = frozenset()
    patterns = lexicon().patterns
    found: list[Heard] = []
    for clause, one in zip(reversed(clauses), reversed(heard), strict=True):
        kept = tuple(meaning for meaning in one.meanings if meaning.intent not in over)
        found.append(replace(one, meanings=kept) if len(kept) < len(one.meanings) else one)
        if one.gone and patterns["no_more"].search(clause.text):
            over |= one.gone
        if one.denied and patterns["changed_mind"].search(clause.text) and not patterns["today_only"].search(clause.text):
            over |= _PROMISED
        if patterns["settled"].search(clause.text):
            over |= _SETTLED
    return found[::-1]
