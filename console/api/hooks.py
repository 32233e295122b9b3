"""Another system subscribes to what happens in its area, looks at what was delivered, and resumes what was stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy import select

from bot.hooks.addresses import NotAllowed, check_url
from cases.outward.hooks import Kind, end_hook, open_hook, resume_hook
from console.api.caller import Caller, Hooking
from console.api.fields import LARGEST_ID, Body
from console.api.problems import Problem, Row
from storage.tables import ApiHook, Event, HookDelivery
from storage.work import Work, working

MOST = 100
HookId = Annotated[int, Path(ge=1, le=LARGEST_ID)]


class NewHook(Body):
    """Where to call, and of what."""

    url: Annotated[
        str,
        Field(
            min_length=9, max_length=500, pattern=r"^[!-~]*$", description="https://…", examples=["https://school.example/hooks/fanxiao"]
        ),
    ]
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=20)]


class Hook(Body):
    """`state`: open, stopped (failed for days), ended."""

    id: int
    url: str
    kinds: list[str]
    state: str
    created_at: datetime
    failing_since: datetime | None


class OpenedHook(Hook):
    """`secret`: with which calls are signed. It is shown this once."""

    secret: str


class Hooks(Body):
    """All of the key's area that have not ended."""

    hooks: list[Hook]


class Delivery(Body):
    """`status`: what was answered to the last try; `error`: why there was no answer."""

    id: str
    kind: str
    at: datetime
    state: str
    tries: int
    status: int | None
    error: str | None
    next_at: datetime | None
    done_at: datetime | None


class Deliveries(Body):
    """The newest hundred."""

    deliveries: list[Delivery]


router = APIRouter(prefix="/hooks", tags=["hooks"])


@router.post("", status_code=201)
async def subscribe(call: Hooking, wanted: NewHook) -> OpenedHook:
    """订阅推送 · Be called when something of these kinds happens in the key's area."""
    try:
        check_url(wanted.url, allow_private=call.parts.private_hooks)
    except NotAllowed as error:
        raise Problem("cannot_be", rows=[Row(0, "url", str(error))]) from error
    async with working(call.parts.worker, call.now) as work:
        hook, secret = await open_hook(work, call.parts.cipher, call.key, wanted.url, wanted.kinds)
    return OpenedHook(**_shown(hook).model_dump(), secret=secret)


@router.get("")
async def subscriptions(call: Hooking) -> Hooks:
    """订阅列表 · All subscriptions of the key's area."""
    query = select(ApiHook).where(ApiHook.state != "ended").order_by(ApiHook.id)
    return Hooks(hooks=[_shown(hook) for hook in await call.session.scalars(query)])


@router.delete("/{hook_id}")
async def unsubscribe(call: Hooking, hook_id: HookId) -> Hook:
    """取消订阅 · Nothing more is told."""
    await _seen(call, hook_id)
    async with working(call.parts.worker, call.now) as work:
        hook = await _living(work, hook_id)
        end_hook(work, hook, by=f"person:{call.key.person_id}")
    return _shown(hook)


@router.post("/{hook_id}/resume")
async def resume(call: Hooking, hook_id: HookId) -> Hook:
    """恢复推送 · A stopped subscription goes on; what has waited is told now."""
    await _seen(call, hook_id)
    async with working(call.parts.worker, call.now) as work:
        hook = await _living(work, hook_id)
        await resume_hook(work, hook, by=f"person:{call.key.person_id}")
    return _shown(hook)


@router.get("/{hook_id}/deliveries")
async def deliveries(call: Hooking, hook_id: HookId) -> Deliveries:
    """推送记录 · What was delivered, and what waits."""
    await _seen(call, hook_id)  # of a child whose home is elsewhere the key sees the case, but not each line of the record
    query = (
        select(HookDelivery, Event.action, Event.at)
        .join(Event, Event.id == HookDelivery.event_id)
        .where(HookDelivery.hook_id == hook_id)
        .order_by(HookDelivery.id.desc())
        .limit(MOST)
    )
    async with working(call.parts.worker, call.now) as work:
        rows = await work.session.execute(query)
        return Deliveries(deliveries=[_logged(delivery, kind, at) for delivery, kind, at in rows])


async def _seen(call: Caller, hook_id: int) -> None:
    found = await call.session.scalar(select(ApiHook.id).where(ApiHook.id == hook_id, ApiHook.state != "ended"))
    if found is None:
        raise Problem("not_found")


async def _living(work: Work, hook_id: int) -> ApiHook:
    """Locked; somebody else may have ended it meanwhile."""
    hook = await work.session.get_one(ApiHook, hook_id, with_for_update=True)
    if hook.state == "ended":
        raise Problem("not_found")
    return hook


def _shown(hook: ApiHook) -> Hook:
    return Hook(
        id=hook.id, url=hook.url, kinds=hook.kinds, state=hook.state, created_at=hook.created_at, failing_since=hook.failing_since
    )  # fmt: skip


def _logged(delivery: HookDelivery, kind: str, at: datetime) -> Delivery:
    waits = delivery.state == "waiting"
    return Delivery(
        id=f"evt_{delivery.id}", kind=kind, at=at, state=delivery.state, tries=delivery.tries, status=delivery.status,
        error=delivery.error, next_at=delivery.next_at if waits else None, done_at=delivery.done_at,
    )  # fmt: skip
