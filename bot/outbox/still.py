"""Is it still true? Checked for whole batches, when a message is made and again just before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, Select, Text, and_, bindparam, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import Exists

from bot.outbox.policy import DeliveryPolicy
from cases.absences import OWN_REASONS
from cases.matter import NO_ANSWER, STARTS
from storage.tables import (
    Absence,
    AttendanceSheet,
    BoardingCheck,
    Campaign,
    CaseFile,
    GuardianAnswer,
    Guardianship,
    Intent,
    Leave,
    Message,
    MissingBoarder,
    Notice,
    PostCheck,
    Question,
    Task,
)


def _is_fact(column: Any, name: str) -> ColumnElement[bool]:
    # Compared as text: other templates may hold anything under the same name, and a failing cast would fail the whole batch.
    same: ColumnElement[bool] = func.to_char(column, "YYYY-MM-DD") == Intent.facts[name].astext
    return same


def _case(*conditions: ColumnElement[bool]) -> Exists:
    return exists().where(CaseFile.id == Intent.case_id, CaseFile.state == "open", *conditions)


def _task(*states: str) -> Exists:
    return exists().where(Task.id == Intent.task_id, Task.state.in_(states))


def _absence_open() -> ColumnElement[bool]:
    absent = exists().where(Absence.student_id == Intent.student_id, _is_fact(Absence.on, "on"), Absence.state == "absent")
    closed = exists().where(CaseFile.id == Intent.case_id, CaseFile.state == "closed")
    return and_(absent, ~closed)


def _untold() -> Exists:
    """Something earlier about the task has not left yet, as what is held through the night: it says the same in the same minute."""
    earlier = aliased(Intent)
    on_its_way = exists().where(Message.id == earlier.message_id, Message.sent_at.is_(None), Message.failed_at.is_(None))
    return exists().where(
        earlier.task_id == Intent.task_id, earlier.person_id == Intent.person_id, earlier.id < Intent.id,
        or_(earlier.state == "pending", on_its_way),
    )  # fmt: skip


def _sheet(*states: str) -> ColumnElement[bool]:
    return exists().where(AttendanceSheet.id == Intent.sheet_id, AttendanceSheet.state.in_(states))


def _check(*states: str) -> ColumnElement[bool]:
    # Compared as text, as above.
    return exists().where(cast(BoardingCheck.id, Text) == Intent.facts["check_id"].astext, BoardingCheck.state.in_(states))


def _boarder_missing() -> ColumnElement[bool]:
    return exists().where(
        MissingBoarder.student_id == Intent.student_id, MissingBoarder.state == "missing",
        cast(MissingBoarder.check_id, Text) == Intent.facts["check_id"].astext,
    )  # fmt: skip


def _notice_waiting() -> ColumnElement[bool]:
    return exists().where(
        Notice.id == Intent.notice_id, Notice.withdrawn_at.is_(None),
        CaseFile.id == Notice.case_id, CaseFile.state == "open", CaseFile.back_on.is_(None),
    )  # fmt: skip


def _answer_stands() -> ColumnElement[bool]:
    return exists().where(cast(GuardianAnswer.id, Text) == Intent.facts["answer_id"].astext, GuardianAnswer.undone_at.is_(None))


def _post_unconfirmed() -> ColumnElement[bool]:
    return exists().where(cast(PostCheck.id, Text) == Intent.facts["check_id"].astext, PostCheck.state.in_(("due", "asked")))


def _leave_ends() -> ColumnElement[bool]:
    leave = exists().where(
        cast(Leave.id, Text) == Intent.facts["leave_id"].astext, _is_fact(Leave.ends_on, "ends_on"), Leave.withdrawn_at.is_(None)
    )
    return and_(leave, _case(CaseFile.back_on.is_(None)))


def _unanswered(zone: ZoneInfo, beside: timedelta) -> ColumnElement[bool]:
    # An answer given earlier on the day of the intent stops it too: reminders are often written before the first answer.
    # And where the teacher has told why, somebody has been told of it: the family is not asked as if nobody knew.
    day = func.date_trunc("day", func.timezone(zone.key, Intent.created_at), type_=DateTime())
    answered = exists().where(
        GuardianAnswer.student_id == Intent.student_id,
        GuardianAnswer.undone_at.is_(None),
        GuardianAnswer.intent.not_in(NO_ANSWER),
        GuardianAnswer.effects[STARTS].astext.is_(None),
        GuardianAnswer.at >= func.timezone(zone.key, day),
    )
    told = exists().where(Absence.student_id == Intent.student_id, _is_fact(Absence.on, "on"), Absence.reason.not_in(OWN_REASONS))
    return and_(_case(CaseFile.back_on.is_(None)), ~answered, ~told, ~_just_asked(beside))


def _just_asked(beside: timedelta) -> Exists:
    """Something about the child was asked of them just before, as what a reply meant: a digit would be taken for the answer to both."""
    # Not by `state`: for each intent the server would look through the index of all open questions there are.
    return exists().where(
        Question.case_id == Intent.case_id, Question.student_id == Intent.student_id, Question.person_id == Intent.person_id,
        Question.ended_at.is_(None), Question.asked_at > Intent.due_at - beside, Question.intent_id != Intent.id,
    )  # fmt: skip


def checks(policy: DeliveryPolicy) -> dict[str, ColumnElement[bool]]:
    """By the name in `intent.still`."""
    return {
        "absence_open": _absence_open(),
        "case_open": _case(),
        "case_back": _case(CaseFile.back_on.is_not(None)),
        "case_away": _case(CaseFile.back_on.is_(None)),
        "task_open": _task("open", "acknowledged"),
        "task_told": and_(_task("open", "acknowledged"), ~_untold()),
        "task_unacknowledged": _task("open"),
        "sheet_unanswered": _sheet("asked", "taken_over"),
        "sheet_withdrawn": _sheet("withdrawn"),
        "boarding_unanswered": _check("asked"),
        "boarder_missing": _boarder_missing(),
        "notice_waiting": _notice_waiting(),
        "promise_stands": _case(CaseFile.back_on.is_(None), _is_fact(CaseFile.promised_on, "promised")),
        "unanswered": _unanswered(policy.zone, policy.not_beside),
        "answer_stands": _answer_stands(),
        "leave_ends": _leave_ends(),
        "campaign_on": exists().where(Campaign.id == Intent.campaign_id, Campaign.state.in_(("running", "done"))),
        "post_unconfirmed": _post_unconfirmed(),
    }


def _not_barred() -> ColumnElement[bool]:
    """A guardian under a no-contact rule hears nothing about the child, whoever asked for it."""
    return ~exists().where(
        Guardianship.student_id == Intent.student_id, Guardianship.person_id == Intent.person_id, Guardianship.no_contact
    )


async def still_true(session: AsyncSession, stills: Mapping[int, str | None], policy: DeliveryPolicy) -> set[int]:
    """Those of the intents (with the names of their checks) that may still be said. An unknown check is an error of ours: never true."""
    if not stills:
        return set()
    asked = frozenset(still for still in stills.values() if still is not None)
    return set(await session.scalars(_holding(asked, policy), {"ids": list(stills)}))


class OfChild(Protocol):
    """An intent, as far as `not_missed` is concerned."""

    @property
    def id(self) -> int: ...
    @property
    def still(self) -> str | None: ...
    @property
    def student_id(self) -> int | None: ...


async def not_missed(session: AsyncSession, late: Sequence[OfChild], policy: DeliveryPolicy) -> set[int]:
    """Of the intents whose time is over those about a child that would not have been said by now: the child is back, the case is closed.

    A sheet that closed unanswered is missed: it closed because nobody was asked.
    """
    stills = {intent.id: intent.still for intent in late if intent.student_id is not None}
    return stills.keys() - await still_true(session, stills, policy)


@lru_cache
def _holding(asked: frozenset[str], policy: DeliveryPolicy) -> Select[int]:
    """Of all the checks only what is asked for: the others would cost more to plan than these to carry out."""
    named = [(name, check) for name, check in checks(policy).items() if name in asked]
    holds = or_(Intent.still.is_(None), *(and_(Intent.still == name, check) for name, check in named))
    return select(Intent.id).where(Intent.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))), holds, _not_barred())
