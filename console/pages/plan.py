"""The plan file as a diagram of the chain, with its table, and the rules that hold on every level. Nothing is changed here."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from console.chain import LEFT, WIDTH, drawing, duration, rows
from console.visit import Visit, Visiting
from storage.tables import PlanVersion

router = APIRouter(prefix="/plan")


@router.get("")
async def show(visit: Visiting) -> Response:
    t = visit.speech("plan")
    boxes, height = drawing(visit.plan, t)
    version = await visit.session.scalar(select(PlanVersion).order_by(PlanVersion.id.desc()).limit(1))
    return await visit.show(
        "plan", boxes=boxes, height=height, width=WIDTH, left=LEFT, rows=rows(visit.plan, t), duties=_duties(visit), version=version,
    )  # fmt: skip


def _duties(visit: Visit) -> list[tuple[str, str, str]]:
    """(task, role, by when) of what is owed outside the levels."""
    t = visit.speech("plan")
    return [
        (t.said(visit.plan.task_name(kind)), t.in_dict(visit.plan.roles, duty.role), duration(duty.due, t))
        for kind, duty in visit.plan.duties.items()
    ]
