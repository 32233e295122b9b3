"""Which class, which pupil: asked back with numbers, and the numbered answer understood. Nobody is ever assumed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from bot.dialogs.answering import answered
from bot.dialogs.phrases import phrase
from bot.dialogs.sheet_talk import Talk, completed
from bot.replies import Doubt, Pupil
from bot.replies.classes import find_classes
from bot.replies.normalise import normalise
from bot.replies.picks import NONE_OF_THEM, read_picks
from storage.tables import Inbound, Question

LIFE = timedelta(hours=2)
"""So long a numbered answer belongs to what was asked back."""
SHOWN = 4
"""Buttons that a chat shows; more is answered by the number."""


@dataclass(frozen=True)
class Picked:
    """An earlier text with what is known of it now; `more`: what was written later and completes it."""

    earlier: Inbound
    class_ids: tuple[int, ...]
    meant: Mapping[str, int]
    replaces: bool | None = None
    more: str = ""

    @property
    def text(self) -> str:
        return completed(self.earlier, self.more)


Choose = Callable[[Talk, Question, Inbound], Awaitable[Picked | str | None]]


def ask_which_class(talk: Talk, class_ids: Sequence[int]) -> str:
    """The text fits more than one class."""
    names = [talk.room(class_id).name for class_id in class_ids]
    return ask_which(talk, "which_class", class_ids[0], names, {"pick": "class", "classes": [*class_ids]})


def ask_which_pupil(talk: Talk, class_id: int, doubts: Sequence[Doubt], pupils: Mapping[int, Pupil]) -> str:
    """Names that sound like somebody's, or two pupils of one name: they are told apart by their seats."""
    choices = [(doubt.said, student_id) for doubt in doubts for student_id in doubt.candidates]
    shown = [_shown(pupils[student_id]) for _, student_id in choices]
    facts = {"pick": "pupil", "room_id": class_id, "meant": dict(talk.meant), "more": talk.more, "choices": choices}
    said = "、".join(dict.fromkeys(doubt.said for doubt in doubts))
    return ask_which(talk, "sheet_unclear", class_id, shown, facts, said=said)


def ask_whether_all(talk: Talk, class_id: int, alone: str, together: str) -> str:
    """A text names absent pupils in correction: these alone, or these and those who were named before?"""
    shown = [phrase("sheet_scope.alone", names=alone), phrase("sheet_scope.together", names=together)]
    facts = {"pick": "scope", "room_id": class_id, "meant": dict(talk.meant), "more": talk.more}
    return ask_which(talk, "sheet_scope", class_id, shown, facts)


def ask_for_more(talk: Talk, template: str, class_id: int, facts: Mapping[str, Any]) -> str:
    """Something is missing in the text: the next one completes it."""
    expires = (talk.work.now + LIFE).isoformat()
    return talk.say(
        template, class_id, question="pick", room_id=class_id, meant=dict(talk.meant), more=talk.more, question_expires=expires,
        inbound_id=talk.source_id, evening=talk.evening, **facts,
    )  # fmt: skip


async def picked(talk: Talk, more: Mapping[str, Choose]) -> Picked | str | None:
    """What was picked; a word when all has been said; None when nothing was asked or it is no such answer.

    `more`: how to read the answers to what other modules asked back.
    """
    question = talk.speaker.question("sheet", "boarding", "pick")
    if question is None or question.kind != "pick" or question.facts["evening"] != talk.evening:
        return None
    first = await talk.work.session.get_one(Inbound, question.facts["inbound_id"])
    choose = {**_CHOOSE, **more}[question.facts["pick"]]
    choice = await choose(talk, question, first)
    if choice is not None:
        await answered(talk.work, talk.inbound, question)
    return choice


async def end_picks(talk: Talk) -> None:
    """What was asked back before is answered or overtaken by this text."""
    open_picks = update(Question).where(Question.contact_id == talk.speaker.contact_id, Question.kind == "pick", Question.state == "open")
    await talk.work.session.execute(open_picks.values(state="withdrawn", ended_at=talk.work.now))


async def _class(talk: Talk, question: Question, earlier: Inbound) -> Picked | None:
    classes = [class_id for class_id in question.facts["classes"] if class_id in talk.rooms or class_id in talk.named]
    plain = normalise(talk.text)
    named = find_classes(plain, [talk.room(class_id) for class_id in classes])
    if len(named) == 1 and named[0].class_id is not None and named[0].said == plain.strip(" 。.!"):
        return Picked(earlier, (named[0].class_id,), {})
    picks = read_picks(talk.text, options=len(classes))
    if picks is None or picks == (NONE_OF_THEM,):
        return None
    return Picked(earlier, tuple(classes[number - 1] for number in picks), {})


