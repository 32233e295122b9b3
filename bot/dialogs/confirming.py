"""One line that says what was understood and can be taken back; what could hurt the child is never repeated."""

from __future__ import annotations

from datetime import date, timedelta

from bot.dialogs.follow_ups import ask_further
from bot.dialogs.phrases import choices, may_be_repeated, parted_options, phrase, spoken_day
from bot.dialogs.promising import say_who_calls
from bot.dialogs.talk import Talk
from bot.replies import Reading
from cases.matter import STARTS
from storage.tables import CaseFile, GuardianAnswer, Student, Task


async def confirm(talk: Talk, child: Student, reading: Reading, given: GuardianAnswer) -> None:
    """Together with what is asked further, if anything is."""
    rule = talk.speaker.plan.answers[reading.intent]
    repeated = may_be_repeated(reading.intent) and not rule.sensitive
    if STARTS in given.effects and await _is_away(talk, given):
        _ask_of_today(talk, child, _understood(talk, reading, given.effects))
        return
    understood = _understood(talk, reading, given.effects) if repeated else ""
    if rule.sensitive:
        talk.say("handed_over", child)
    elif await ask_further(talk, child, reading, given, understood):
        return
    elif repeated:
        talk.say("reply_understood", child, understood=understood)
    else:
        await say_who_calls(talk, child, await talk.work.session.get(Task, given.effects.get("task_id") or 0))


async def _is_away(talk: Talk, given: GuardianAnswer) -> bool:
    case = await talk.work.session.get(CaseFile, given.case_id) if given.case_id is not None else None
    return case is not None and case.state == "open" and case.back_on is None


def _ask_of_today(talk: Talk, child: Student, understood: str) -> None:
    """The leave begins on another day: why the child is absent now is as open as before."""
    kind = talk.kind if talk.kind in {"absence", "notice"} else "absence"
    offered = choices(kind)
    talk.ask(kind, "leave_later", child, understood=understood, **parted_options(offered), choices=offered)


def _understood(talk: Talk, reading: Reading, effects: dict[str, str]) -> str:
    if "promised_for" in effects and reading.on is not None:
        return phrase("understood.will_return", on=spoken_day(date.fromisoformat(effects["promised_for"])))
    if (until := effects.get("until")) is not None and (reading.on or reading.since or effects.get("until_said")):
        back = talk.speaker.calendar.nth_school_day(date.fromisoformat(until) + timedelta(days=1), 1)
        if STARTS in effects:
            first = date.fromisoformat(effects[STARTS])
            return phrase(f"understood.{reading.intent}_later", first=spoken_day(first), on=spoken_day(back))
        return phrase(f"understood.{reading.intent}_until", on=spoken_day(back))
    if reading.intent == "acknowledged" and (deadline := effects.get("deadline")) is not None:
        return phrase("understood.acknowledged_by", on=spoken_day(date.fromisoformat(deadline)))
    if reading.intent == "will_return" and reading.on is None:
        return phrase("understood.will_return_undated")
    return phrase(f"understood.{reading.intent}", on=spoken_day(reading.on or talk.speaker.today))
