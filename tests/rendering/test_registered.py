"""Registered text and values make just the message that we render."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.rendering import RenderingError, load_once
from bot.rendering.catalogue import unsigned
from bot.rendering.lint import sample
from bot.rendering.registered import (
    LONGEST_TEXT,
    LONGEST_VALUE,
    Unfit,
    candidates,
    filled,
    registered_values,
    registrable,
)
from plan.check import read_plan
from plan.yaml_text import read_yaml

TEMPLATES = Path(__file__).parents[2] / "templates"
PLAN = read_plan((TEMPLATES.parent / "plan" / "linxia.yaml").read_text(encoding="utf-8"))
CATALOGUE = load_once(TEMPLATES)
WORDS = read_yaml((TEMPLATES / "registered.yaml").read_text(encoding="utf-8"))
TOO_LONG = (
    "copy_list", "digest_morning", "monthly_list", "publicity", "task_list", "sheet_received_several", "sheet_taken_over_several",
    "triage_letter", "which_meant", "cause_unclear",
)  # fmt: skip
UNFIT = {
    **dict.fromkeys(TOO_LONG, "value_too_long"),
    **dict.fromkeys(("officer_case", "cause_told"), "only_variables"),
}
FIT = [one for one in candidates(CATALOGUE) if one.registered is not None]


def text_of(source: str) -> str:
    return registrable(CATALOGUE.environment, "【{{ signature }}】" + source).text


def said(source: str, **facts: Any) -> str:
    """The message as the carrier would put it together."""
    registered = registrable(CATALOGUE.environment, "【{{ signature }}】" + source)
    return filled(registered.text, registered.values({"signature": "局", **facts}))


def test_those_that_cannot_be_registered_are_known_with_their_reason() -> None:
    assert {one.template.id: one.unfit.reason for one in candidates(CATALOGUE) if one.unfit is not None} == UNFIT


@pytest.mark.parametrize("one", FIT, ids=[one.template.id for one in FIT])
@pytest.mark.parametrize("with_optional", [True, False])
def test_code_and_values_make_the_message_that_we_render(one: Any, with_optional: bool) -> None:
    template = one.template
    facts = sample(CATALOGUE, template)
    if not with_optional:
        facts = {name: value for name, value in facts.items() if name not in template.optional}
    values = registered_values(CATALOGUE, template.id, facts)
    body = CATALOGUE.render(template.id, "sms", facts)
    assert f"【{facts['signature']}】" + filled(one.registered.text, values) == body
    assert len(one.registered.text) <= LONGEST_TEXT
    assert all(1 <= len(value) <= LONGEST_VALUE for value in values.values())


@pytest.mark.parametrize("one", FIT, ids=[one.template.id for one in FIT])
def test_the_longest_names_of_school_level_and_duty_can_be_said_too(one: Any) -> None:
    """With the county's longest names: what does not fit goes to nobody where there is no other channel."""
    longest = {
        "level_name": max((level.name.zh for level in PLAN.levels), key=len),
        "duty": max((task.zh for task in PLAN.tasks.values()), key=len),
        "holder_role": max((role.zh for role in PLAN.roles.values()), key=len),
    }
    facts = sample(CATALOGUE, one.template, longest=True)
    facts |= {name: value for name, value in longest.items() if name in facts}
    assert registered_values(CATALOGUE, one.template.id, facts).keys() == {variable.name for variable in one.registered.variables}


@pytest.mark.parametrize("one", FIT, ids=[one.template.id for one in FIT])
def test_no_variable_stands_twice_or_beside_another(one: Any) -> None:
    text = one.registered.text
    assert all(text.count(f"${{{variable.name}}}") == 1 for variable in one.registered.variables)
    assert "}$" not in text.replace(" ", "").replace("\n", "")
    assert not set("【】") & set(text)


def test_every_variable_has_a_meaning_for_the_officer() -> None:
    assert {fact for one in FIT for variable in one.registered.variables for fact in variable.facts} <= WORDS["meanings"].keys()


@pytest.mark.parametrize(
    "reason", sorted({*UNFIT.values(), "not_approved", "no_opt_out", "value_link", "value_phone", "construct", "character", "differs"})
)
def test_every_reason_has_a_sentence_in_both_languages(reason: str) -> None:
    assert all(WORDS["unfit"][reason][tongue].format(detail="p1") for tongue in ("zh", "en"))


