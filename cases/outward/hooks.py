"""Who wants to hear of what: hooks are opened, stopped after days of failure, resumed and ended."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from sqlalchemy import select, update

from cases.plans import plan_in_force
from cases.responsible import CODE_LENGTH, in_force
from plan.calendar import Calendar
from storage.crypto import Cipher
from storage.tables import ApiHook, ApiKey, HookDelivery, Responsibility
from storage.work import Work

Kind = Literal[
    "case_opened", "case_relapsed", "level_entered", "back_at_school", "case_closed", "enrolment_noted", "enrolment_ended",
    "sheet_answered", "report_signed",
]  # fmt: skip
"""Events of the record that may be told outside: about them, ids, codes and days are known, nothing personal."""
STOPS_AFTER = timedelta(days=3)
"""Without one success."""


async def open_hook(work: Work, cipher: Cipher, key: ApiKey, url: str, kinds: Sequence[Kind]) -> tuple[ApiHook, str]:
    """The hook and the secret with which its calls are signed, which nobody sees again."""
    secret = f"whs_{secrets.token_urlsafe(32)}"
    hook = ApiHook(
        area_code=key.area_code, key_id=key.id, url=url, kinds=sorted(set(kinds)), secret_encrypted=cipher.encrypt(secret),
        state="open", created_at=work.now,
    )  # fmt: skip
    work.session.add(hook)
    await work.session.flush()
    _record(work, hook, "hook_opened", f"person:{key.person_id}")
    return hook, secret


async def resume_hook(work: Work, hook: ApiHook, *, by: str) -> None:
    """What has waited meanwhile is told now, in order."""
    hook.state, hook.failing_since = "open", None
    waiting = update(HookDelivery).where(HookDelivery.hook_id == hook.id, HookDelivery.state == "waiting")
    await work.session.execute(waiting.values(next_at=work.now))
    _record(work, hook, "hook_resumed", by)


def end_hook(work: Work, hook: ApiHook, *, by: str) -> None:
    """Nothing more is told."""
    hook.state = "ended"
    _record(work, hook, "hook_ended", by)


def _record(work: Work, hook: ApiHook, action: str, actor: str) -> None:
    work.record(action, f"hook:{hook.id}", area_code=hook.area_code, actor=actor, api_key_id=hook.key_id)


async def hook_failed(work: Work, hook: ApiHook) -> None:
    """After days without one success it is stopped, and the county is told; what is waiting stays for `resume_hook`."""
    hook.failing_since = hook.failing_since or work.now
    if hook.state != "open" or work.now - hook.failing_since < STOPS_AFTER:
        return
    hook.state = "stopped"
    _, plan = await plan_in_force(work.session)
    county = hook.area_code[: CODE_LENGTH["county"]]
    near = Responsibility.area_code.startswith(county)
    today = Calendar(plan).day_of(work.now)
    officers = select(Responsibility.person_id).where(Responsibility.role == plan.holes.role, near, *in_force(today)).distinct()
    for person_id in await work.session.scalars(officers):
        key = f"hook:{hook.id}:stopped:{work.now.isoformat()}:{person_id}"
        work.say(key, person_id, "hook_stopped", area_code=hook.area_code, facts={"hook_id": str(hook.id)})
    work.record("hook_stopped", f"hook:{hook.id}", area_code=hook.area_code)
