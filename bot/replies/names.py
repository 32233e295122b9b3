"""Which child is meant: full names, given names, nicknames, and names that only sound alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from bot.replies.dates import find_days
from bot.replies.ground import Ground
from bot.replies.lexicon import derived, lexicon
from bot.replies.normalise import normalise
from bot.replies.sounds import blurred, places, sound

_ANY_DAY = date(2000, 1, 3)
_JOINTS = re.compile(r"[\s·•・.‧]+")
_JOINT_LETTERS = frozenset(" ·•・‧")
_TOO_MANY = 2
_UNUSED = 0xE000  # the first character for private use: there are more of them than syllables


class Named(NamedTuple):
    """Somebody who may be mentioned. `id` is the student's."""

    id: int
    name: str


class Mention(NamedTuple):
    """Words that name somebody; several ids when they fit more than one, or when all of them are meant `together`."""

    start: int
    end: int
    ids: tuple[int, ...]
    exact: bool
    together: bool = False


@derived(maxsize=4096)
def plain_name(name: str) -> str:
    """A name as it stands in normalised text, without blanks and dots."""
    return _JOINTS.sub("", normalise(name, (name,)))


@derived(maxsize=4096)
def given_names(name: str) -> tuple[str, ...]:
    """What a family may call the child without the surname; empty when one character would remain. A number is nobody's name."""
    if len(name) >= 4 and name[:2] not in lexicon().children.compound_surnames:
        return tuple(one for one in (name[1:], name[:2], name[2:]) if not one.isdigit())
    given = name[2:] if name[:2] in lexicon().children.compound_surnames else name[1:]
    return (given,) if len(given) >= 2 and not given.isdigit() else ()


@derived(maxsize=4096)
def nicknames(name: str) -> tuple[str, ...]:
    """Pet names from the last character."""
    last = name[-1:]
    called = (f"小{last}", f"阿{last}", f"尕{last}", f"碎{last}", f"{last}娃", last * 2) if last and len(name) > 1 else ()
    return tuple(one for one in called if one not in lexicon().children.not_names)


def find_exact(text: str, people: Iterable[Named], *, pet_names: bool) -> list[Mention]:
    """Mentions written with the right characters; longer names first, so that a longer name hides a shorter one."""
    aliases, letters = _aliases(tuple(people), pet_names=pet_names)
    if letters.isdisjoint(text):
        return []
    found: list[Mention] = []
    ground = Ground()
    plain, origins = _squeezed(text)
    for alias in aliases:
        for at in places(alias.text, plain):
            start, end = origins[at], origins[at + len(alias.text) - 1] + 1
            if (ids := alias.ids()) and ground.take(start, end):
                found.append(Mention(start, end, ids, exact=True))
    return sorted(found, key=lambda mention: mention.start)


@dataclass
class _Alias:
    """`named`: whose name it is; `called`: who may be called so, unless it means something else."""

    text: str
    named: set[int] = field(default_factory=set)
    called: set[int] = field(default_factory=set)

    def ids(self) -> tuple[int, ...]:
        return tuple(sorted(self.named if not self.called or _is_a_word(self.text) else self.named | self.called))


@derived(maxsize=256)  # a family's text has several clauses, a class has one roll
def _aliases(people: tuple[Named, ...], *, pet_names: bool) -> tuple[tuple[_Alias, ...], frozenset[str]]:
    """(names, the longer ones first; letters of which each of them has one)."""
    aliases: dict[str, _Alias] = {}
    letters: set[str] = set()
    for person in people:
        name = plain_name(person.name)
        called = {name, *given_names(name), *(nicknames(name) if pet_names else ())} - {""} if len(name) > 1 else set[str]()
        letters |= {name[-1:]} | {one[-1] for one in called if name[-1] not in one}
        for alias in called:
            known = aliases.setdefault(alias, _Alias(alias))
            (known.named if alias == name else known.called).add(person.id)
    return tuple(sorted(aliases.values(), key=lambda one: len(one.text), reverse=True)), frozenset(letters)


