"""The console's pages, a module each. A new page is a module with a `router`, a template and words of its name, and one line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from console.pages import (
    activities,
    aid,
    campaigns,
    case,
    complaints,
    deliveries,
    importing,
    ledger,
    opening,
    people,
    plan,
    record,
    referrals,
    settings,
    students,
    supervision,
    tasks,
    templates,
    today,
    triage,
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A line of the menu. `name`: its word in frame.yaml; `key`: pressed after g."""

    name: str
    path: str
    key: str


MENU: Sequence[Entry] = (
    Entry("today", "/today", "t"),
    Entry("tasks", "/tasks", "m"),
    Entry("ledger", "/ledger", "l"),
    Entry("students", "/students", "s"),
    Entry("people", "/people", "p"),
    Entry("triage", "/triage", "i"),
    Entry("referrals", "/referrals", "r"),
    Entry("aid", "/aid", "f"),
    Entry("campaigns", "/campaigns", "c"),
    Entry("supervision", "/supervision", "v"),
    Entry("import", "/import", "u"),
    Entry("plan", "/plan", "n"),
    Entry("deliveries", "/deliveries", "d"),
    Entry("templates", "/templates", "w"),
    Entry("record", "/record", "a"),
)

MODULES = (
    today, tasks, case, ledger, students, people, deliveries, templates, record, opening, settings,
    triage, complaints, referrals, aid, campaigns, activities, plan, importing, supervision,
)  # fmt: skip
ROUTERS: Sequence[APIRouter] = tuple(module.router for module in MODULES)
