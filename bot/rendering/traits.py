"""What the outbox needs to know of a template before it says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """Who reads it (guardian, teacher, officer), and the template that says several of its kind at once, if there is one."""

    audience: str
    merge: str | None = None
