from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import Typer
from typer.testing import CliRunner

from bot.rendering import Catalogue, CatalogueError, RenderingError, lint, load_once, parts, to_be_compared
from bot.rendering.lint import sample
from fanxiao.commands.check_templates import register
from fanxiao.files import TEMPLATES
from plan.yaml_text import read_yaml
from tests.rendering.spoiling import copy_of_templates

SIGNED = "【{{ signature }}】"


MESSAGES = frozenset(
    {
        "absence_question", "absence_question_several", "aid_info", "aid_status", "handed_over", "publicity_help", "return_notice",
        "safety_alert", "task_list", "task_new",
    }
)  # fmt: skip
"""Those that are spoiled here, and those in which they are said together."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_templates(tmp_path, MESSAGES)


def spoil(folder: Path, template: str, **changes: Any) -> None:
    path = folder / "messages" / f"{template}.yaml"
    data = {**read_yaml(path.read_text(encoding="utf-8")), **changes}
    path.write_text(yaml.safe_dump({key: value for key, value in data.items() if value is not None}, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("template", "changes", "code"),
    [
        ("handed_over", {"sms": "已收到"}, "signature_missing"),
        ("handed_over", {"chat": SIGNED + "已收到"}, "signature_in_chat"),
        ("handed_over", {"voice": None}, "variant_missing"),
        ("handed_over", {"sms": SIGNED + "{{ child }}"}, "undefined_variable"),
        ("handed_over", {"variables": ["nowhere"]}, "no_sample"),
        ("handed_over", {"sms": SIGNED + "{{ signature.nothing }}"}, "not_rendered"),
        ("handed_over", {"sms": SIGNED + "请于某月某日前"}, "placeholder"),
        ("handed_over", {"sms": SIGNED + "XX老师"}, "placeholder"),
        ("handed_over", {"sms": SIGNED + "好" * 200}, "too_long"),
        ("handed_over", {"sms": SIGNED + "{{ law('CE-5') }}", "law": ["CE-5"]}, "quotation_not_allowed"),
        ("return_notice", {"law": ["CE-5"]}, "quotation_undeclared"),
        ("return_notice", {"sms": SIGNED + "{{ law('GS-3') }}"}, "quotation_unverified"),
        ("return_notice", {"sms": SIGNED + "{{ law('CE-999') }}"}, "unknown_quotation"),
        ("return_notice", {"chat": "{{ law('CE-5') }}{{ law('CE-44') }}{{ law('CE-2') }}"}, "too_many_quotations"),
        ("return_notice", {"sms": SIGNED + "《义务教育法》第六十条"}, "raw_citation"),
        ("absence_question", {"sms": SIGNED + "不来要罚款"}, "never_say"),
        ("absence_question", {"chat": "否则取消学籍"}, "never_say"),
        ("absence_question", {"voice": "请于七日内送来"}, "never_say"),
        ("task_new", {"sms": SIGNED + "孩子残疾"}, "never_say"),
        ("handed_over", {"voice": "孩子念经去了"}, "never_say"),
        ("task_new", {"chat": "取消低保资格"}, "never_say"),
        ("absence_question", {"chat": "适龄儿童、少年的父母或者其他法定监护人应当依法保证其按时入学接受并完成义务教育"}, "raw_citation"),
        ("absence_question", {"sms": SIGNED + "根据义务教育法您必须送孩子上学"}, "raw_citation"),
        ("absence_question", {"sms": SIGNED + "义务教育法规定父母应当依法保证其按时入学接受并完成义务教育"}, "raw_citation"),
        ("absence_question", {"chat": "父母应当依法保证其按时入学接受并完成义务教育"}, "raw_citation"),
        ("absence_question", {"sms": SIGNED + "不来会依法处理您"}, "never_say"),
        ("absence_question", {"voice": "不送来的话后果很严重"}, "never_say"),
        ("absence_question", {"gloss": None}, "no_gloss"),
        ("absence_question", {"gloss": " "}, "no_gloss"),
        ("task_new", {"chat": "请办{% if level_name is defined %}{{ level_name }}{% else %}，不来要取消低保{% endif %}"}, "never_say"),
        ("absence_question", {"sms": SIGNED + "{{ school }}" + "好" * 175}, "too_long_at_longest"),
        ("absence_question", {"chat": "请看 https://example.org"}, "link"),
        ("absence_question", {"sms": SIGNED + "请看 jiaoyu.gov.cn"}, "link"),
    ],
)
def test_each_defect_is_found(folder: Path, template: str, changes: dict[str, Any], code: str) -> None:
    spoil(folder, template, **changes)
    found = lint(Catalogue.read(folder))
    assert code in {finding.code for finding in found}
    assert {finding.template for finding in found} == {template}
    assert all(finding.zh and finding.en for finding in found)


def test_a_text_that_fails_only_without_its_optional_facts_is_found(folder: Path) -> None:
    spoil(folder, "task_new", sms=SIGNED + "{{ case_number }}")
    assert [finding.code for finding in lint(Catalogue.read(folder)) if finding.variant == "sms"] == ["not_rendered"]


def test_an_unverified_quotation_stops_at_rendering_and_at_the_start(folder: Path) -> None:
    spoil(folder, "return_notice", sms=SIGNED + "{{ law('GS-3') }}")
    with pytest.raises(RenderingError, match="GS-3: not verified"):
        Catalogue.read(folder).render("return_notice", "sms", {"signature": "局"})
    with pytest.raises(CatalogueError, match="return_notice: GS-3: not verified"):
        Catalogue.load(folder)


def test_a_quotation_that_is_only_declared_stops_the_start_as_well(folder: Path) -> None:
    spoil(folder, "aid_status", law=["GS-3"])
    with pytest.raises(CatalogueError, match="aid_status: GS-3: not verified"):
        Catalogue.load(folder)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("verified", "no", "CE-5: field verified is neither true nor false"),
        ("checked", "soon", "CE-5: field checked, or the version of its law, is no day"),
        ("law", "XX", "CE-5: no such law: XX"),
        ("text", "", "CE-5: field text or article is missing or wrong"),
    ],
)
def test_a_quotation_without_its_papers_is_refused(folder: Path, field: str, value: str, reason: str) -> None:
    quotations = read_yaml((folder / "law.yaml").read_text(encoding="utf-8"))["quotations"]
    quotations["CE-5"][field] = value
    spoil_law(folder, quotations=quotations)
    with pytest.raises(CatalogueError, match=f"law: {reason}"):
        Catalogue.load(folder)


def spoil_law(folder: Path, **changes: Any) -> None:
    path = folder / "law.yaml"
    data = read_yaml(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(data | changes, allow_unicode=True), encoding="utf-8")


def test_the_table_of_quotations_names_only_what_there_is(folder: Path) -> None:
    spoil_law(folder, messages={"aid": ["no_such_message"]})
    assert ("law", "no_message") in {(finding.template, finding.code) for finding in lint(Catalogue.read(folder))}
    spoil_law(folder, messages={"no_such_kind": ["aid_info"]})
    with pytest.raises(CatalogueError, match="no such kind"):
        Catalogue.read(folder)
    spoil_law(folder, messages={}, kinds={"aid": {"quotes": ["CE-999"]}})
    with pytest.raises(CatalogueError, match="no such quotation: CE-999"):
        Catalogue.read(folder)


def test_a_message_may_quote_what_its_kind_may_and_nothing_of_anothers(folder: Path) -> None:
    spoil(folder, "absence_question", sms=SIGNED + "{{ law('PC-34') }}", law=["PC-34"])
    spoil(folder, "publicity_help", chat="{{ law('MP-61') }}", law=["MP-61", "CE-44"])
    spoil(folder, "task_new", chat="{{ law('CE-13') }}", law=["CE-13"])
    spoil(folder, "aid_info", chat="{{ law('CE-44') }}", law=["CE-2-FEES", "CE-44"])
    found = {finding.template for finding in lint(Catalogue.read(folder)) if finding.code == "quotation_not_allowed"}
    assert found == {"absence_question", "publicity_help", "task_new"}


def test_a_notice_that_does_not_name_its_issuer_is_found(folder: Path) -> None:
    spoil(folder, "return_notice", optional=None)
    assert "not_signed" in {finding.code for finding in lint(Catalogue.read(folder)) if finding.template == "return_notice"}


def test_a_kind_for_officers_only_is_found_elsewhere(folder: Path) -> None:
    spoil(folder, "safety_alert", audience="guardian")
    assert "wrong_audience" in {finding.code for finding in lint(Catalogue.read(folder)) if finding.template == "safety_alert"}


def test_a_forbidden_word_in_a_phrase_is_found(folder: Path) -> None:
    path = folder / "phrases.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "understood.working: 不送来要罚款\n", encoding="utf-8")
    (finding,) = lint(Catalogue.read(folder))
    assert (finding.place, finding.code) == ("phrases.yaml understood.working", "never_say")


@pytest.mark.parametrize(
    "words",
    [
        "要罚款", "处罚家长", "拘留", "坐牢", "判刑", "追究刑事责任", "法院传票", "起诉您", "强制执行", "取消低保", "贫困户资格",
        "停发补助", "养老金", "失信", "黑名单", "影响征信", "不能参军", "考公", "开除", "取消学籍", "不发毕业证", "通报批评", "公布名单",
        "上墙", "发到群里", "违法分子", "失职家长", "问题学生", "不良行为", "差生", "最后通牒", "后果自负", "否则", "法律规定七日内",
        "七天之内", "信教", "念经", "婚约", "残疾", "脑瘫", "派出所上门", "警察会来", "学校责令您",
    ],
)  # fmt: skip
def test_what_must_never_be_said_to_a_family_is_found(folder: Path, words: str) -> None:
    spoil(folder, "handed_over", voice=f"您好，{words}。")
    assert {finding.code for finding in lint(Catalogue.read(folder))} == {"never_say"}


@pytest.mark.parametrize("most", [1, 12, 112])
@pytest.mark.parametrize("template", ["return_notice", "return_notice_second", "enrol_notice", "enrol_notice_second"])
def test_a_notice_as_it_is_really_sent_names_the_day_and_has_three_parts(template: str, most: int) -> None:
    """Before its delivery, from the county with the longest name, with the numbers of a whole year."""
    catalogue = load_once(TEMPLATES)
    facts = sample(catalogue, catalogue.templates[template], longest=True) | {
        "notice_number": f"大河家返通〔2026〕{most}号",
        "deadline": "",
    }
    text = catalogue.render(template, "sms", facts)
    assert "请于12月26日前（晚收到" in text
    assert parts(text) == 3


def test_a_condition_that_only_some_facts_meet_is_looked_into(folder: Path) -> None:
    """`deadline` is no optional fact: it is empty before the delivery, and was judged on one side only."""
    for side in ("{% if deadline %}{{ nowhere_given.x }}{% endif %}", "{% if not deadline %}{{ nowhere_given.x }}{% endif %}"):
        spoil(folder, "return_notice", voice=side + "您好", variables=["deadline", "nowhere_given"])
        found = {finding.code for finding in lint(Catalogue.read(folder)) if finding.variant == "voice"}
        assert "not_rendered" in found, side


def test_a_law_that_was_compared_long_ago_is_a_warning_and_no_defect(folder: Path) -> None:
    quotations = read_yaml((folder / "law.yaml").read_text(encoding="utf-8"))["quotations"]
    quotations["CE-5"]["checked"] = date(2019, 1, 1)
    spoil_law(folder, quotations=quotations)
    app = Typer()
    app.callback()(lambda: None)
    register(app)
    result = CliRunner().invoke(app, ["templates", str(folder)])
    assert result.exit_code == 0
    assert "2019-01-01 CE-5" in result.stdout
    assert "compare again with the official database" in result.stdout
    catalogue = load_once(TEMPLATES)
    assert to_be_compared(catalogue, date(2026, 12, 31)) == []
    (finding,) = to_be_compared(catalogue, date(2027, 6, 30))
    assert "2026-11-24" in finding.zh


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("messages/handed_over.yaml", "audience: guardian\n  urgency: duty", "handed_over: ScannerError in line 2"),
        ("messages/handed_over.yaml", "audience: guard", "handed_over: field audience is missing or wrong"),
        ("messages/handed_over.yaml", "audience: guardian\nurgency: now", "handed_over: field urgency is missing or wrong"),
        ("messages/handed_over.yaml", "audience: guardian\nurgency: duty\nchat: a", "handed_over: field sms is missing or wrong"),
        ("messages/handed_over.yaml", "audience: guardian\nurgency: duty\nsms: '{{ x'", "handed_over: "),
        ("law.yaml", "laws: {}", "law: "),
    ],
)
def test_a_broken_file_is_named(folder: Path, name: str, text: str, reason: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=reason):
        Catalogue.load(folder)


def test_the_command_lists_defects_and_fails(folder: Path) -> None:
    spoil(folder, "handed_over", sms="已收到")
    app = Typer()
    app.callback()(lambda: None)
    register(app)
    result = CliRunner().invoke(app, ["templates", str(folder)])
    assert result.exit_code == 1
    assert "messages/handed_over.yaml sms: 短信开头没有签名 | the SMS does not begin with the signature" in result.stdout
