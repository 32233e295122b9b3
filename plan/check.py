"""Reads a plan file and says, in sentences for a county officer, what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import holidays
from pydantic import ValidationError

from plan.check_answers import answer_problems
from plan.check_counting import counting_problems
from plan.check_enrolment import enrolment_problems, enrolment_templates
from plan.check_levels import level_problems
from plan.check_roles import role_problems
from plan.deliveries import delivery_problems
from plan.model import Plan
from plan.publicity_check import publicity_problems
from plan.reading import PlanFault, Problem, load, shape_problem
from plan.support_check import support_problems

__all__ = ["PlanFault", "Problem", "read_plan"]


def read_plan(text: str, templates: Collection[str] | None = None) -> Plan:
    """The plan in this YAML text. `templates` are the message templates that exist; None leaves them unchecked.

    Raises PlanFault with every problem found.
    """
    data = load(text)
    try:
        plan = Plan.model_validate(data)
    except ValidationError as error:
        raise PlanFault([shape_problem(entry) for entry in error.errors()]) from None
    if problems := list(_problems(plan, templates)):
        raise PlanFault(problems)
    return plan


def _problems(plan: Plan, templates: Collection[str] | None) -> Iterator[Problem]:
    yield from role_problems(plan)
    yield from _time_problems(plan)
    yield from level_problems(plan)
    yield from _label_problems(plan)
    yield from answer_problems(plan)
    yield from delivery_problems(plan.deliveries)
    yield from support_problems(plan)
    yield from enrolment_problems(plan)
    yield from publicity_problems(plan)
    yield from counting_problems(plan)
    if plan.areas.still_you and "post_changed" not in plan.duties:
        yield Problem("duties", "缺少任务“post_changed”", "duty 'post_changed' is missing")
    if templates is not None:
        yield from _template_problems(plan, templates)


def _time_problems(plan: Plan) -> Iterator[Problem]:
    if plan.quiet_hours.since == plan.quiet_hours.until:
        yield Problem("quiet_hours", "免打扰时段的开始和结束相同", "the quiet hours begin and end at the same time")
    evening = plan.boarding
    if evening is not None and not evening.ask_at < evening.remind_at < evening.closes_at:
        yield Problem(
            "boarding", "时间要按 ask_at、remind_at、closes_at 先后排列", "the times must follow each other: ask_at, remind_at, closes_at"
        )
    if evening is not None and not (evening.weekdays or evening.after_days_off):
        yield Problem("boarding", "要写明哪一天（weekdays 或 after_days_off）", "say on which evening: weekdays or after_days_off")
    for index, vacation in enumerate(plan.vacations):
        if vacation.until < vacation.since:
            yield Problem(f"vacations[{index}]", "假期的结束早于开始", "the vacation ends before it begins")
    for index, event in enumerate(plan.events):
        if event.until < event.since:
            yield Problem(f"events[{index}]", f"“{event.name}”的结束早于开始", f"{event.name} ends before it begins")
    if plan.holidays not in holidays.list_supported_countries():
        yield Problem("holidays", f"没有“{plan.holidays}”的节假日，中国写 CN", f"no holidays are known for {plan.holidays!r}")


def _label_problems(plan: Plan) -> Iterator[Problem]:
    tasks = [(f"levels[{i}].owed", step.task) for i, rung in enumerate(plan.levels) for step in rung.owed]
    tasks += [("tasks", "follow_up"), *((f"duties.{name}", name) for name in plan.duties)]
    tasks += [(f"answers.{name}.task", answer.task) for name, answer in plan.answers.items() if answer.task]
    tasks += [("postponing.never", task) for task in plan.postponing.never]
    tasks += [("reports.kinds", task) for task in ("confirm_report", "sign_report") if plan.reports.kinds]
    tasks += [("areas.still_you", "post_changed")] if plan.areas.still_you else []
    for place, task in tasks:
        if task not in plan.tasks:
            yield Problem(place, f"任务“{task}”没有写中文名称，请加到 tasks", f"task {task!r} has no label: add it under tasks")
    for name in sorted(REQUIRED_DUTIES - set(plan.duties)):
        yield Problem("duties", f"缺少任务“{name}”", f"duty {name!r} is missing")
    for name, kind in plan.referrals.items():
        for department in kind.departments:
            if department not in plan.departments:
                yield Problem(f"referrals.{name}.departments", f"没有“{department}”这个部门", f"unknown department {department!r}")


REQUIRED_DUTIES = {
    "find_contact", "triage", "triage_unknown", "check_return", "confirm_return", "leave_follow_up", "mass_absence", "safety",
    "approve_referral", "roster_check", "resend_expired", "answers_differ",
}  # fmt: skip


def _template_problems(plan: Plan, templates: Collection[str]) -> Iterator[Problem]:
    named = [(f"levels[{i}].asks", step.template) for i, rung in enumerate(plan.levels) for step in rung.asks]
    named += [(f"levels[{i}].told", step.template) for i, rung in enumerate(plan.levels) for step in rung.told]
    named += [(f"notices.{name}.template", kind.template) for name, kind in plan.notices.items()]
    named += [(f"levels[{i}].owed", step.template) for i, rung in enumerate(plan.levels) for step in rung.owed]
    named += [(f"duties.{name}.template", duty.template) for name, duty in plan.duties.items()]
    named += [(f"answers.{name}.template", answer.template) for name, answer in plan.answers.items()]
    named += [("safety.template", plan.safety.template), ("holes.template", plan.holes.template)]
    named += enrolment_templates(plan)
    for place, template in named:
        if template not in templates:
            yield Problem(place, f"没有“{template}”这个消息模板", f"there is no message template {template!r}")
