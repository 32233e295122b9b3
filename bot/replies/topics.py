"""What a clause says in the light of those around it: who is still spoken of, what was only so before, what is over by now."""

from __future__ import annotations

from collections.abc import Sequence

from bot.replies.clauses import Clause
from bot.replies.lexicon import lexicon
from bot.replies.meanings import Heard, Meaning

_PASSING = frozenset({"sick", "leave", "caring_family", "hardship"})
"""Causes that may have been there the last time and are no more; who has moved away stays away."""
_PROMISED = frozenset({"will_return"})
_THERE = frozenset({"returned"})
_PLANNED = _PROMISED | _THERE
_SETTLED = frozenset({"refuses_school"})
_WORK = frozenset({"working"})


def in_context(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """The same clauses, each without what its neighbours take back."""
    now = [_now(clause.text, one) for clause, one in zip(clauses, heard, strict=True)]
    now = _without_former_plans(clauses, now)
    if len(now) == 1:
        return [_at_work(clauses[0].text, now[0])] if _ends_absence(now[0]) else now
    now = _without_conditional_days(clauses, now)
    return _before_the_promise(clauses, _still_true(clauses, _of_the_child(clauses, now)))


def _now(text: str, one: Heard) -> Heard:
    """ "Last time it was his belly" explains nothing of today."""
    patterns = lexicon().patterns
    if not one.meanings or not patterns["background"].search(text) or patterns["lasting"].search(text):
        return one
    return one._replace(meanings=tuple(meaning for meaning in one.meanings if meaning.intent not in _PASSING))


def _without_former_plans(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """ "I was to bring him tomorrow (本来), now I cannot" promises nothing, and its day is none; a promise that follows counts."""
    told, promised = [*heard], False
    for place in range(len(heard) - 1, -1, -1):
        one, text = heard[place], clauses[place].text
        promises = _promises_any(one)
        if _intents([one]) & _PLANNED and _is_given_up(text, clauses[place + 1 :]):
            kept = tuple(meaning for meaning in one.meanings if meaning.intent not in _PLANNED)
            told[place] = one._replace(meanings=kept, hedged=one.hedged or not promised)
        promised |= promises
    return told


def _without_conditional_days(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """ "Ill; if he is well, tomorrow": he is ill, and the day is none yet."""
    if "sick" not in _intents(heard):
        return [*heard]
    patterns = lexicon().patterns
    is_open = any(patterns["all_open"].search(clause.text) for clause in clauses)
    return [
        one._replace(meanings=tuple(_undated(said) for said in one.meanings), hedged=True)
        if _promises_any(one) and (is_open or patterns["condition"].search(clause.text))
        else one
        for clause, one in zip(clauses, heard, strict=True)
    ]


def _promises_any(one: Heard) -> bool:
    return any(meaning.intent in _PROMISED for meaning in one.meanings)


def _undated(said: Meaning) -> Meaning:
    return said._replace(on=None) if said.intent in _PROMISED else said


def _is_given_up(text: str, after: Sequence[Clause]) -> bool:
    patterns = lexicon().patterns
    if patterns["former_plan"].search(text):
        return True
    return patterns["plan"].search(text) is not None and any(patterns["fell_through"].search(one.text) for one in after)


def _of_the_child(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """A clause without a subject goes on about whom the one before it was: "I fell, am in hospital" says nothing of the child."""
    if not _intents(heard) & (lexicon().children.about_the_child | _THERE):
        return [*heard]
    about_adult, about_grown_ups, found = False, False, list[Heard]()
    for clause, one in zip(clauses, heard, strict=True):
        child, adult = _people(clause.text)
        if about_grown_ups and lexicon().patterns["went_along"].search(clause.text):
            one = one._replace(meanings=(), unclear=not one.meanings)
        about_grown_ups = adult and not child
        if adult and not child and (one.of_others or lexicon().patterns["adult_state"].search(clause.text)):
            about_adult = True
        elif child or adult:
            about_adult = False
        elif about_adult and any(meaning.intent in lexicon().children.about_the_child for meaning in one.meanings):
            one = one._replace(meanings=(), of_others=True, unclear=True)
        found.append(one)
    return found


def _intents(heard: Sequence[Heard]) -> set[str]:
    return {meaning.intent for one in heard for meaning in one.meanings}


def _people(text: str) -> tuple[bool, bool]:
    """Whether a child, and whether somebody grown-up, is named."""
    patterns = lexicon().patterns
    without = patterns["adult_subject"].sub("", text)
    return patterns["child_subject"].search(without) is not None, without != text


def _still_true(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """ "There was trouble … now there is none": what a later clause says to be over counts no more."""
    over, said = frozenset[str](), _intents(heard)
    if not said:
        return [*heard]
    if said & _WORK and any(_ends_absence(one) for one in heard):
        heard = [_at_work(clause.text, one) for clause, one in zip(clauses, heard, strict=True)]
    patterns = lexicon().patterns
    found: list[Heard] = []
    for clause, one in zip(reversed(clauses), reversed(heard), strict=True):
        kept = tuple(meaning for meaning in one.meanings if meaning.intent not in over)
        found.append(one._replace(meanings=kept) if len(kept) < len(one.meanings) else one)
        if one.gone and patterns["no_more"].search(clause.text):
            over |= one.gone
        if said & _PROMISED and _unpromises(clause.text, one):
            over |= _PROMISED
        if said & _SETTLED and patterns["settled"].search(clause.text):
            over |= _SETTLED
        if said & _WORK and patterns["work_over"].search(clause.text):
            over |= _WORK
    return found[::-1]


def _ends_absence(one: Heard) -> bool:
    return any(meaning.intent in _THERE or (meaning.intent in _PROMISED and meaning.on is not None) for meaning in one.meanings)


def _at_work(text: str, one: Heard) -> Heard:
    """Beside a promise only that counts which says that the child is away at work; thoughts, a day's herding and play do not."""
    if lexicon().patterns["at_work"].search(text):
        return one
    return one._replace(meanings=tuple(meaning for meaning in one.meanings if meaning.intent not in _WORK))


def _unpromises(text: str, one: Heard) -> bool:
    """ "I said I would, but it snowed (结果)"; "no, never mind (算了), I do not bring him"."""
    patterns = lexicon().patterns
    if patterns["turned_out"].search(text):
        return True
    return one.denied and patterns["changed_mind"].search(text) is not None and not patterns["today_only"].search(text)


def _before_the_promise(clauses: Sequence[Clause], heard: Sequence[Heard]) -> list[Heard]:
    """Beside a promised day it need not be clear who travelled, what grown-ups do, or what was so before."""
    promised = [place for place, one in enumerate(heard) if _promises(one)]
    if not promised:
        return [*heard]
    return [
        one._replace(unclear=False) if place < promised[-1] and one.unclear and _is_prelude(clause.text, one) else one
        for place, (clause, one) in enumerate(zip(clauses, heard, strict=True))
    ]


def _promises(one: Heard) -> bool:
    dated = any(meaning.intent == "will_return" and meaning.on is not None for meaning in one.meanings)
    return dated and not (one.unclear or one.hedged or one.guessed)


def _is_prelude(text: str, one: Heard) -> bool:
    if one.meanings or one.hedged or one.guessed or one.denied:
        return False
    child, adult = _people(text)
    patterns = lexicon().patterns
    return (adult and not child) or any(patterns[name].search(text) for name in ("background", "journey", "past_day", "notice_read"))
