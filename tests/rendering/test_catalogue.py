from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from bot.rendering import RenderingError, lint, load_once, parts
from bot.rendering.catalogue import VARIANTS
from bot.rendering.lint import sample
from fanxiao.commands.check_templates import register

TEMPLATES = Path(__file__).parents[2] / "templates"
CATALOGUE = load_once(TEMPLATES)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("template_id", sorted(CATALOGUE.templates))
def test_every_message_can_be_said_on_every_channel(template_id: str, variant: str) -> None:
    text = CATALOGUE.render(template_id, variant, sample(CATALOGUE, CATALOGUE.templates[template_id]))
    assert text
    assert "{" not in text
    assert text.startswith("【东乡族自治县教育局】") == (variant == "sms")  # a chat and a call have no such brackets


def test_the_catalogue_has_no_defect() -> None:
    assert lint(CATALOGUE) == []


def test_the_return_notice_helps_first_and_quotes_the_law_exactly() -> None:
    text = CATALOGUE.render("return_notice", "chat", sample(CATALOGUE, CATALOGUE.templates["return_notice"]))
    duty = "《义务教育法》第五条：“适龄儿童、少年的父母或者其他法定监护人应当依法保证其按时入学接受并完成义务教育。”"
    assert duty in text
    assert text.index("第四十四条") < text.index(duty)
    assert "请于12月1日前" in text


def test_a_safety_reply_is_never_repeated() -> None:
    assert CATALOGUE.render("handed_over", "chat", {"child": "小龙", "understood": "被打"}) == "已收到，工作人员会联系您。"


def test_a_missing_fact_stops_the_message_and_names_no_value() -> None:
    with pytest.raises(RenderingError, match="absence_question/sms: 'school_phone' is undefined"):
        CATALOGUE.render("absence_question", "sms", {"signature": "局", "child": "小龙", "class_name": "三(2)班", "school": "一小"})


def test_text_of_a_guardian_is_never_run_as_a_template() -> None:
    facts = {"signature": "局", "class_name": "三(2)班", "unread": "{{ 7*7 }}"}
    assert "{{ 7*7 }}" in CATALOGUE.render("sheet_unread", "sms", facts)


def test_a_voice_says_the_signature_without_brackets() -> None:
    assert CATALOGUE.render("digest_noon", "voice", {"signature": "县局", "unanswered": "三(2)班"}).startswith("县局：")


def test_a_chat_that_says_the_same_bears_no_signature_of_an_sms() -> None:
    facts = {"signature": "县局", "who": "班主任马晓红", "when": "明天上午", "school_phone": ""}
    assert CATALOGUE.render("will_call", "sms", facts).startswith("【县局】已收到，")
    assert CATALOGUE.render("will_call", "chat", facts) == "已收到，班主任马晓红明天上午打电话联系您。有急事请直接回复"


@pytest.mark.parametrize("variant", VARIANTS)
def test_who_is_asked_about_several_children_can_reach_a_person_too(variant: str) -> None:
    """As the one who is asked about a single child."""
    for template in CATALOGUE.templates.values():
        if template.audience == "guardian" and template.merge is not None:
            alone, together = (sample(CATALOGUE, CATALOGUE.templates[one]) for one in (template.id, template.merge))
            if "0930-7123456" in CATALOGUE.render(template.id, variant, alone):
                assert "0930-7123456" in CATALOGUE.render(template.merge, variant, together), (template.id, variant)


def test_phrases_are_filled_like_messages() -> None:
    assert CATALOGUE.phrase("understood.will_return", {"on": "11月25日"}) == "11月25日送孩子到校"
    with pytest.raises(RenderingError, match="no such phrase"):
        CATALOGUE.phrase("understood.religious_study")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("好" * 70, 1),
        ("好" * 71, 2),
        ("好" * 134, 2),
        ("好" * 135, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
    ],
)
def test_parts_are_counted_as_a_carrier_does(text: str, expected: int) -> None:
    assert parts(text) == expected


def test_the_command_says_that_all_is_well() -> None:
    app = Typer()
    app.callback()(lambda: None)
    register(app)
    result = CliRunner().invoke(app, ["templates"])
    assert result.exit_code == 0
    assert re.fullmatch(rf"templates: {len(CATALOGUE.templates)}, documents: [1-9][0-9]*, findings: 0\n", result.stdout)


def test_there_are_as_many_buttons_as_choices() -> None:
    facts = {"choice": ["马小龙(5号)", "马晓虎(8号)", "", ""]}
    assert CATALOGUE.buttons("sheet_unclear", facts) == [("1", "马小龙(5号)"), ("2", "马晓虎(8号)")]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("template_id", [one.id for one in CATALOGUE.templates.values() if "school_phone" in str(one.sources)])
def test_a_school_without_a_telephone_asks_nobody_to_call_it(template_id: str, variant: str) -> None:
    text = CATALOGUE.render(template_id, variant, {**sample(CATALOGUE, CATALOGUE.templates[template_id]), "school_phone": ""})
    assert not re.search("☎|学校电话|(?<!给您)打电话(?:$|[。，、])|[。，][。，]|请打?[。，]|或[。，]|”。", text), text
