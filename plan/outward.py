"""What is kept of the traffic with other systems (docs/api.md), and for how long."""

from __future__ import annotations

from pydantic import Field

from plan.parts import Part


class Outward(Part):
    """`calls_days`: a call with the same Idempotency-Key is known again for so long; `told_days`: what hooks were told stays listed."""

    calls_days: int = Field(default=30, ge=2, le=400)
    told_days: int = Field(default=90, ge=2, le=400)
