"""Which of our numbers send, and what became of the messages, per number and day."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from bot.outbox.report import delivery_report
from console.visit import Visiting
from storage.tables import Sender

router = APIRouter(prefix="/deliveries")
DAYS = (1, 7, 31)


@router.get("")
async def show(visit: Visiting, days: int = 7) -> Response:
    """`days`: how many, today included; one of those that are offered."""
    chosen = days if days in DAYS else DAYS[1]
    rows = await delivery_report(visit.session, visit.today - timedelta(days=chosen - 1), visit.today, visit.plan.zone)
    senders = (await visit.session.scalars(select(Sender).order_by(Sender.id))).all()
    return await visit.show(
        "deliveries", rows=[row for row in rows if row.day is not None], total=next((row for row in rows if row.day is None), None),
        senders=senders, days=chosen, offered=DAYS,
    )  # fmt: skip
