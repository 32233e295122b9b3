"""When people are left in peace: a policy without any I/O."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.outbox.policy import DeliveryPolicy

AFTER_QUIET = timedelta(hours=2)
"""What the night delayed may still leave this long after it."""


def quiet_end(policy: DeliveryPolicy, at: datetime) -> datetime | None:
    """When the quiet hours in which `at` lies are over (UTC like `at`), or None by day."""
    local = at.astimezone(policy.zone)
    clock = local.time()
    if policy.quiet_from <= policy.quiet_until:
        is_quiet = policy.quiet_from <= clock < policy.quiet_until
    else:
        is_quiet = clock >= policy.quiet_from or clock < policy.quiet_until
    if not is_quiet:
        return None
    end = local.replace(hour=policy.quiet_until.hour, minute=policy.quiet_until.minute, second=0, microsecond=0)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(at.tzinfo)


def delayed(policy: DeliveryPolicy, urgency: str, at: datetime, expires_at: datetime) -> tuple[datetime, datetime] | None:
    """New due and expiry times of what may not leave at `at`; None when it may."""
    end = None if urgency == "safety" else quiet_end(policy, at)
    if end is None:
        return None
    return end, max(expires_at, end + AFTER_QUIET)
