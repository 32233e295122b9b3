"""Why a pupil is away, told in a teacher's own words: read as a family's words about its child are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from bot.replies.action import SURE
from bot.replies.guardian import read_guardian
from bot.replies.hints import is_danger_from_staff
from bot.replies.kinds import Child, Pupil, Story
from bot.replies.lexicon import lexicon
from bot.replies.names import Named, find_exact, find_sounding, nearly, plain_name
from bot.replies.normalise import sounded_out
from bot.replies.sheet_tokens import Token, tokens
from bot.replies.sheet_words import sheet_words
from bot.replies.sounds import sound

CAUSES = frozenset({
    "early_marriage", "working", "religious_study", "bullying", "hardship", "caring_family", "disability_or_illness_long",
    "refuses_school", "transferred", "migrated",
})  # fmt: skip
"""What somebody has to hear of, be it written by a teacher or by the family. Illness and leave are the sheet's own."""
DEATH = "death"
"""No family writes it as an answer, and no plan has a rule for it: a person reads it."""
_HEADS = frozenset({"pupil", "seat"})
_GRAVEST = frozenset({DEATH, "safety"})
_OF_STAFF = {
    "story_death": DEATH, "story_safety": "safety", "story_early_marriage": "early_marriage", "story_bullying": "bullying",
    "story_religious_study": "religious_study", "story_working": "working",
}  # fmt: skip
"""What a teacher's own words mean of a pupil; the gravest first."""
_SHORTEST = 2  # characters of a story
_AWAY = "没来"


class _Head(NamedTuple):
    """A pupil as the text names them; `joint`: what stands between them and the one before."""

    start: int
    end: int
    whom: int | None
    joint: str


class _Stretch(NamedTuple):
    """What stands behind one pupil, or behind several in one breath (from `head` on), up to the next."""

    ids: tuple[int, ...]
    head: int
    start: int
    end: int


class Told(NamedTuple):
    """`short`: the sheet with "has not come" in place of each story; `others`: also without those of whom nothing but the story is said."""

    short: str
    others: str
    stories: tuple[Story, ...]


def stories_in(text: str, pupils: Sequence[Pupil], today: date, meant: Mapping[str, int]) -> Told:
    """What may be the next name, a seat, or said of the rest of the class, is part of no story."""
    people = [Named(pupil.student_id, pupil.name) for pupil in pupils]
    row = tokens(text, find_exact(text, people, pet_names=False), today)
    stories: list[Story] = []
    short, others, done = "", "", 0
    for stretch in _stretches(text, list(_heads(text, row, pupils, meant))):
        words = _own_words(text[stretch.start : stretch.end], people)
        story = _story(words, stretch.ids, pupils, today)
        if story is None:
            continue
        stories += [story._replace(student_id=one) for one in stretch.ids]
        said = text[done : stretch.start] + ("" if story.came else _AWAY)
        short += said
        others += said if story.away or story.came else text[done : stretch.head]
        done = stretch.start + _came_at(words)
    hearsay = sheet_words().sheet["hearsay"]
    short, others = (hearsay.sub("", one + text[done:]) if done else text for one in (short, others))
    return Told(short, others, tuple(stories))


def _heads(text: str, row: Sequence[Token], pupils: Sequence[Pupil], meant: Mapping[str, int]) -> Iterator[_Head]:
    ends = list(accumulate(len(token.text) for token in row))
    before = 0
    for token, end in zip(row, ends, strict=True):
        if token.kind in _HEADS:
            start = end - len(token.text)
            yield _Head(start, end, _whom(token, pupils, meant), text[before:start])
            before = end


def _whom(token: Token, pupils: Sequence[Pupil], meant: Mapping[str, int]) -> int | None:
    """The one pupil that is meant beyond doubt."""
    seated = [pupil.student_id for pupil in pupils if pupil.seat is not None and pupil.seat == token.value]
    ids = list(token.ids) if token.kind == "pupil" else seated
    return ids[0] if len(ids) == 1 else meant.get(token.text.strip())


