"""What is wrong with the levels of a plan file."""

from __future__ import annotations

from collections.abc import Iterator

from plan.levels import Owed
from plan.model import Plan
from plan.reading import Problem


def level_problems(plan: Plan) -> Iterator[Problem]:
    """What is wrong with the levels, how they begin and follow each other, and the notices that they send."""
    yield from _each_level(plan)
    yield from _begin_problems(plan)
    yield from _climb_problems(plan)
    yield from _order_problems(plan)
    yield from _notice_problems(plan)


def _each_level(plan: Plan) -> Iterator[Problem]:
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