def find_sounding(text: str, people: Iterable[Named], taken: Sequence[Mention]) -> list[Mention]:
    """Full or given names that are written otherwise but sound the same, outside of `taken`."""
    heard = text.translate(_heard)
    hits = sorted((-len(form), start, ids) for form, ids in _by_sound(tuple(people)).items() for start in places(form, heard))
    if not hits:
        return []
    found: list[Mention] = []
    ground = Ground((mention.start, mention.end) for mention in taken)
    for longer, start, ids in hits:
        end = start - longer
        if not _is_a_word(text[start:end]) and ground.take(start, end):
            found.append(Mention(start, end, ids, exact=False))
    return sorted(found, key=lambda mention: mention.start)


def nearly(said: str, people: Iterable[Named]) -> tuple[int, ...]:
    """Ids of those whose name sounds most like `said`, if it is but for one slip."""
    heard = _blurred(said)
    slips = {person.id: _fewest_slips(heard, plain_name(person.name)) for person in people}
    fewest = min(slips.values(), default=_TOO_MANY)
    return tuple(sorted(person for person, count in slips.items() if count == fewest < _TOO_MANY))


def _fewest_slips(heard: tuple[str, ...], name: str) -> int:
    """A slip in a name of two characters leaves too little of it to say whose it is."""
    forms = [form for form in (name, *given_names(name)) if len(form) > 1]
    counts = [_slips(heard, _blurred(form)) for form in forms if len(form) > 2] + [
        0 for form in forms if len(form) == 2 and heard == _blurred(form)
    ]
    return min(counts, default=_TOO_MANY)


def _slips(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many characters differ; a different sound that is nearly the same counts as none."""
    if len(one) != len(other):
        return Levenshtein.distance(one, other)
    return sum(1 for left, right in zip(one, other, strict=True) if left != right)


def _blurred(text: str) -> tuple[str, ...]:
    return tuple(blurred(sound(letter)) for letter in text)


@derived(maxsize=256)
def _by_sound(people: tuple[Named, ...]) -> Mapping[str, tuple[int, ...]]:
    """How a name is heard → who it may be."""
    forms: dict[str, set[int]] = {}
    for person in people:
        name = plain_name(person.name)
        for form in (name, *given_names(name)):
            if len(form) > 1:
                forms.setdefault(form.translate(_heard), set()).add(person.id)
    return {form: tuple(sorted(ids)) for form, ids in forms.items()}


class _Heard(dict[int, str]):
    """For `str.translate`: one sign for all characters of one sound, taken from those that nobody writes."""

    def __init__(self) -> None:
        super().__init__()
        self._signs: dict[str, str] = {}

    def __missing__(self, code: int) -> str:
        heard = sound(chr(code))
        self[code] = sign = heard if len(heard) == 1 else self._signs.setdefault(heard, chr(_UNUSED + len(self._signs)))
        return sign


_heard = _Heard()


def _squeezed(text: str) -> tuple[str, Sequence[int]]:
    """The text without the blanks and dots that may stand inside a name, and where each letter came from."""
    if _JOINT_LETTERS.isdisjoint(text):
        return text, range(len(text))
    places = [place for place, letter in enumerate(text) if letter not in _JOINT_LETTERS]
    return "".join(text[place] for place in places), places


@derived(maxsize=4096)
def _is_a_word(text: str) -> bool:
    """Whether the text means something else in a reply, such as a day; then it names nobody by itself."""
    words = lexicon()
    return (
        bool(find_days(text, _ANY_DAY))
        or any(pattern.search(text) for _, pattern in words.intents.among(text))
        or words.patterns["child_subject"].fullmatch(text) is not None
        or text in words.children.not_names
        or words.patterns["filler"].fullmatch(text) is not None
        or words.go.search(text) is not None
    )