def test_what_is_quoted_from_the_law_stands_firm() -> None:
    assert "适龄儿童、少年的父母" in text_of("{{ child }}家长您好，{{ law('CE-5') }}")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("您好{{ a }}请回复", "您好${p1}请回复"),
        ("{{ a }}说{{ a }}今天在学校", "${p1}说${p2}今天在学校"),
        ("{{ a }}{{ b }} {{ c }}今天在学校", "${p1}今天在学校"),
        ("今天在学校{% if a %}，{{ a }}{% endif %}：请回复", "今天在学校${p1}请回复"),
        ("今天没在学校。{% if a %}{{ a }}{% endif %}", "今天没在学校${p1}"),
        ("今天{% if a %}来{% else %}不来{% endif %}学校了", "今天${p1}学校了"),
        ("名单里有{% for name in a %}{{ name }}{% endfor %}。请核对", "名单里有${p1}请核对"),
        ("{# 注 #}今天在学校{% raw %}{ }{% endraw %}", "今天在学校{ }"),
    ],
)
def test_what_changes_becomes_a_variable(source: str, text: str) -> None:
    assert text_of(source) == text


@pytest.mark.parametrize("present", [True, False])
def test_a_part_that_may_be_missing_is_never_an_empty_value(present: bool) -> None:
    source = "今天在学校{% if a is defined %}（{{ a }}）{% endif %}。请回复"
    assert said(source, **({"a": "三班"} if present else {})) == ("今天在学校（三班）。请回复" if present else "今天在学校。请回复")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ a }}", "only_variables"),
        ("你好：{{ a }}", "only_variables"),
        ("{% if a %}今天在学校上课{% endif %}", "only_variables"),
        ("今天在学校" * 101, "text_too_long"),
        ("今天在学校【重要】", "character"),
        ("今天在学校①", "character"),
        ("今天在学校${x}", "character"),
        ("{% set b = 1 %}今天在学校{{ b }}", "construct"),
        ("今天在学校{{ law('CE-999') }}", "not_rendered"),
        ("今天在学校{{ a", "not_rendered"),
    ],
)
def test_what_cannot_be_registered_says_why(source: str, reason: str) -> None:
    with pytest.raises(Unfit) as caught:
        text_of(source)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "value_empty"),
        (" ", "value_empty"),
        ("长" * 36, "value_too_long"),
        ("看jiaoyu.com", "value_link"),
        ("http://x", "value_link"),
    ],
)
def test_facts_that_cannot_be_said_this_way_are_named_without_their_value(value: str, reason: str) -> None:
    with pytest.raises(Unfit) as caught:
        said("{{ a }}今天在学校", a=value)
    assert (caught.value.reason, caught.value.detail.split()[0]) == (reason, "p1")
    assert not value.strip() or value not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "phone"),
    [
        ("有急事请打给学校{{ school_phone }}", "0930-7120001、0930-7120002"),
        ("有急事请{% if a %}打{{ school_phone }}{% else %}回{% endif %}", "0930-7120001"),
    ],
)
def test_a_telephone_number_is_a_variable_of_its_own(source: str, phone: str) -> None:
    assert said("有急事请打给学校{{ school_phone }}", school_phone="0930-7120001").endswith("7120001")
    with pytest.raises(Unfit, match="value_phone: p1"):
        said("有急事请打给学校{{ school_phone }}", school_phone="+86 (0930) 7120001")
    with pytest.raises(Unfit, match="value_phone: p1"):
        said(source, a=True, school_phone=phone)


def test_text_of_a_guardian_is_a_value_and_nothing_else() -> None:
    assert said("没看懂这句话“{{ a }}”", a="${p1} {{ 7*7 }}") == "没看懂这句话“${p1} {{ 7*7 }}”"


def test_a_missing_fact_is_an_error_as_everywhere() -> None:
    with pytest.raises(RenderingError, match="'school_phone' is undefined"):
        registered_values(CATALOGUE, "absence_question", {"signature": "局", "child": "小龙", "class_name": "三(2)班", "school": "一小"})


def test_only_the_signature_in_front_is_taken_off() -> None:
    assert unsigned("【教育局】您好【x】") == "您好【x】"
