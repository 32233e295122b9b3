"""Who is of school age, and what is wrong with the sections about enrolment and registers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from plan.check import PlanFault, read_plan
from plan.enrolment import SchoolAge
from plan.yaml_text import read_yaml
from tests.plan.conftest import LINXIA


def ages(**changed: Any) -> SchoolAge:
    rules = read_plan(LINXIA).enrolment
    assert rules is not None
    return rules.school_age.model_copy(update=changed)


@pytest.mark.parametrize(
    ("born", "area", "year"),
    [
        (date(2020, 8, 31), "622926100201", 2026),
        (date(2020, 9, 1), "622926100201", 2027),
        (date(2020, 2, 29), "622926100201", 2026),
        (date(2020, 8, 31), "622924100201", 2027),  # seven in this county
        (date(2020, 8, 31), "622924101001", 2026),  # but not in this township of it
    ],
)
def test_a_child_enters_in_the_year_in_which_it_is_six_or_seven_by_the_plans_day(born: date, area: str, year: int) -> None:
    assert ages(later={"622924": 7, "622924101": 6}).first_year(born, area) == year


def test_compulsory_age_ends_on_the_birthday() -> None:
    assert not ages().is_over(date(2010, 11, 25), date(2026, 11, 24))
    assert ages().is_over(date(2010, 11, 24), date(2026, 11, 24))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("enrolment.leavers.case.level", 40, "没有第40级"),
        ("enrolment.leavers.case.level", 8, "没有第8级"),  # runs beside: no case begins there
        ("enrolment.leavers.final_grade", 6, "last_grade 要小于 final_grade"),
        ("enrolment.leavers.due", "02-30", "这个值不对"),
        ("enrolment.school_age.later", {"东乡": 7}, "不是区划代码"),
        ("enrolment.by.enter", ["head_teacher"], "没有“head_teacher”这个岗位"),
        ("enrolment.school_age.case.owed", [{"task": "dance", "role": "principal", "due": {"days": 1}}], "任务“dance”没有写中文名称"),
        ("enrolment.by.arrive", ["class_teacher"], "class_teacher 不能销号"),
        ("tasks", {"home_lesson": {"zh": "上", "en": "t"}}, "任务“lesson_check”没有写中文名称"),
        ("registers.lessons.family.role", "nobody", "没有“nobody”这个岗位"),
        ("registers.by", ["nobody"], "没有“nobody”这个岗位"),
        ("registers.arrangements", {"unable": {"zh": "a", "en": "b"}}, "缺少安置方式“at_home”"),
        ("registers.categories", {"poor": {"zh": "a", "en": "b"}}, "缺少类别“disabled”"),
    ],
)
def test_what_contradicts_itself_is_said(path: str, value: Any, said: str) -> None:
    data = read_yaml(LINXIA)
    *above, last = path.split(".")
    part = data
    for name in above:
        part = part[name]
    part[last] = value
    text = yaml.safe_dump(data, allow_unicode=True)
    with pytest.raises(PlanFault) as fault:
        read_plan(text)
    assert any(said in problem.zh for problem in fault.value.problems)


def test_a_plan_without_the_sections_is_sound() -> None:
    data = read_yaml(LINXIA)
    del data["enrolment"], data["registers"], data["retention"]
    plan = read_plan(yaml.safe_dump(data, allow_unicode=True))
    assert (plan.enrolment, plan.registers) == (None, None)
