"""What the chain's rules may know of a case: one statement for one case, or for many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from cases.attended import attendance
from cases.desk import Desk
from cases.responsible import holders
from cases.tasks import LIVING
from plan.chain import CaseFacts, NoticeFacts
from storage.tables import CaseFile, CaseLevel, CaseStep, Leave, Notice, Referral, Task, TaskHolder
from storage.work import Work

AHEAD = "facts of cases read ahead"


@dataclass(frozen=True)
class Known:
    """What is stored about a case's episode. Lists of the same rows run side by side."""

    case_id: int
    levels: Sequence[int]
    entered: Sequence[datetime]
    steps: Sequence[str]
    open_tasks: int
    approved_at: datetime | None
    notices: Sequence[str]
    issued: Sequence[datetime | None]
    delivered: Sequence[datetime | None]
    deadlines: Sequence[date | None]
    declined: Sequence[datetime | None]
    attended: Sequence[date]
    leave_starts: Sequence[date]
    leave_ends: Sequence[date]
    is_held: bool  # by somebody who answers for what the present level owes

    def notice_facts(self) -> dict[str, NoticeFacts]:
        rows = zip(self.notices, self.issued, self.delivered, self.deadlines, self.declined, strict=True)
        return {kind: NoticeFacts(issued, delivered, on, declined) for kind, issued, delivered, on, declined in rows}

    def excused(self) -> frozenset[date]:
        """Days of the episode that do not count as absent: on leave, or at school."""
        return frozenset(self.attended).union(*(_days(first, last) for first, last in zip(self.leave_starts, self.leave_ends, strict=True)))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _rows(*columns: Any, of: tuple[ColumnElement[bool], ...], by: Any) -> list[ColumnElement[Any]]:
    """One array of each column, all in the same order."""
    return [func.array(select(column).where(*of).order_by(by).correlate(CaseFile).scalar_subquery()) for column in columns]


def _one(query: Select[Any]) -> ColumnElement[Any]:
    return query.correlate(CaseFile).scalar_subquery()


def _approved_at() -> ColumnElement[Any]:
    """When a referral of this episode was approved."""
    entered = select(func.min(CaseLevel.entered_at)).where(CaseLevel.case_id == CaseFile.id, CaseLevel.episode == CaseFile.episode)
    began = func.coalesce(_one(entered), CaseFile.opened_at)
    approved = (Referral.case_id == CaseFile.id, Referral.state.in_(("approved", "answered")), Referral.decided_at >= began)
    return _one(select(func.min(Referral.decided_at)).where(*approved))


def _is_held() -> ColumnElement[bool]:
    of_episode = func.starts_with(Task.key, func.concat("case:", CaseFile.id, ":", CaseFile.episode, ":"))
    owed = select(Task.id).join(TaskHolder).where(Task.case_id == CaseFile.id, Task.level == CaseFile.level, of_episode)
    return owed.where(TaskHolder.why.in_(("holder", "substitute", "delegate"))).correlate(CaseFile).exists()


def _query() -> Any:
    levels = (CaseLevel.case_id == CaseFile.id, CaseLevel.episode == CaseFile.episode)
    steps = (CaseStep.case_id == CaseFile.id, CaseStep.episode == CaseFile.episode)
    notices = (Notice.case_id == CaseFile.id, Notice.episode == CaseFile.episode)
    leaves = (Leave.student_id == CaseFile.student_id, Leave.withdrawn_at.is_(None), Leave.ends_on >= CaseFile.first_absent_on)
    living = (Task.case_id == CaseFile.id, Task.state.in_(LIVING), Task.kind != func.all(bindparam("outliving")))
    return select(
        CaseFile.id,
        *_rows(CaseLevel.level, CaseLevel.entered_at, of=levels, by=CaseLevel.id),
        *_rows(CaseStep.step, of=steps, by=CaseStep.at),
        _one(select(func.count(Task.id)).where(*living)),
        _approved_at(),
        *_rows(Notice.kind, Notice.issued_at, Notice.delivered_at, Notice.deadline_on, Notice.declined_at, of=notices, by=Notice.id),
        func.array(attendance(CaseFile.student_id, CaseFile.first_absent_on).correlate(CaseFile).scalar_subquery()),
        *_rows(Leave.starts_on, Leave.ends_on, of=leaves, by=Leave.id),
        _is_held(),
    )


QUERY = _query()
OF_CASE = QUERY.where(CaseFile.id == bindparam("case"))
"""The database keeps the plan of this one, and makes one anew for each list of cases: planning takes longer than carrying out."""
OF_CASES = QUERY.where(CaseFile.id == func.any(bindparam("cases")))


async def read_ahead(work: Work, outliving: Collection[str], case_ids: Collection[int]) -> None:
    """Reads many cases' facts at once; each serves the first look at its case, and nothing may change a case before that."""
    rows = await work.session.execute(OF_CASES, {"outliving": list(outliving), "cases": list(case_ids)})
    work.session.info[AHEAD] = {row[0]: Known(*row) for row in rows}


async def _known(work: Work, desk: Desk, case: CaseFile) -> Known:
    ahead: dict[int, Known] = work.session.info.get(AHEAD, {})
    if (known := ahead.pop(case.id, None)) is not None:
        return known
    await work.session.flush()
    row = (await work.session.execute(OF_CASE, {"outliving": desk.plan.outliving(), "case": case.id})).one()
    return Known(*row)


async def case_facts(work: Work, desk: Desk, case: CaseFile) -> CaseFacts:
    """What the chain's rules may know of a case, as things stand now."""
    known = await _known(work, desk, case)
    entered: Mapping[int, datetime] = dict(zip(known.levels, known.entered, strict=True))
    return CaseFacts(
        opened_at=min(known.entered, default=case.opened_at),
        first_absent_on=case.first_absent_on,
        level=case.level,
        entered=entered,
        excused=known.excused(),
        answered_until=case.answered_until,
        paused_until=case.paused_until,
        away=case.back_on is None,
        notices=known.notice_facts(),
        referral_approved_at=known.approved_at,
        unstaffed=frozenset() if known.is_held or await _is_staffed(work, desk, case) else frozenset({case.level}),
        steps=frozenset(known.steps),
        open_tasks=known.open_tasks,
    )


async def _is_staffed(work: Work, desk: Desk, case: CaseFile) -> bool:
    """Whether anybody at all is responsible for what the present level owes."""
    for step in desk.plan.at_level(case.level).owed:
        if step.undelivered_school_days is None and await holders(work.session, desk.plan, step.role, desk.place, desk.today):
            return True
    return False
