"""What else was said of a child today: a second answer corrects the first, and two guardians may differ.

Of answers that exclude each other only one can hold. What asks for help, or tells of a danger, holds beside anything else.
"""

from __future__ import annotations

from datetime import time

from sqlalchemy import or_, select

from cases.corrections import undo_answer
from cases.guardians import relation_of
from cases.matter import STARTS, Matter
from cases.tasks import NewTask, open_task
from cases.words import words
from storage.tables import GuardianAnswer
from storage.work import Work

EXCLUSIVE = frozenset({"leave", "promise", "claim_returned", "confirm_return", "deny_return", "enrolment_check"})
"""Effects that say where the child is, or when it comes: the newest word of one person counts."""

SAME = {"claim_returned": "confirm_return"}


async def said_before(matter: Matter) -> GuardianAnswer | None:
    """The same person's same word of today, where nothing new is in it."""
    return next((one for one in await _today(matter) if _is_own(matter, one) and _says_the_same(matter, one)), None)


def _is_own(matter: Matter, earlier: GuardianAnswer) -> bool:
    return earlier.person_id == matter.said.person_id


def _says_the_same(matter: Matter, earlier: GuardianAnswer) -> bool:
    said = matter.said
    if earlier.intent != said.intent or matter.rule.effect not in EXCLUSIVE | {"task", "aid"}:
        return False
    return said.since is None and said.on in {None, earlier.promised_on}


async def correct_own(matter: Matter) -> None:
    """The same person says something else of today than before: what the first word set going is taken back."""
    if matter.rule.effect not in EXCLUSIVE:
        return
    for earlier in await _today(matter):
        if _is_own(matter, earlier) and _effect(matter, earlier) in EXCLUSIVE and _of_later(earlier) == (matter.said.since is not None):
            await undo_answer(matter.work, earlier, goes_on=False)


async def weigh(matter: Matter) -> bool:
    """Compares with what other guardians said today; whether this answer counts.

    The more worrying one does (`worry` of the plan). Either way the teacher is shown both.
    """
    order = matter.desk.plan.worry
    if matter.said.intent not in order or matter.said.since is not None:
        return True
    others = [one for one in await _today(matter) if not _is_own(matter, one) and one.intent in order and _differs(matter, one)]
    others = [one for one in others if not _of_later(one)]
    if not others:
        return True
    gravest = min(others, key=lambda one: order.index(one.intent))
    counts = order.index(matter.said.intent) < order.index(gravest.intent)
    if counts:
        for lighter in others:
            await _set_aside(matter, lighter)
    await _show_both(matter, gravest)
    return counts


def _of_later(answer: GuardianAnswer) -> bool:
    """Whether it tells of a leave on a day to come, and nothing of today."""
    return STARTS in answer.effects


def _differs(matter: Matter, other: GuardianAnswer) -> bool:
    """Ill and on leave, or moved and transferred, say the same of where the child is."""
    mine, theirs = (SAME.get(effect or "", effect) for effect in (matter.rule.effect, _effect(matter, other)))
    return mine != theirs or (mine not in EXCLUSIVE and other.intent != matter.said.intent)


async def _set_aside(matter: Matter, lighter: GuardianAnswer) -> None:
    """What only explained the absence no longer does; a request for help stands."""
    if _effect(matter, lighter) in EXCLUSIVE:
        await undo_answer(matter.work, lighter, why="answer_set_aside", goes_on=False)


async def _show_both(matter: Matter, other: GuardianAnswer) -> None:
    work, desk = matter.work, matter.desk
    duty = desk.plan.duties.get("answers_differ") or desk.plan.duties["triage"]  # a plan from before there was this duty
    facts = {
        "first": await _told(work, matter.student.id, other.person_id, other.intent, sensitive=_is_sensitive(matter, other.intent)),
        "second": await _told(work, matter.student.id, matter.said.person_id, matter.said.intent, sensitive=matter.rule.sensitive),
    }
    key = f"student:{matter.student.id}:differ:{desk.today}:{other.id}:{matter.said.intent}"
    due = desk.calendar.after(work.now, duty.due)
    await open_task(work, desk, NewTask(key, "answers_differ", duty.role, due, duty.template, about=matter.about, facts=facts))


async def _told(work: Work, student_id: int, person_id: int | None, intent: str, *, sensitive: bool) -> str:
    """Who said what, for the teacher; what could hurt the child is not written out."""
    relation = await relation_of(work, student_id, person_id) if person_id is not None else None
    return words().told(relation, None if sensitive else intent)


def _effect(matter: Matter, answer: GuardianAnswer) -> str | None:
    rule = matter.desk.plan.answers.get(answer.intent)
    return rule.effect if rule else None


def _is_sensitive(matter: Matter, intent: str) -> bool:
    rule = matter.desk.plan.answers.get(intent)
    return rule is None or rule.sensitive


async def _today(matter: Matter) -> list[GuardianAnswer]:
    """Answers of today that stand, newest first, without those that were given just now with this one."""
    if matter.today is None:
        matter.today = await _read_today(matter)
    return [answer for answer in matter.today if answer.undone_at is None]


async def _read_today(matter: Matter) -> list[GuardianAnswer]:
    since = matter.desk.calendar.at(matter.desk.today, time.min)
    query = select(GuardianAnswer).where(
        GuardianAnswer.student_id == matter.student.id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= since,
        or_(GuardianAnswer.inbound_id.is_distinct_from(matter.said.inbound_id), GuardianAnswer.at < matter.work.now),
    )  # fmt: skip
    return list(await matter.work.session.scalars(query.order_by(GuardianAnswer.id.desc())))
