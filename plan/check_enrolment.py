"""What can be wrong with the sections `enrolment` and `registers` of a plan file, in sentences for an officer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from plan.model import Plan
from plan.reading import Problem
from plan.registers import HomeLessons

TASKS = ("transfer_arrival", "transfer_release")
AREA_DIGITS = (4, 6, 9, 12)


def enrolment_roles(plan: Plan) -> Iterator[tuple[str, str]]:
    """(place in the file, role) of every role that these sections name."""
    if (rules := plan.enrolment) is not None:
        for happening, roles in rules.by.items():
            for role in roles:
                yield f"enrolment.by.{happening}", role
        yield "enrolment.transfer.role", rules.transfer.role
        for place, opening in rules.openings():
            for number, owed in enumerate(opening.owed):
                yield f"{place}.owed[{number}].role", owed.role
    if plan.registers is not None:
        for role in plan.registers.by:
            yield "registers.by", role
        for role in plan.registers.arranged_by:
            yield "registers.arranged_by", role
        yield "registers.contact.role", plan.registers.contact.role
        yield "registers.lessons.role", plan.registers.lessons.role
        if (family := plan.registers.lessons.family) is not None:
            yield "registers.lessons.family.role", family.role


def enrolment_templates(plan: Plan) -> Iterator[tuple[str, str]]:
    """(place in the file, template) of every message that these sections name."""
    if plan.enrolment is not None:
        for place, opening in plan.enrolment.openings():
            for number, owed in enumerate(opening.owed):
                yield f"{place}.owed[{number}].template", owed.template
    if plan.registers is not None:
        yield "registers.contact.template", plan.registers.contact.template
        yield from _lesson_templates(plan.registers.lessons)
    for name, kind in plan.notices.items():
        if kind.enrol_template is not None:
            yield f"notices.{name}.enrol_template", kind.enrol_template


def _lesson_templates(lessons: HomeLessons) -> Iterator[tuple[str, str]]:
    yield "registers.lessons.template", lessons.template
    if lessons.family is not None:
        yield "registers.lessons.family.template", lessons.family.template
        yield "registers.lessons.family.told", lessons.family.told
    if lessons.idle is not None:
        yield "registers.lessons.idle.template", lessons.idle.template


def enrolment_problems(plan: Plan) -> Iterator[Problem]:
    """Levels, tasks and exits that are not there, and numbers that contradict each other."""
    yield from _tasks(plan)
    if (rules := plan.enrolment) is None:
        if plan.retention is not None:
            yield Problem(
                "retention", "没有 enrolment 一节，不知道义务教育到几岁为止", "needs the section enrolment, which sets compulsory age"
            )
        return
    ordinary = {rung.level for rung in plan.levels if not rung.beside}
    for place, opening in rules.openings():
        if opening.level not in ordinary:
            yield Problem(f"{place}.level", f"没有第{opening.level}级", f"there is no level {opening.level} that a case could begin at")
    if "enrolled" not in plan.exits:
        yield Problem("exits", "缺少销号条件“enrolled”", "the exit 'enrolled' is missing: it ends the case of a child that enters a school")
    yield from _endings(plan, {"transferred": ("arrive", rules.by.get("arrive", [])), "enrolled": ("enter", rules.by.get("enter", []))})
    if "transfer_release" not in plan.duties:
        yield Problem("duties", "缺少任务“transfer_release”", "duty 'transfer_release' is missing")
    if rules.leavers.last_grade >= rules.leavers.final_grade:
        yield Problem("enrolment.leavers", "last_grade 要小于 final_grade", "last_grade must lie below final_grade")
    for code in rules.school_age.later:
        if not code.isdecimal() or len(code) not in AREA_DIGITS:
            yield Problem("enrolment.school_age.later", f"“{code}”不是区划代码", f"{code!r} is not an area code")


def _endings(plan: Plan, said: Mapping[str, tuple[str, list[str]]]) -> Iterator[Problem]:
    """Who says that a child has its place ends a case with that: the exit must allow it."""
    for ending, (happening, roles) in said.items():
        extra = set(roles) - set(plan.exits[ending].by) if ending in plan.exits else set()
        if extra:
            names, place = "、".join(sorted(extra)), f"exits.{ending}.by"
            yield Problem(f"enrolment.by.{happening}", f"{names} 不能销号（{place}）", f"{names} may not end a case: {place}")


def _tasks(plan: Plan) -> Iterator[Problem]:
    named = [("tasks", task) for task in TASKS] if plan.enrolment is not None else []
    if plan.enrolment is not None:
        named += [(f"{place}.owed", owed.task) for place, opening in plan.enrolment.openings() for owed in opening.owed]
    if plan.registers is not None:
        lessons = plan.registers.lessons
        named += [("tasks", "pair_contact"), ("tasks", "home_lesson")]
        named += [("tasks", "lesson_check")] if lessons.family is not None else []
        named += [("tasks", "plan_lessons")] if lessons.idle is not None else []
        for key in ("disabled", "left_behind"):
            if key not in plan.registers.categories:
                yield Problem("registers.categories", f"缺少类别“{key}”", f"category {key!r} is missing")
        if "at_home" not in plan.registers.arrangements:
            yield Problem("registers.arrangements", "缺少安置方式“at_home”", "the arrangement 'at_home' is missing")
    for place, task in named:
        if task not in plan.tasks:
            yield Problem(place, f"任务“{task}”没有写中文名称，请加到 tasks", f"task {task!r} has no label: add it under tasks")
