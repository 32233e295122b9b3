"""What can be wrong with the plan's section on publicity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from plan.model import Plan
from plan.reading import Problem


def publicity_problems(plan: Plan) -> Iterator[Problem]:
    """Problems in sentences for an officer; its roles are checked with all the others."""
    section = plan.publicity
    if section.made_by and not section.approved_by:
        yield Problem("publicity.approved_by", "要写明由谁审批（approved_by）", "say which roles approve: approved_by")
    hours = {"usual_hour": section.usual_hour, "welcome.at": section.welcome.at if section.welcome else None}
    for name, hour in hours.items():
        if hour is not None and _is_quiet(plan, hour):
            yield Problem(f"publicity.{name}", "这个时间在免打扰时段内", "this time lies within the quiet hours")
    seen: dict[str, str] = {}
    for name, kind in section.activities.kinds.items():
        for word in {kind.zh, *kind.words}:
            if seen.setdefault(word, name) != name:
                yield Problem(
                    f"publicity.activities.kinds.{name}", f"“{word}”已经用在 {seen[word]}", f"{word!r} is a word of {seen[word]!r} already"
                )


def _is_quiet(plan: Plan, hour: time) -> bool:
    since, until = plan.quiet_hours.since, plan.quiet_hours.until
    return since <= hour < until if since <= until else hour >= since or hour < until
