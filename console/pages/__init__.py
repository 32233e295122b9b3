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
    finding,
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
    """A line of the menu. `name`: its word in frame.yaml; `key`: pressed after g; `group`: the heading that it stands below."""

    name: str
    path: str
    key: str
    group: str


MENU: Sequence[Entry] = (
    Entry("today", "/today", "t", "daily"),
    Entry("tasks", "/tasks", "m", "daily"),
    Entry("ledger", "/ledger", "l", "daily"),
    Entry("areas", "/areas", "e", "daily"),
    Entry("notices", "/notices", "n", "daily"),
    Entry("reports", "/reports", "r", "daily"),
    Entry("students", "/students", "s", "children"),
    Entry("registers", "/registers", "c", "children"),
    Entry("enrolment", "/enrolment", "o", "children"),
    Entry("people", "/people", "p", "families"),
    Entry("triage", "/triage", "i", "families"),
    Entry("referrals", "/referrals", "y", "families"),
    Entry("aid", "/aid", "f", "families"),
    Entry("campaigns", "/campaigns", "b", "families"),
    Entry("supervision", "/supervision", "v", "office"),
    Entry("import", "/import", "u", "office"),
    Entry("keys", "/keys", "k", "office"),
    Entry("plan", "/plan", "h", "office"),
    Entry("deliveries", "/deliveries", "d", "office"),
    Entry("templates", "/templates", "w", "office"),
    Entry("record", "/record", "a", "office"),
)

MODULES = (
    today, tasks, case, ledger, areas, notices, reports, students, child_acts, registers, enrolment, people, triage, complaints, referrals,
    aid, campaigns, activities, supervision, importing, keys, plan, deliveries, templates, record, opening, photos, settings, finding,
)  # fmt: skip
ROUTERS: Sequence[APIRouter] = tuple(module.router for module in MODULES)
