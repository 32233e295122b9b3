"""A message cut into clauses, and each clause given to the children it is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.replies.kin import find_kin
from bot.replies.kinds import Child
from bot.replies.lexicon import derived, lexicon
from bot.replies.names import Mention, Named, find_exact, find_sounding

_CHILD = "他"  # stands for a name that has been recognised, so that the grammar sees a person
_RUN_ON, _PART = 14, 5  # characters: of a phrase that is looked through, and at least of what is parted off
_PHRASE = 3  # characters
_ASKED = "?"
_BLANKS = re.compile(r"(?<![0-9]) +| +(?![0-9])")


class Clause(NamedTuple):
    """Words between separators, without blanks; `asked` if a question mark ends it."""

    text: str
    asked: bool


class Share(NamedTuple):
    """What was said about these children; no ids when the message does not say about whom.

    `somebody`: it was said of one of them, but not of which.
    """

    ids: tuple[int, ...]
    clauses: tuple[Clause, ...]
    somebody: bool = False


def cut(text: str) -> list[Clause]:
    """The clauses of normalised text; blanks stay only between digits."""
    found: list[Clause] = []
    start = 0
    for mark in lexicon().patterns["separators"].finditer(text):
        _add(found, text[start : mark.start()], asked=_ASKED in mark.group())
        start = mark.end()
    _add(found, text[start:], asked=False)
    return found


def share(text: str, children: Sequence[Child]) -> list[Share]:
    """Clauses by child. A clause that names nobody goes on about the child before it; all that is said of a child stands together."""
    return [*_shared(text, tuple(children))]


@derived(maxsize=64)
def _shared(text: str, children: tuple[Child, ...]) -> Sequence[Share]:
    """Kept for a while, as the text in one costume is."""
    if len(children) == 1 and not _named(text.replace(" ", ""), children):
        return [Share((children[0].student_id,), tuple(cut(text)))]
    if len(children) > 1 and lexicon().patterns["except"].search(text):
        return [Share((), tuple(cut(text)), somebody=True)]
    shares: list[Share] = []
    named: set[int] = set()
    is_paired = _is_paired(text, children)
    for clause in cut(text):
        parts = _by_child(clause, children, named, is_paired=is_paired)
        told = [part for part in parts if len(children) == 1 or not lexicon().patterns["not_him"].match(part.clauses[0].text)]
        for part in told:
            _append(shares, part)
        named.update(one for part in told if len(part.ids) < len(children) for one in part.ids)
    return _without_courtesy(_together(shares)) if len(children) != 1 else [_whole(shares, children[0])]


def _is_paired(text: str, children: Sequence[Child]) -> bool:
    """Whether a brother or sister in the text is told apart from another child of the family."""
    if len(children) < 2:
        return False
    said = sum(pattern.search(text) is not None for pattern in lexicon().children.siblings.values())
    return said > 1 or (said == 1 and (bool(_named(text, children)) or any(word.search(text) for word in lexicon().children.kin.values())))


def _together(shares: Sequence[Share]) -> list[Share]:
    """One share for children of whom the very same was said; what was said of all of them counts for each."""
    told: dict[int, list[int]] = {}
    for place, one in enumerate(shares):
        for child in one.ids:
            told.setdefault(child, []).append(place)
    found: list[Share] = [one for one in shares if not one.ids]
    for places in dict.fromkeys(map(tuple, told.values())):
        ids = tuple(child for child, own in told.items() if tuple(own) == places)
        found.append(Share(ids, tuple(clause for place in places for clause in shares[place].clauses)))
    return found


def as_of_the_child(text: str, children: Sequence[Child]) -> str:
    """A child that writes itself ("我是小龙") as if a guardian told of it."""
    patterns = lexicon().patterns
    said = {match.end() for match in patterns["i_am"].finditer(text)}
    if not said or not any(mention.start in said and patterns["itself"].match(text, mention.end) for mention in _named(text, children)):
        return text
    return patterns["i_myself"].sub(_CHILD, text)


def only_the_name(text: str, children: Sequence[Child]) -> tuple[int, ...]:
    """The children whose name is all that the text says."""
    found = _mentions(text, children)
    if not found:
        return ()
    rest = text[: found[0].start] + text[found[-1].end :]
    bare = lexicon().patterns["filler"].sub("", rest).strip(" ,.!。、")
    return tuple(sorted({one for mention in found for one in mention.ids})) if not bare else ()


def _apart(text: str) -> list[str]:
    """Phrases with a blank between them, as people type who use no commas; a blank inside a word or name parts nothing.

    An answering word in front ("yes I took her") stands by itself.
    """
    parts = text.split(" ")
    found = parts[:1]
    for part in parts[1:]:
        is_opened = len(found) == 1 and len(part) >= _PHRASE and lexicon().patterns["opening"].fullmatch(found[0])
        is_phrase = len(part) >= _PHRASE or lexicon().patterns["day_word"].fullmatch(part) is not None
        if is_opened or (is_phrase and len(found[-1]) >= _PHRASE):
            found.append(part)
        else:
            found[-1] = f"{found[-1]} {part}"
    return found


def _run_on(phrase: str) -> list[str]:
    """A long phrase without commas, parted where somebody or some day is named anew."""
    if len(phrase) <= _RUN_ON:
        return [phrase]
    starts = [0]
    for match in lexicon().patterns["run_on"].finditer(phrase):
        if match.start() - starts[-1] >= _PART and len(phrase) - match.start() > 1:
            starts.append(match.start())
    return [phrase[start:end] for start, end in pairwise([*starts, len(phrase)])]


def _add(found: list[Clause], text: str, *, asked: bool) -> None:
    phrases = [_BLANKS.sub("", part) for part in _apart(text.strip())]
    if opened := lexicon().patterns["opening_run"].match(phrases[0]):
        phrases[:1] = [opened.group(), phrases[0][opened.end() :]]
    if phrases[0]:
        parts = [part for phrase in phrases for part in _run_on(phrase)]
        found.extend(Clause(part, asked and part is parts[-1]) for part in parts)
    elif asked and found:
        found[-1] = Clause(found[-1].text, asked=True)


def _named(text: str, children: Sequence[Child]) -> list[Mention]:
    people = [Named(child.student_id, child.name) for child in children]
    named = find_exact(text, people, pet_names=True)
    return [*named, *find_sounding(text, people, named), *_by_one_letter(text, children)]


def _by_one_letter(text: str, children: Sequence[Child]) -> list[Mention]:
    """龙回去了, 凤还没有: where all are called by one letter, it stands for the child at the beginning of a clause."""
    if len(children) < 2 or any(len(child.name) != 2 for child in children) or not lexicon().patterns["one_letter"].match(text):
        return []
    called = [child.student_id for child in children if child.name[1] == text[0]]
    return [Mention(0, 1, tuple(called), exact=True)] if len(called) == 1 else []


def _mentions(text: str, children: Sequence[Child], before: Collection[int] = (), *, is_paired: bool = True) -> list[Mention]:
    named = _named(text, children)
    kin = find_kin(text, children, named, named=before, is_paired=is_paired)
    begins = {mention.start for mention in named}  # 老大小龙, 哥哥小龙: the name says who
    return sorted([*named, *(mention for mention in kin if mention.end not in begins)], key=lambda mention: mention.start)


def _by_child(clause: Clause, children: Sequence[Child], named: Collection[int], *, is_paired: bool) -> list[Share]:
    mentions = _mentions(clause.text, children, named, is_paired=is_paired)
    if not mentions:
        everyone = tuple(child.student_id for child in children) if lexicon().patterns["all_children"].search(clause.text) else ()
        return [Share(everyone, (clause,))]
    groups = _told_of(clause.text, _groups(clause.text, mentions))
    ends = [group[0].start for group in groups[1:]] + [len(clause.text)]
    starts = [0, *ends[:-1]]
    return [
        Share(ids := _ids(group), (Clause(_with_pronouns(clause.text, start, end, group), clause.asked),), somebody=not ids)
        for group, start, end in zip(groups, starts, ends, strict=True)
    ]


def _told_of(text: str, groups: list[list[Mention]]) -> list[list[Mention]]:
    """Without who only tells it of another, and whom another looks after."""
    patterns, kept = lexicon().patterns, list(groups)
    for group, after in pairwise(groups):
        if patterns["reports"].match(text[group[-1].end : after[0].start]):
            kept.remove(group)
    last = groups[-1]
    if len(kept) > 1 and last[-1].end == len(text) and patterns["looks_after"].search(text[: last[0].start]):
        kept.remove(last)
    return kept


def _groups(text: str, mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Mentions joined by nothing but 'and' belong together; so does who takes another along."""
    groups, patterns = [[mentions[0]]], lexicon().patterns
    for before, mention in pairwise(mentions):
        between = text[before.end : mention.start]
        goes_along = mention.end < len(text) and patterns["takes_along"].match(between)
        if goes_along or patterns["between_names"].match(between):
            groups[-1].append(mention)
        else:
            groups.append([mention])
    return groups


def _ids(group: Sequence[Mention]) -> tuple[int, ...]:
    """A name that fits several children says about none of them."""
    if any(len(mention.ids) != 1 and not mention.together for mention in group):
        return ()
    return tuple(dict.fromkeys(child for mention in group for child in mention.ids))


def _with_pronouns(text: str, start: int, end: int, group: Sequence[Mention]) -> str:
    return text[start : group[0].start] + _CHILD + text[group[-1].end : end]


def _append(shares: list[Share], part: Share) -> None:
    if not shares or part.somebody or (part.ids and part.ids != shares[-1].ids):
        shares.append(part)
    else:
        shares[-1] = shares[-1]._replace(clauses=shares[-1].clauses + part.clauses)


def _whole(shares: Sequence[Share], child: Child) -> Share:
    return Share((child.student_id,), tuple(clause for one in shares for clause in one.clauses))


def _without_courtesy(shares: list[Share]) -> list[Share]:
    """A greeting before the first name is about nobody."""
    if len(shares) > 1 and not shares[0].ids and not any(_says_something(clause.text) for clause in shares[0].clauses):
        return shares[1:]
    return shares


def _says_something(text: str) -> bool:
    return bool(lexicon().patterns["filler"].sub("", text))
