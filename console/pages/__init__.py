"""The console's pages, a module each. A new page is a module with a `router`, a template and words of its name, and one line here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from console.pages import (
    activities,
    aid,
    areas,
    campaigns,
    case,
    child_acts,
    complaints,
    deliveries,
    enrolment,
    importing,
    keys,
    ledger,
    notices,
    opening,
    people,
    photos,
    plan,
    record,
    referrals,
    registers,
    reports,
    settings,
    students,
    supervision,
    tasks,
    templates,
    today,
    triage,
)


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
    Entry("areas", "/areas", "e"),
    Entry("notices", "/notices", "n"),
    Entry("reports", "/reports", "r"),
    Entry("students", "/students", "s"),
    Entry("registers", "/registers", "c"),
    Entry("enrolment", "/enrolment", "o"),
    Entry("people", "/people", "p"),
    Entry("triage", "/triage", "i"),
    Entry("referrals", "/referrals", "y"),
    Entry("aid", "/aid", "f"),
    Entry("campaigns", "/campaigns", "b"),
    Entry("supervision", "/supervision", "v"),
    Entry("import", "/import", "u"),
    Entry("keys", "/keys", "k"),
    Entry("plan", "/plan", "h"),
    Entry("deliveries", "/deliveries", "d"),
    Entry("templates", "/templates", "w"),
    Entry("record", "/record", "a"),
)

MODULES = (
    today, tasks, case, ledger, areas, notices, reports, students, child_acts, registers, enrolment, people, triage, complaints, referrals,
    aid, campaigns, activities, supervision, importing, keys, plan, deliveries, templates, record, opening, photos, settings,
)  # fmt: skip
ROUTERS: Sequence[APIRouter] = tuple(module.router for module in MODULES)
