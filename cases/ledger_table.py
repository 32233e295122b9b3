"""The ledger as a table for people, and its counts by cause, level, owner and township."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from cases.ledger import LedgerRow
from cases.ledger_entries import Confirmation, Entry, Measure, sensitive_causes
from cases.names import area_names
from cases.shown import Cell, Shown, said, table, texts, word
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Difference, Task
from storage.work import Work

TOWNSHIP = 9
"""Digits of a township's code."""


def ledger_table(work: Work, plan: Plan, found: Sequence[Entry], area: str, view: str, *, with_sensitive: bool = False) -> Shown:
    """The whole ledger. What families told in confidence stands in it only `with_sensitive`."""
    calendar = Calendar(plan)
    hidden = frozenset() if with_sensitive else sensitive_causes(plan)
    notes = [texts()["ledger"]["hidden_note"]] if any(entry.row.cause in hidden for entry in found) else []
    rows = [_line(entry, plan, calendar, hidden) for entry in found]
    now = f"{calendar.local(work.now):%Y-%m-%d %H:%M}"
    return table("ledger", rows, notes=notes, area=area, view=texts()["ledger"]["views"][view], now=now)


def _line(entry: Entry, plan: Plan, calendar: Calendar, hidden: frozenset[str]) -> dict[str, Cell]:
    row = entry.row
    return {
        "number": row.number, "child": row.student, "sex": word("sexes", row.sex), "age": entry.age, "school": row.school,
        "class_name": row.class_name, "family": _family(entry), "cause": cause_name(plan, row.cause, hidden),
        "opened": calendar.day_of(row.opened_at), "level": level_name(plan, row.level),
        "owner": _owner(entry, plan), "due": calendar.local(row.due_at) if row.due_at else None,
        "measures": "\n".join(dict.fromkeys(measure_text(plan, one) for one in entry.measures)),
        "exit": exit_name(plan, row.exit), "closed": calendar.day_of(row.closed_at) if row.closed_at else None,
        "first": confirmation_text(calendar, entry.first), "second": confirmation_text(calendar, entry.second),
    }  # fmt: skip


def cause_name(plan: Plan, cause: str | None, hidden: frozenset[str] = frozenset()) -> str:
    """A cause in Chinese; not one that is hidden."""
    if cause in hidden:
        return str(texts()["ledger"]["hidden"])
    return plan.causes[cause].zh if cause in plan.causes else cause or ""


def level_name(plan: Plan, level: int) -> str:
    """ "3 学校和村委会"."""
    return next((f"{level} {rung.name.zh}" for rung in plan.levels if rung.level == level), str(level))


def exit_name(plan: Plan, exit_kind: str | None) -> str:
    """How a case ended, in Chinese; empty for an open one."""
    return plan.exits[exit_kind].zh if exit_kind in plan.exits else exit_kind or ""


def _family(entry: Entry) -> str:
    people = "、".join(f"{word('relations', relation)}{name}" for relation, name in entry.family)
    return "；".join(part for part in (people, "、".join(word("categories", one) for one in entry.categories)) if part)


def _owner(entry: Entry, plan: Plan) -> str:
    if entry.row.owner_role is None:
        return ""
    return f"{plan.role_name(entry.row.owner_role)} {'、'.join(entry.owners)}".strip()


def measure_text(plan: Plan, one: Measure) -> str:
    """ "11-05 签发返校通知书锁南返通〔2026〕1号（赵干事）"."""
    what, _, detail = one.what.partition(":")
    if what == "referral":
        department = plan.departments[detail].zh if detail in plan.departments else detail
        text = said("referred") + department
    elif what in {"notice", "delivered"}:
        text = said("issued" if what == "notice" else "delivered") + word("notices", detail)
    else:
        text = plan.task_name(what).zh
    return f"{one.on:%m-%d} {text}{one.number or ''}{f'（{one.by}）' if one.by else ''}"


def confirmation_text(calendar: Calendar, one: Confirmation | None) -> str:
    """Who, when, and on what ground."""
    if one is None:
        return ""
    when = f"{calendar.local(one.at):%Y-%m-%d %H:%M}" if one.at else ""
    return " ".join(part for part in (one.who or "", when, word("grounds", one.ground), one.said or "") if part)


async def ledger_counts(work: Work, plan: Plan, rows: Sequence[LedgerRow], area: str, view: str) -> Shown:
    """How many there are of each cause, level, owing role and township, the most first."""
    names = await area_names(work.session, {row.school_area_code[:TOWNSHIP] for row in rows})
    unknown, nobody = texts()["ledger_counts"]["unknown"], texts()["ledger_counts"]["nobody"]
    hidden = sensitive_causes(plan)
    keys: dict[str, Callable[[LedgerRow], str]] = {
        "cause": lambda row: cause_name(plan, row.cause, hidden) or unknown,
        "level": lambda row: level_name(plan, row.level),
        "owner": lambda row: plan.role_name(row.owner_role) if row.owner_role else nobody,
        "area": lambda row: names.get(row.school_area_code[:TOWNSHIP], row.school_area_code),
    }
    lines: list[dict[str, Cell]] = [
        {"what": texts()["ledger_counts"]["groups"][group], "key": key, "count": number}
        for group, of in keys.items()
        for key, number in Counter(map(of, rows)).most_common()
    ]
    return table("ledger_counts", lines, area=area, view=texts()["ledger"]["views"][view])


def differences_table(plan: Plan, found: Sequence[tuple[Difference, str | None, str | None, Task | None]], area: str) -> Shown:
    """What the reconciliation found, with what was answered."""
    calendar, entry = Calendar(plan), texts()["differences"]
    kinds = plan.reconciliation.differences if plan.reconciliation else {}
    names: dict[str, str] = {name: kind.zh for name, kind in kinds.items()}
    rows: list[dict[str, Cell]] = [
        {
            "found": calendar.day_of(row.found_at), "kind": names.get(row.kind, row.kind), "school": school, "child": child,
            "role": plan.role_name(task.role) if task else None, "due": calendar.local(task.due_at) if task else None,
            "state": entry["states"][row.state], "said": task.result if task else None,
        }
        for row, school, child, task in found
    ]  # fmt: skip
    return table("differences", rows, area=area, view=texts()["ledger"]["views"]["all"])
