"""What one clause says: intents with the words for them, days, and what makes it unclear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from bot.replies.action import QUESTIONS
from bot.replies.clauses import Clause
from bot.replies.dates import Day
from bot.replies.ground import Ground
from bot.replies.lexicon import derived, lexicon
from bot.replies.movement import Move, moves

_LONG = 14  # characters not understood, from which a clause that promises is not trusted
_WHO_IS_BACK = "他她娃都也俩"  # "is the child back": "he is"
_BACK = ("回去", "回来", "回")  # to school or home: only who was asked about school says the first
_SHORT = 2  # the same for a promise without a day
_UNDERTAKEN = frozenset({"transferred", "migrated", "working", "religious_study"})
_I = ("我", "我就", "我也", "我自己", "我再")
_REACH = 8  # how far before a word its negation may stand


class Meaning(NamedTuple):
    """One intent found in a clause."""

    intent: str
    on: date | None
    words: str


class Heard(NamedTuple):
    """All that was found in one clause.

    `denied`: something was said not to be so. `unclear`: do not act on it. `of_others`: something was said of somebody else.
    `guessed`: it is only thought so. `opposed`: somebody did not allow it. `gone`: the intents that were said not to be so.
    """

    meanings: tuple[Meaning, ...]
    denied: bool
    unclear: bool
    hedged: bool
    of_others: bool = False
    guessed: bool = False
    opposed: bool = False
    gone: frozenset[str] = frozenset()

    @property
    def tells(self) -> bool:
        """Whether it says anything that counts for what stands beside it."""
        return bool(self.meanings) or self.denied or self.unclear or self.hedged or self.guessed


class Word(NamedTuple):
    """Where a word of an intent stands in a clause."""

    intent: str
    start: int
    end: int


def hear(clause: Clause, days: Sequence[Day], question: str | None, today: date) -> Heard:
    """Read one clause; `days` are those named in it."""
    if (whole := _whole(clause.text, question)) is not None:
        return Heard((whole,), denied=False, unclear=False, hedged=False)
    if lexicon().patterns["only_going"].fullmatch(clause.text) or lexicon().patterns["you_look"].match(clause.text):
        return Heard((), denied=False, unclear=False, hedged=False)
    text = clause.text
    said = _longest(words_in(text))
    told = [word for word in said if not _denied(text, word) and not _over(text, word)]
    own = [word for word in told if _about_child(text, word)]
    meant = [word for word in own if not _intended_only(text, word)]
    moving = moves(text, days, [(word.start, word.end) for word in said], today)
    meanings = [Meaning(word.intent, None, text[word.start : word.end]) for word in meant]
    meanings += [Meaning(move.intent, move.on, move.words) for move in moving.found if not _only_home(move, question)]
    if question in QUESTIONS:
        meanings = [meaning for meaning in meanings if meaning.intent != "opt_in"]
    if clause.asked and not lexicon().patterns["rhetorical"].search(text):
        meanings = [Meaning("question", None, text)]
    astray = moving.elsewhere and (bool(moving.found) or not meant)
    return Heard(
        tuple(meanings),
        denied=moving.denied or len(told) < len(said),
        unclear=moving.unclear or astray or _only_meant_to(own, meant) or _mostly_unread(text, said, days, moving.spans, meanings),
        hedged=bool(lexicon().patterns["hedge"].search(text)),
        guessed=bool(lexicon().patterns["guess"].search(text)),
        of_others=len(own) < len(told),
        opposed=bool(lexicon().patterns["opposed"].search(text)),
        gone=frozenset(word.intent for word in said if _denied(text, word)) | _not_ill(text),
    )


def _only_meant_to(own: list[Word], meant: list[Word]) -> bool:
    """Whether something was only intended; who has left school for it has left."""
    return len(meant) < len(own) and all(word.intent != "refuses_school" for word in meant)


def _not_ill(text: str) -> frozenset[str]:
    """没病 denies illness, though no word for an illness stands in it."""
    return frozenset({"sick"} if lexicon().patterns["not_ill"].search(text) else ())


def _only_home(move: Move, question: str | None) -> bool:
    """Who "came back" came home; only where school was asked about, it was school."""
    return question != "confirm_return" and move.intent == "returned" and move.words.endswith(_BACK)


def _over(text: str, word: Word) -> bool:
    """What is over explains nothing; a question that only complains asks nothing."""
    patterns, taken_back = lexicon().patterns, lexicon().cancelled.get(word.intent)
    if taken_back is not None and taken_back.search(text):
        return True
    if word.intent == "sick":
        return bool(patterns["recovered"].search(text)) and not patterns["not_recovered"].search(text)
    return word.intent == "question" and bool(patterns["rhetorical"].match(text, word.start))


def _whole(text: str, question: str | None) -> Meaning | None:
    """A clause that is nothing but a yes, a no, a thank-you, a 'that is wrong'."""
    if question == "confirm_return":
        text = text.lstrip(_WHO_IS_BACK) or text
    whole = {intent for intent, pattern in lexicon().whole.at_start(text) if pattern.fullmatch(text)}
    if question == "confirm_return":
        for word, intent in (("yes", "confirm_yes"), ("no", "confirm_no")):
            if word in whole:
                return Meaning(intent, None, text)
    if question == "publicity" and "opt_out_letter" in whole:
        return Meaning("opt_out", None, text)
    for intent in ("opt_out", "opt_in", "undo", "acknowledged"):
        if intent in whole and not (intent == "acknowledged" and (question == "confirm_return" or (question != "notice" and "送" in text))):
            return Meaning(intent, None, text)
    return None


@derived(maxsize=256)
def words_in(text: str) -> tuple[Word, ...]:
    """Every word of an intent in a clause; words may overlap. Kept, for what no rule explained is looked for there too."""
    return tuple(
        Word(intent, match.start(), match.end())
        for intent, pattern in lexicon().intents.among(text)
        for match in pattern.finditer(text)
        if match.end() > match.start()
    )


def _longest(words: Sequence[Word]) -> list[Word]:
    """Where words overlap, the longer one was meant."""
    ground = Ground()
    longer_first = sorted(words, key=lambda one: one.start - one.end)
    return sorted((word for word in longer_first if ground.take(word.start, word.end)), key=lambda one: one.start)


def _denied(text: str, word: Word) -> bool:
    before = text[max(0, word.start - _REACH) : word.start]
    if lexicon().patterns["called_false"].match(text[word.end :]):
        return True
    return word.intent != "question" and bool(lexicon().patterns["negator"].search(before))


def _about_child(text: str, word: Word) -> bool:
    """Whether the nearest person named before the word is the child; with nobody named it is."""
    words = lexicon()
    if word.intent in words.children.not_of_relatives:
        before = words.patterns["companion"].sub("", text[: word.start])
        return _last(before, "child_subject") >= _last(before, "sibling")
    if word.intent == "caring_family":
        return words.patterns["carer"].search(text[: word.start]) is None
    if word.intent not in words.children.about_the_child:
        return True
    if word.intent == "refuses_school" and text[word.start] == "不" and text[: word.start].endswith(_I):
        return True  # nobody but the child refuses school in the first person
    if words.patterns["of_adult"].match(text, word.end):
        return False
    if lexicon().patterns["family"].match(text[word.start : word.end]):
        return True
    before = lexicon().patterns["companion"].sub("", text[: word.start])
    if word.intent == "working":
        before = lexicon().patterns["helped"].sub("", before)
    return _last(before, "child_subject") >= _last(before, "adult_subject")


def _last(text: str, subject: str) -> int:
    """Where the last person of that kind ends; a longer word for an adult ends where a child's pronoun began."""
    return max((match.end() for match in lexicon().patterns[subject].finditer(text)), default=-1)


def _intended_only(text: str, word: Word) -> bool:
    """Wanting to change schools is not having changed."""
    return word.intent in _UNDERTAKEN and bool(lexicon().patterns["not_yet"].search(text[: word.start]))


def _mostly_unread(text: str, said: list[Word], days: Sequence[Day], spans: list[tuple[int, int]], meanings: list[Meaning]) -> bool:
    if not {meaning.intent for meaning in meanings} & lexicon().needs_whole_clause:
        return False
    known = [*spans, *((one.start, one.end) for one in said), *((day.start, day.end) for day in days)]
    covered = {place for start, end in known for place in range(start, end)}
    rest = "".join(letter for place, letter in enumerate(text) if place not in covered)
    undated = any(meaning.intent == "will_return" and meaning.on is None for meaning in meanings)
    return len(lexicon().patterns["filler"].sub("", rest)) > (_SHORT if undated else _LONG)
