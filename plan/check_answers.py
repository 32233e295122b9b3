"""What is wrong with a plan file's answers and exits."""

from __future__ import annotations

from collections.abc import Iterator

from plan.answers import Answer
from plan.model import Plan
from plan.reading import Problem

REQUIRED_ANSWERS = {"will_return", "returned", "sick", "leave", "safety", "unknown", "wrong_number", "opt_out", "confirm_yes", "confirm_no"}
REQUIRED_EXITS = {"returned", "transferred", "not_absent"}


def answer_problems(plan: Plan) -> Iterator[Problem]:
    """What is wrong with what families' answers set going, and with the ways in which a case ends."""
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
