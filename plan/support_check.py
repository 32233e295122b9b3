"""What is wrong with the plan's aid, referrals and complaints, in sentences for a county officer."""

from __future__ import annotations

from collections.abc import Iterator

from plan.model import Plan
from plan.reading import Problem


def support_problems(plan: Plan) -> Iterator[Problem]:
    """Every problem of these three sections."""
    yield from _aid(plan)
    yield from _referrals(plan)
    yield from _complaints(plan)


def _aid(plan: Plan) -> Iterator[Problem]:
    for name, kind in plan.aid.kinds.items():
        place = f"aid.kinds.{name}.amounts"
        for stage, amount in kind.amounts.items():
            if amount <= 0:
                yield Problem(place, f"金额要大于0（{amount}）", f"an amount must be above 0, not {amount}")
            if stage not in kind.stages:
                yield Problem(place, f"“{stage}”不在 stages 里", f"{stage!r} is not among the stages")
        if kind.amounts and not (kind.source and kind.as_of):
            yield Problem(f"aid.kinds.{name}.source", "金额要写来源和日期（source, as_of）", "say where they come from: source, as_of")
    if plan.aid.kinds and "aid_payment" not in plan.tasks:
        yield Problem("tasks", "任务“aid_payment”没有写中文名称，请加到 tasks", "task 'aid_payment' has no label: add it under tasks")


def _referrals(plan: Plan) -> Iterator[Problem]:
    for name, kind in plan.referrals.items():
        for department in kind.also:
            if department not in kind.departments:
                yield Problem(
                    f"referrals.{name}.also", f"“{department}”不是这种移送的部门", f"{department!r} is not a department of this kind"
                )


def _complaints(plan: Plan) -> Iterator[Problem]:
    uses = any(answer.effect == "complaint" for answer in plan.answers.values())
    role = plan.roles.get(plan.complaints.role or plan.holes.role)
    if uses and role is not None and {"class", "school", "village", "township"} & set(role.scope):
        yield Problem("complaints.role", "投诉只能由县级及以上岗位办理", "complaints are taken up at the county or above only")
    if uses and "complaint" not in plan.tasks:
        yield Problem("tasks", "任务“complaint”没有写中文名称，请加到 tasks", "task 'complaint' has no label: add it under tasks")
    elif uses and not plan.tasks["complaint"].outside_school:
        yield Problem(
            "tasks.complaint", "投诉不能让学校知道（outside_school: true）", "must be kept from the school (outside_school: true)"
        )
