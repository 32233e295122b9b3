"""Old traffic with other systems is deleted; what happened itself stays in the record."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import delete, or_, select

from plan.model import Plan
from storage.tables import ApiCall, ApiHook, HookDelivery
from storage.work import Work


async def forget_calls(work: Work, plan: Plan, day: date) -> None:  # noqa: ARG001 - the shape of a daily job
    """Answered calls, what hooks were told, and what waits for hooks that have ended. Once more changes nothing."""
    calls = ApiCall.called_at < work.now - timedelta(days=plan.outward.calls_days)
    await work.session.execute(delete(ApiCall).where(calls))
    told = work.now - timedelta(days=plan.outward.told_days)
    ended = HookDelivery.hook_id.in_(select(ApiHook.id).where(ApiHook.state == "ended"))
    past = or_((HookDelivery.state == "delivered") & (HookDelivery.done_at < told), ended & (HookDelivery.next_at < told))
    await work.session.execute(delete(HookDelivery).where(past))
