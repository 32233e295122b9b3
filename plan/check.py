"""Reads a plan file and says, in sentences for a county officer, what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import holidays
from pydantic import ValidationError

from plan.answers import Answer
from plan.check_counting import counting_problems, counting_roles
from plan.check_enrolment import enrolment_problems, enrolment_roles, enrolment_templates
from plan.deliveries import delivery_problems
from plan.levels import Owed
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
    yield from _role_problems(plan)
    yield from _ladder_problems(plan)
    yield from _time_problems(plan)
    yield from _level_problems(plan)
    yield from _begin_problems(plan)
    yield from _climb_problems(plan)
    yield from _order_problems(plan)
    yield from _label_problems(plan)
    yield from _notice_problems(plan)
    yield from _answer_problems(plan)
    yield from delivery_problems(plan.deliveries)
    yield from support_problems(plan)
    yield from enrolment_problems(plan)
    yield from publicity_problems(plan)
    yield from counting_problems(plan)
    if plan.areas.still_you and "post_changed" not in plan.duties:
        yield Problem("duties", "缺少任务“post_changed”", "duty 'post_changed' is missing")
    if templates is not None:
        yield from _template_problems(plan, templates)


def _named_roles(plan: Plan) -> Iterator[tuple[str, str]]:
    """(place, role) wherever the file names a role."""
    yield "attendance.role", plan.attendance.role
    yield "attendance.takeover.role", plan.attendance.takeover.role
    yield "attendance.digest.role", plan.attendance.digest.role
    yield "attendance.mass_absence.role", plan.attendance.mass_absence.role
    for role in plan.closures.roles:
        yield "closures.roles", role
    if plan.boarding is not None:
        yield "boarding.role", plan.boarding.role
        yield "boarding.told", plan.boarding.told
    for index, rung in enumerate(plan.levels):
        for number, step in enumerate(rung.owed):
            yield f"levels[{index}].owed[{number}].role", step.role
        for number, told in enumerate(rung.told):
            yield f"levels[{index}].told[{number}].role", told.role
        yield f"levels[{index}].follow_up.role", rung.follow_up.role
    for name, answer in plan.answers.items():
        if answer.role is not None:
            yield f"answers.{name}.role", answer.role
    for name, duty in plan.duties.items():
        yield f"duties.{name}.role", duty.role
    for name, way in plan.exits.items():
        for role in way.by:
            yield f"exits.{name}.by", role
    for role in plan.safety.roles:
        yield "safety.roles", role
    yield from enrolment_roles(plan)
    yield "holes.role", plan.holes.role
    yield "audit.role", plan.audit.role
    for role in plan.deliveries.by:
        yield "deliveries.by", role
    for role in plan.postponing.by:
        yield "postponing.by", role
    yield "aid.payment.role", plan.aid.payment.role or plan.holes.role
    yield "complaints.role", plan.complaints.role or plan.holes.role
    for name, kind in plan.referrals.items():
        for role in kind.by if kind.enabled else ():
            yield f"referrals.{name}.by", role
    yield from plan.publicity.roles()
    for role in plan.digest.weekly.roles if plan.digest.weekly else ():
        yield "digest.weekly.roles", role
    yield from counting_roles(plan)
    yield from plan.reports.roles()
    yield from plan.areas.roles()


def _role_problems(plan: Plan) -> Iterator[Problem]:
    for place, role in _named_roles(plan):
        if role not in plan.roles:
            yield Problem(place, f"没有“{role}”这个岗位，请先写进 roles", f"unknown role {role!r}: add it under roles")
    for name, role_entry in plan.roles.items():
        if role_entry.above is not None and role_entry.above not in plan.roles:
            yield Problem(f"roles.{name}.above", f"没有“{role_entry.above}”这个岗位", f"unknown role {role_entry.above!r}")


def _ladder_problems(plan: Plan) -> Iterator[Problem]:
    for name in plan.roles:
        seen, above = {name}, plan.roles[name].above
        while above is not None and above in plan.roles:
            if above in seen:
                if above == name:
                    yield Problem(f"roles.{name}.above", f"上级岗位绕成了圈（{above}）", f"the roles above form a loop at {above!r}")
                break
            seen.add(above)
            above = plan.roles[above].above


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


def _level_problems(plan: Plan) -> Iterator[Problem]:
    seen: set[int] = set()
    for index, rung in enumerate(plan.levels):
        if rung.level in seen:
            yield Problem(f"levels[{index}].level", f"第{rung.level}级写了两次", f"level {rung.level} is given twice")
        seen.add(rung.level)
        if not any(step.undelivered_school_days is None for step in rung.owed):
            yield Problem(f"levels[{index}].owed", f"第{rung.level}级没有人负责任何事", f"nobody owes anything at level {rung.level}")
        steps = [(step.task if isinstance(step, Owed) else step.template, step.role) for step in rung.steps]
        for what, role in sorted({step for step in steps if steps.count(step) > 1}):
            yield Problem(f"levels[{index}]", f"“{what}”给“{role}”写了两次", f"{what!r} is given twice to {role!r}")
        if index and rung.asks:
            yield Problem(f"levels[{index}].asks", "只有第一级询问监护人", "only the first level asks the guardians")


def _begin_problems(plan: Plan) -> Iterator[Problem]:
    first = plan.levels[0]
    if not first.begins.absence or first.beside:
        yield Problem(
            "levels[0].begins", "第一级必须从缺勤开始（absence: true）", "the first level must begin with an absence (absence: true)"
        )
    for index, rung in enumerate(plan.levels[1:], start=1):
        place = f"levels[{index}].begins"
        if rung.begins.absence:
            yield Problem(place, "只有第一级从缺勤开始", "only the first level begins with an absence")
        if rung.beside and rung.begins.absent_school_day is None:
            yield Problem(place, "并行的级别要用 absent_school_day 开始", "a level beside the others must begin by absent_school_day")
        latest = rung.begins.at_latest
        if latest is not None and not (latest.school_days or latest.days or latest.minutes):
            yield Problem(f"{place}.at_latest", "要写明等多少天", "say how many days to wait")
    referred = [index for index, rung in enumerate(plan.levels) if rung.begins.referral_approved]
    for index in referred[1:]:
        yield Problem(f"levels[{index}].begins", "只能有一级由移送审批开始", "only one level may begin with an approved referral")


def _climb_problems(plan: Plan) -> Iterator[Problem]:
    numbers = {rung.level for rung in plan.levels}
    for index, rung in enumerate(plan.levels):
        if rung.next is not None and rung.next not in numbers:
            yield Problem(f"levels[{index}].next", f"没有第{rung.next}级", f"there is no level {rung.next}")
            return
    reached, rung_now = set(), plan.levels[0]
    while rung_now.level not in reached:
        reached.add(rung_now.level)
        following = plan.above(rung_now.level)
        if following is None:
            break
        rung_now = following
    else:
        yield Problem("levels", f"升级的路线绕成了圈（第{rung_now.level}级）", f"the levels form a loop at level {rung_now.level}")
    for index, rung in enumerate(plan.levels):
        if rung.level not in reached and not rung.beside:
            yield Problem(f"levels[{index}]", f"第{rung.level}级永远到不了", f"level {rung.level} can never be reached")


def _order_problems(plan: Plan) -> Iterator[Problem]:
    """A higher level that begins on an earlier absent day would leave the one beneath it no time."""
    days = [(index, rung.begins.absent_school_day) for index, rung in enumerate(plan.levels) if not rung.beside]
    before = 0
    for index, day in days:
        if day is not None and day <= before:
            yield Problem(
                f"levels[{index}].begins.absent_school_day",
                f"要比下一级的第{before}天晚",
                f"must be later than day {before} of the level beneath",
            )
        before = day or before


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
REQUIRED_ANSWERS = {"will_return", "returned", "sick", "leave", "safety", "unknown", "wrong_number", "opt_out", "confirm_yes", "confirm_no"}
REQUIRED_EXITS = {"returned", "transferred", "not_absent"}


def _notice_problems(plan: Plan) -> Iterator[Problem]:
    issued: set[str] = set()
    for index, rung in enumerate(plan.levels):
        if rung.notice is not None and rung.notice not in plan.notices:
            yield Problem(f"levels[{index}].notice", f"没有“{rung.notice}”这种通知书", f"unknown notice {rung.notice!r}")
        waits = rung.begins.deadline_passed
        if waits is not None and waits not in issued:
            yield Problem(
                f"levels[{index}].begins", f"在它之前没有哪一级签发“{waits}”通知书", f"no level before it issues the notice {waits!r}"
            )
        if rung.notice is None and any(step.undelivered_school_days for step in rung.steps):
            yield Problem(f"levels[{index}]", "这一级没有通知书，却在等送达", "waits for a delivery, but this level has no notice")
        issued |= {rung.notice} if rung.notice else set()


def _answer_problems(plan: Plan) -> Iterator[Problem]:
    for name in sorted(REQUIRED_ANSWERS - set(plan.answers)):
        yield Problem("answers", f"没有写怎样处理“{name}”", f"no answer entry for {name!r}")
    for name, answer in plan.answers.items():
        needs_task = answer.effect in {"task", "aid", "enrolment_check"}
        if needs_task and None in (answer.task, answer.role, answer.due):
            yield Problem(f"answers.{name}", "要写明任务、岗位和期限（task, role, due）", "give task, role and due")
        yield from _follow_up_problems(plan, name, answer)
        if answer.cause is not None and answer.cause not in plan.causes:
            yield Problem(f"answers.{name}.cause", f"没有“{answer.cause}”这种原因", f"unknown cause {answer.cause!r}: add it under causes")
    yield from _worry_problems(plan)
    for name in sorted(REQUIRED_EXITS - set(plan.exits)):
        yield Problem("exits", f"缺少销号条件“{name}”", f"the exit {name!r} is missing")


FITTING = {"help": "aid", "where": "enrolment_check", "until": "leave"}
"""Which effect takes what is asked."""


def _follow_up_problems(plan: Plan, name: str, answer: Answer) -> Iterator[Problem]:
    if answer.ask is None:
        return
    place = f"answers.{name}.ask"
    if FITTING[answer.ask] != answer.effect:
        yield Problem(
            place, f"“{answer.ask}”只能用在 {FITTING[answer.ask]} 上", f"{answer.ask!r} fits only the effect {FITTING[answer.ask]}"
        )
    if not plan.follow_ups.has(answer.ask):
        yield Problem(place, f"follow_ups 里没有“{answer.ask}”的选项", f"follow_ups has nothing to choose from for {answer.ask!r}")


def _worry_problems(plan: Plan) -> Iterator[Problem]:
    for index, intent in enumerate(plan.worry):
        if intent not in plan.answers:
            yield Problem(f"worry[{index}]", f"answers 里没有“{intent}”", f"{intent!r} is not among the answers")
        if intent in plan.worry[:index]:
            yield Problem(f"worry[{index}]", f"“{intent}”写了两次", f"{intent!r} is given twice")
    days = plan.follow_ups.until_school_days
    if sorted(set(days)) != days:
        yield Problem("follow_ups.until_school_days", "天数要从小到大，不重复", "give the days in order, each once")


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