async def _scope(talk: Talk, question: Question, earlier: Inbound) -> Picked | None:
    """1 these alone, 2 these as well; 0 is a sheet of its own."""
    picks = read_picks(talk.text, options=2)
    if picks not in {(1,), (2,)}:
        return None
    return Picked(earlier, (question.facts["room_id"],), question.facts["meant"], picks == (1,), _more(question))


async def _missing(talk: Talk, question: Question, earlier: Inbound) -> Picked | None:
    """Fewer than are missing are named: they are added to those named before.

    Whoever says how the others are, or the same names again, means these alone.
    """
    class_id = question.facts["room_id"]
    reading = await talk.reading(class_id, talk.text)
    names_some = 0 < reading.named_absent < question.facts["missing"] and reading.replaces is False
    if not names_some or reading.arrived or reading.same or reading.yesterday or reading.missing is not None:
        return None
    before = await talk.reading(class_id, completed(earlier, _more(question)))
    return None if reading.named == before.named else _completed(talk, question, earlier)


async def _wrong(talk: Talk, question: Question, earlier: Inbound) -> Picked | None:
    """ "That was wrong", and then "12": it is read as one text, so that it is asked whether 12 alone is absent."""
    class_id = question.facts["room_id"]
    reading = await talk.reading(class_id, talk.text)
    if not question.facts["alone"] or not reading.says_today or reading.yesterday:
        return None
    names_more = bool(reading.absent) and reading.replaces is False and not (reading.arrived or reading.same)
    was_of_yesterday = (await talk.reading(class_id, earlier.body)).yesterday
    return _completed(talk, question, earlier) if names_more or was_of_yesterday else None


def _completed(talk: Talk, question: Question, earlier: Inbound) -> Picked:
    more = "，".join(said for said in (_more(question), talk.text) if said)
    return Picked(earlier, (question.facts["room_id"],), question.facts["meant"], more=more)


def _more(question: Question) -> str:
    return str(question.facts.get("more", ""))  # questions asked before there was such a thing have none


async def _pupil(talk: Talk, question: Question, earlier: Inbound) -> Picked | str | None:
    facts = question.facts
    class_id, choices = facts["room_id"], [(said, student_id) for said, student_id in facts["choices"]]
    if class_id not in talk.rooms and class_id not in talk.named:
        return None
    pupils = await talk.pupils(class_id)
    seats = [pupils[student_id].seat if student_id in pupils else None for _, student_id in choices]
    picks = read_picks(talk.text, options=len(choices), seats=seats) or _by_name(talk.text, choices, pupils)
    if picks == (NONE_OF_THEM,):
        return talk.say("sheet_unread", class_id, unread="、".join(dict.fromkeys(said for said, _ in choices)))
    chosen = [choices[number - 1] for number in picks or ()]
    if not chosen or len({said for said, _ in chosen}) < len(chosen):
        return None
    return Picked(earlier, (class_id,), {**facts["meant"], **dict(chosen)}, more=_more(question))


_CHOOSE: Mapping[str, Choose] = {"class": _class, "scope": _scope, "missing": _missing, "wrong": _wrong, "pupil": _pupil}


def _by_name(text: str, choices: Sequence[tuple[str, int]], pupils: Mapping[int, Pupil]) -> tuple[int, ...] | None:
    """The full name of one of them, and of no other."""
    names = [normalise(pupils[student_id].name) if student_id in pupils else "" for _, student_id in choices]
    fitting = [number for number, name in enumerate(names, start=1) if name == normalise(text).strip(" 。.!")]
    return (fitting[0],) if len(fitting) == 1 else None


def ask_which(talk: Talk, template: str, class_id: int, shown: Sequence[str], facts: Mapping[str, Any], said: str = "") -> str:
    """Asks back with numbers; `facts` say how the answer is read."""
    options = " ".join(f"{number}{one}" for number, one in enumerate(shown, start=1))
    expires = (talk.work.now + LIFE).isoformat()
    buttons = [*shown[:SHOWN], *[""] * (SHOWN - len(shown))]
    return talk.say(
        template, class_id, question="pick", said=said, options=options, choice=buttons, question_expires=expires,
        inbound_id=talk.source_id, evening=talk.evening, **facts,
    )  # fmt: skip


def _shown(pupil: Pupil) -> str:
    return f"{pupil.name}({pupil.seat}号)" if pupil.seat is not None else pupil.name
