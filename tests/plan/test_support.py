"""What a child has a claim to, and what a complaint is about: by the plan file alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
import yaml

from cases.referrals import read_proposal
from plan.check import PlanFault, read_plan
from plan.support import Pupil, claimable, entitlements
from plan.yaml_text import read_yaml

TEXT = files("plan").joinpath("linxia.yaml").read_text(encoding="utf-8")
PLAN = read_plan(TEXT)
ALL = {"fees", "textbooks", "nutrition_meal"}


@pytest.mark.parametrize(
    ("pupil", "more"),
    [
        (Pupil("primary", True, frozenset({"poor"})), {"boarding_allowance": Decimal(500)}),
        (Pupil("junior", True, frozenset({"orphan", "left_behind"})), {"boarding_allowance": Decimal(625)}),
        (Pupil("junior", False, frozenset({"disabled"})), {"hardship_allowance": Decimal("312.5")}),
        (Pupil("primary", True, frozenset({"left_behind", "migrant", "single_parent"})), {}),
        (Pupil("primary", False, frozenset()), {}),
    ],
)
def test_stage_boarding_and_category_decide(pupil: Pupil, more: dict[str, Decimal]) -> None:
    found = entitlements(PLAN.aid, pupil)
    assert {one.kind for one in found if one.is_for_all} == ALL
    assert {one.kind: one.amount for one in claimable(found)} == more


def test_where_nobody_knows_whether_the_child_boards_both_are_unsure() -> None:
    found = claimable(entitlements(PLAN.aid, Pupil("primary", None, frozenset({"poor"}))))
    assert [(one.kind, one.unsure) for one in found] == [("boarding_allowance", True), ("hardship_allowance", True)]
    assert entitlements(PLAN.aid, Pupil("", True, frozenset({"poor"}))) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("学校乱收费", "fees"),
        ("老师让我们买资料", "fees"),
        ("老师体罚娃娃", "corporal_punishment"),
        ("校长劝退我娃", "expulsion"),
        ("周末补课还收钱", "holiday_classes"),
        ("成绩排名贴在墙上", "ranking"),
        ("老师罚我儿子站了一上午", "corporal_punishment"),
        ("班主任拿棍子打孩子手", "corporal_punishment"),
        ("老师叫我娃别来了", "expulsion"),
        ("学校停了我娃的课", "expulsion"),
        ("放假了学校还上课", "holiday_classes"),
        ("按成绩排座位", "ranking"),
        ("让每个学生交120元校服钱", "fees"),
        ("义务教育不收钱，为啥还要交", "fees"),
        ("饭里有虫", "other"),
    ],
)
def test_what_a_complaint_is_about(text: str, kind: str) -> None:
    assert PLAN.complaints.kind_of(text) == kind


def test_a_department_learns_of_the_parents_only_where_the_plan_says_so() -> None:
    employer = PLAN.referrals["employer"]
    assert "guardian_phone" in employer.facts_for("police")
    assert not {"guardian", "guardian_phone", "address"} & set(employer.facts_for("human_resources"))
    assert not PLAN.referrals["poverty_status"].enabled


@pytest.mark.parametrize(
    ("words", "department", "kinds"),
    [
        ("人社 疑似务工", "human_resources", ("employer",)),
        ("东乡县公安局：走失", "police", ("street_child",)),
        ("市监局 黑网吧", "market_regulation", ("internet_cafe",)),
        ("公安 请帮忙", "police", ("employer", "internet_cafe", "street_child")),
        ("乡村振兴 家中困难", "poverty_relief", ()),
    ],
)
def test_a_proposal_names_its_department_and_its_kind_is_never_guessed(words: str, department: str, kinds: tuple[str, ...]) -> None:
    told = read_proposal(PLAN, words)
    assert told is not None
    assert (told.department, told.kinds) == (department, kinds)
    assert read_proposal(PLAN, "海军 疑似务工") is None


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "no money": (lambda d: d["aid"]["kinds"]["boarding_allowance"]["amounts"].update(primary=0), "aid.kinds.boarding_allowance.amounts"),
    "other stage": (lambda d: d["aid"]["kinds"]["boarding_allowance"].update(stages=["junior"]), "aid.kinds.boarding_allowance.amounts"),
    "unknown category": (lambda d: d["aid"]["kinds"]["boarding_allowance"].update(categories=["rich"]), "categories"),
    "unknown fact": (lambda d: d["referrals"]["employer"].update(facts=["income"]), "referrals.employer.facts"),
    "wrong department": (lambda d: d["referrals"]["employer"].update(also={"justice": ["guardian"]}), "referrals.employer.also"),
    "at school": (lambda d: d["complaints"].update(role="principal"), "complaints.role"),
    "seen by the school": (lambda d: d["tasks"]["complaint"].update(outside_school=False), "tasks.complaint"),
    "a figure from nowhere": (lambda d: d["aid"]["kinds"]["nutrition_meal"].pop("as_of"), "aid.kinds.nutrition_meal.source"),
    "nobody pays": (lambda d: d["aid"]["payment"].update(role="treasurer"), "aid.payment.role"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_named_by_its_place(name: str) -> None:
    spoil, place = FAULTS[name]
    data = read_yaml(TEXT)
    spoil(data)
    with pytest.raises(PlanFault) as fault:
        read_plan(yaml.safe_dump(data, allow_unicode=True))
    assert any(place in problem.place for problem in fault.value.problems)
