"""The auditor: independent of the ticks, it looks whether every open case has a living owner and every due step has happened."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, exists, func, select

from cases.responsible import in_force, usable
from cases.tasks import LIVING
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import (
    AttendanceSheet,
    AuditRun,
    CaseFile,
    Contact,
    Inbound,
    Intent,
    Message,
    PersonContact,
    Responsibility,
    Task,
    TaskHolder,
    is_waiting,
)
from storage.work import Work


async def audit(work: Work, plan: Plan) -> dict[str, list[int]]:
    """Looks at everything once, keeps what it found and tells the county. Finding → ids; empty when all is well."""
    late = work.now - timedelta(minutes=plan.audit.grace_minutes)
    today = Calendar(plan).day_of(work.now)
    checks = {
        "case_without_owner": select(CaseFile.id).where(CaseFile.state == "open", ~_owned(today)),
        "case_step_late": select(CaseFile.id).where(CaseFile.state == "open", CaseFile.next_at < late),
        "task_step_late": select(Task.id).where(Task.state.in_(LIVING), Task.next_at < late),
        "sheet_step_late": select(AttendanceSheet.id).where(AttendanceSheet.next_at < late),
        "intent_stuck": select(Intent.id).where(Intent.state == "pending", Intent.expires_at < late),
        "message_stuck": select(Message.id).where(is_waiting(), Message.expires_at < late),
        "inbound_unhandled": select(Inbound.id).where(Inbound.handled_at.is_(None), Inbound.received_at < late),
    }
    found = {name: list(await work.session.scalars(query.order_by(query.selected_columns[0]))) for name, query in checks.items()}
    findings = {name: ids for name, ids in found.items() if ids}
    await _keep(work, findings)
    if findings:
        await _tell(work, plan, sum(map(len, findings.values())))
    return findings


def _owned(today: date) -> ColumnElement[bool]:
    """The case has a living task whose holder can be reached."""
    return exists().where(
        Task.case_id == CaseFile.id, Task.state.in_(LIVING), TaskHolder.task_id == Task.id, TaskHolder.until.is_(None),
        PersonContact.person_id == TaskHolder.person_id, Contact.id == PersonContact.contact_id, *usable(today),
    )  # fmt: skip


async def _keep(work: Work, findings: dict[str, list[int]]) -> None:
    open_cases = await work.session.scalar(select(func.count()).select_from(CaseFile).where(CaseFile.state == "open"))
    work.session.add(AuditRun(at=work.now, open_cases=open_cases or 0, findings={name: ids[:200] for name, ids in findings.items()}))
    if findings:
        work.record("audit_found", "audit", area_code="", found={name: len(ids) for name, ids in findings.items()})


async def _tell(work: Work, plan: Plan, count: int) -> None:
    """Once a day and officer: the console and the record hold every finding."""
    today = Calendar(plan).day_of(work.now)
    officers = select(Responsibility.person_id, Responsibility.area_code).where(Responsibility.role == plan.audit.role, *in_force(today))
    for person_id, area_code in await work.session.execute(officers):
        work.say(f"audit:{today}:{person_id}", person_id, "audit_finding", area_code=area_code, facts={"count": str(count)})
