"""What was nearly understood is not acted on: it is put to the family in one line, right or wrong by one digit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from bot.dialogs.phrases import choices, listed, may_be_repeated, phrase, spoken_day
from bot.dialogs.taking_back import UNDO_KEY
from bot.dialogs.talk import ASKED, Talk
from bot.replies import Child, Reading, SchoolYear, likeliest, may_accuse_school, read_guardian
from bot.replies.hints import after_yes, agrees, digit_alone, leaves_day_open, takes_back
from bot.replies.normalise import normalise
from storage.tables import Question, Student

RIGHT, WRONG = 1, 2
ANSWERS_ONLY = {"acknowledged": "notice", "confirm_yes": "confirm_return", "confirm_no": "confirm_return"}
DATED = {"will_return": "understood.will_return", "sick": "understood.sick_until", "leave": "understood.leave_until"}
UNDATED = {"will_return": "understood.will_return_undated"}
_CERTAIN = 1.0


def check_back(talk: Talk, children: Sequence[Student], kind: str, readings: Sequence[Reading]) -> bool:
    """False where there is not one meaning of each child that may be repeated: then the whole question is put again."""
    each = [(child, _meaning(talk, child, children, kind, readings)) for child in children]
    found = [(child, reading) for child, reading in each if reading is not None and _may_be_put(talk, reading, kind)]
    if len(found) < len(children):
        return False
    offered = choices("meant")
    for child, reading in found:
        talk.ask(
            kind, "reply_meant", child, understood=_in_words(talk, reading), options=listed(offered), choices=offered, meant=_kept(reading),
            words_id=talk.inbound.id,
        )  # fmt: skip
    return True


def confirmed(talk: Talk) -> list[Reading] | None:
    """What the family says yes to, of every child that it was asked about."""
    asked, body = _put(talk), talk.inbound.body
    is_yes = asked and (_answers(body, RIGHT, agrees) or (len(asked) == 1 and _says_it_again(talk, asked[0])))
    return [_again(one, body) for one in asked] if is_yes else None


def _says_it_again(talk: Talk, asked: Question) -> bool:
    """A yes, and behind it nothing but what was put: 对对，就是拉肚子."""
    rest, put, speaker = after_yes(talk.inbound.body), _again(asked, ""), talk.speaker
    if not rest:
        return False
    said = read_guardian(rest, question=asked.kind, children=talk.named(), today=speaker.today, school=speaker.school_year)
    return all(one.intent == put.intent and one.on in {None, put.on} for one in said)


def is_denied(talk: Talk) -> bool:
    """Whether the family says that it meant something else."""
    body = talk.inbound.body
    return bool(_put(talk)) and (_answers(body, WRONG, takes_back) or normalise(body) == UNDO_KEY)


def is_unanswered(talk: Talk) -> bool:
    """Whether what was put waits for a yes or no: what "不对" takes back is this, and no earlier answer."""
    return bool(_put(talk)) and not was_confirmed(talk)


def was_confirmed(talk: Talk) -> bool:
    """Whether the yes was said before: twice by an impatient finger, or to be taken back now."""
    return any(one.state == "answered" for one in _put(talk))


def _answers(body: str, digit: int, words: Callable[[str], bool]) -> bool:
    """The digit, the words, or both: 1, 对, 1对."""
    plain = normalise(body)
    return digit_alone(plain) == digit or words(plain.removeprefix(str(digit)).strip(" ,.。、"))


def _may_be_put(talk: Talk, reading: Reading, kind: str) -> bool:
    rule = talk.speaker.plan.answers.get(reading.intent)
    return rule is not None and not rule.sensitive and fits_one_line(reading, kind)


def one_line(
    readings: Sequence[Reading], text: str, *, question: str, children: Sequence[Child], today: date, school: SchoolYear
) -> Reading | None:
    """What of a text about one child is put in one line; None where only its day is open, or it may accuse the school."""
    is_open = question != "confirm_return" and leaves_day_open(text, children=children, today=today, school=school)
    if is_open or may_accuse_school(text):
        return None
    found = likeliest(readings, text, question=question, children=children, today=today, school=school)
    return found if found is not None and fits_one_line(found, question) else None


def fits_one_line(reading: Reading, kind: str) -> bool:
    """Not what could hurt the child on a shared phone, what answers another question, or a leave whose days cannot be said in one line."""
    answers_it = kind == ANSWERS_ONLY.get(reading.intent, kind)
    return answers_it and may_be_repeated(reading.intent) and (reading.since is None or reading.on is not None)


def _meaning(talk: Talk, child: Student, children: Sequence[Student], kind: str, readings: Sequence[Reading]) -> Reading | None:
    """Of one child what is likeliest; of several what was said of each by name."""
    body = talk.inbound.body
    if len(children) > 1:
        own = [one for one in readings if one.student_id == child.id]
        return own[0] if len(own) == 1 and not may_accuse_school(body) else None
    if any(one.student_id not in {None, child.id} for one in readings):
        return None
    speaker = talk.speaker
    return one_line(readings, body, question=kind, children=talk.named(), today=speaker.today, school=speaker.school_year)


def _put(talk: Talk) -> list[Question]:
    """The questions of one message that say what was understood; those that wait for an answer, where there are such."""
    is_asked = talk.question is not None and talk.question.kind in ASKED and "meant" in talk.question.facts
    put = [one for one in talk.together if "meant" in one.facts] if is_asked else []
    return [one for one in put if one.state == "open"] or put


def _again(question: Question, body: str) -> Reading:
    meant = question.facts["meant"]
    on, since, until = (date.fromisoformat(day) if day else None for day in (meant["on"], meant["since"], meant["until"]))
    return Reading(question.student_id, meant["intent"], on, _CERTAIN, body, since, until)


def _kept(reading: Reading) -> dict[str, str | None]:
    on, since, until = (day.isoformat() if day else None for day in (reading.on, reading.since, reading.until))
    return {"intent": reading.intent, "on": on, "since": since, "until": until}


def _in_words(talk: Talk, reading: Reading) -> str:
    """As it would be confirmed if it were sure: a day on which there is no school is the next one that is."""
    if reading.on is None or reading.intent not in DATED:
        return phrase(UNDATED.get(reading.intent, f"understood.{reading.intent}"))
    if reading.since is not None:
        back = talk.speaker.calendar.nth_school_day(reading.on, 1)
        return phrase(f"understood.{reading.intent}_later", first=spoken_day(reading.since), on=spoken_day(back))
    return phrase(DATED[reading.intent], on=spoken_day(talk.speaker.calendar.nth_school_day(reading.on, 1)))
