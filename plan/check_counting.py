"""What a plan file may say wrongly of reconciliation and supervision."""

from __future__ import annotations

from collections.abc import Iterator

from plan.model import Plan
from plan.reading import Problem

RECONCILE = "reconcile"
"""The kind of task by which a difference is owed an answer."""


def counting_roles(plan: Plan) -> Iterator[tuple[str, str]]:
    """(place, role) wherever these sections name a role."""
    for name, kind in plan.reconciliation.differences.items() if plan.reconciliation else ():
        yield f"reconciliation.differences.{name}.role", kind.role
    if (supervision := plan.supervision) is None:
        return
    for role, deciders in supervision.assessed.items():
        yield "supervision.assessed", role
        for decider in deciders:
            yield f"supervision.assessed.{role}", decider
    for field, roles in (("figures_by", supervision.figures_by), ("inspectors", supervision.inspectors)):
        for role in roles:
            yield f"supervision.{field}", role


def counting_problems(plan: Plan) -> Iterator[Problem]:
    """Sentences for an officer."""
    if plan.reconciliation is not None and RECONCILE not in plan.tasks:
        yield Problem("tasks", f"任务“{RECONCILE}”没有写中文名称，请加到 tasks", f"task {RECONCILE!r} has no label: add it under tasks")
    for role, deciders in plan.supervision.assessed.items() if plan.supervision else ():
        if not deciders:
            yield Problem(f"supervision.assessed.{role}", "没有写由谁决定", "nobody is named who may decide")
        if role in deciders:
            yield Problem(f"supervision.assessed.{role}", "不能由本岗位考核自己", "nobody decides about their own post")
