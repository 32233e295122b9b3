"""A family says whether the teacher came to teach at home; "不对" takes it back, and it is asked once more."""

from __future__ import annotations

from datetime import datetime

from bot.dialogs.answering import answered
from bot.dialogs.phrases import phrase
from bot.dialogs.talk import Talk
from bot.outbox.questions import LESSON
from bot.replies.hints import digit_alone, visit_held
from bot.replies.normalise import normalise
from cases.lesson_families import last_word, lesson_day, note_family, take_word_back
from storage.tables import HomeLesson, Student


async def hear_lesson(talk: Talk) -> str | None:
    """Takes the text as the answer; None where it is none. A digit that was not offered is asked again."""
    question = talk.question
    if question is None or question.kind != LESSON:
        return None
    lesson = await talk.work.session.get_one(HomeLesson, question.facts["lesson_id"])
    child = talk.child(lesson.student_id)
    came = visit_held(talk.inbound.body)
    if came is None and digit_alone(normalise(talk.inbound.body)) is None:
        return None
    await talk.understood()
    if came is None:
        _ask(talk, child, lesson)
        return "asked_back"
    await note_family(talk.work, lesson, talk.speaker.person_id, came=came)
    await answered(talk.work, talk.inbound, question)
    talk.say("reply_understood", child, understood=phrase(f"understood.lesson_{'held' if came else 'missed'}", on=lesson_day(lesson)))
    return "lesson_answered"


def _ask(talk: Talk, child: Student, lesson: HomeLesson) -> None:
    talk.ask(LESSON, "lesson_question", child, day=lesson_day(lesson), lesson_id=lesson.id)


async def take_lesson_back(talk: Talk, *, since: datetime | None) -> bool:
    """Whether the last word of the writer, later than `since`, was about a visit: then it no longer stands and is asked for anew."""
    earliest = max(one for one in (since, talk.work.now - talk.speaker.plan.dialogs.family_undo) if one is not None)
    lesson = await last_word(talk.work, talk.speaker.person_id, earliest)
    if lesson is None:
        return False
    await take_word_back(talk.work, lesson)
    _ask(talk, talk.child(lesson.student_id), lesson)
    return True