def _stretches(text: str, heads: Sequence[_Head]) -> Iterator[_Stretch]:
    """ "、" and "and" make one breath; after a blank or a comma the words are of the last alone, unless "all" stands before them."""
    words = sheet_words().sheet
    run: list[_Head] = []
    for number, head in enumerate(heads, start=1):
        following = heads[number] if number < len(heads) else None
        run.append(head)
        if following is not None and words["story_joint"].fullmatch(following.joint):
            continue
        end = following.start if following is not None else len(text)
        whom = run if words["story_of_all"].match(text, head.end) else _one_breath(run)
        ids = [one.whom for one in whom]
        run = []
        if None not in ids:
            yield _Stretch(tuple(dict.fromkeys(one for one in ids if one is not None)), whom[0].start, head.end, end)


def _one_breath(run: Sequence[_Head]) -> Sequence[_Head]:
    first = len(run) - 1
    while first and sheet_words().sheet["story_and"].search(run[first].joint):
        first -= 1
    return run[first:]


def _own_words(said: str, people: Sequence[Named]) -> str:
    """Clause by clause, as long as each goes on about the same child."""
    words = sheet_words().sheet
    if rest := words["story_end"].search(said):
        said = said[: rest.start()]
    own = 0
    for clause in words["story_clause"].finditer(said):
        if own and _begins_like_a_name(clause["said"], people):
            break
        own = clause.end("said")
    return said[:own]


def _begins_like_a_name(clause: str, people: Sequence[Named]) -> bool:
    if find_sounding(clause, people, ()) or nearly(clause, people):
        return True
    surnames = {sound(plain_name(person.name)[0]) for person in people if plain_name(person.name)}
    return not sheet_words().sheet["story_goes_on"].match(clause) and bool(clause) and sound(clause[0]) in surnames


def _story(words: str, ids: Sequence[int], pupils: Sequence[Pupil], today: date) -> Story | None:
    """None where it is none of the causes, nor a danger. One that is hedged or not wholly explained is not `sure`."""
    sheet = sheet_words().sheet
    of_all = sheet["story_of_all"].match(words)
    said = sheet["hearsay"].sub("", words[of_all.end() if of_all else 0 : _came_at(words)]).strip(" ,、")
    plain = sheet["story_not_back"].sub("", said)
    if len(plain) < _SHORTEST or not ids:
        return None
    name = next(pupil.name for pupil in pupils if pupil.student_id == ids[0])
    readings = read_guardian(f"{name}{plain}", question="absence", children=[Child(ids[0], name)], today=today)
    intents = {reading.intent for reading in readings}
    away, came = plain != said or bool(sheet["story_away"].search(plain)), _came_at(words) < len(words)
    is_no_danger = intents == {"safety"} and not is_danger_from_staff(words)
    if (known := _in_own_words(plain)) is not None and (is_no_danger or intents <= {"unknown", known} or known in _GRAVEST):
        return Story(ids[0], known, sure=True, away=away or known == DEATH, came=came and known != DEATH)
    if is_no_danger:
        return None
    if len(intents) == 1 and intents <= CAUSES | {"safety"}:
        sure = all(reading.confidence >= SURE for reading in readings)
        return Story(ids[0], readings[0].intent, sure=sure, away=away, came=came)
    hinted = intents <= {"unknown"} and not sheet["story_of_others"].search(plain) and _touched(plain)
    return Story(ids[0], None, sure=False, away=away, came=came) if hinted else None


def _in_own_words(plain: str) -> str | None:
    """A cause that is told as people of a school tell it; not what is hedged, denied, or said of somebody else."""
    sheet, patterns = sheet_words().sheet, lexicon().patterns
    spoiled = sheet["story_of_others"], sheet["story_of_grown_ups"], patterns["hedge"], patterns["guess"]
    if any(pattern.search(plain) for pattern in spoiled):
        return None
    told = ((intent, sheet[name].search(plain)) for name, intent in _OF_STAFF.items())
    return next((intent for intent, found in told if found and not sheet["story_denied"].search(plain[: found.start()])), None)


def _came_at(words: str) -> int:
    """Where it is said that the child is at school all the same; the end where it is not."""
    found = sheet_words().sheet["story_came"].search(words)
    return found.start() if found else len(words)


def _touched(plain: str) -> bool:
    """Whether words of a cause stand in it, though it is not clear what is said with them."""
    heard = sounded_out(plain)
    return any(lexicon().intents[cause].search(heard) for cause in CAUSES)
