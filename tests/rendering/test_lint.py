from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer import Typer
from typer.testing import CliRunner

from bot.rendering import Catalogue, CatalogueError, lint
from fanxiao.commands.check_templates import register

TEMPLATES = Path(__file__).parents[2] / "templates"
SIGNED = "【{{ signature }}】"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    return tmp_path / "templates"


def spoil(folder: Path, template: str, **changes: Any) -> None:
    path = folder / "messages" / f"{template}.yaml"
    data = {**yaml.safe_load(path.read_text(encoding="utf-8")), **changes}
    path.write_text(yaml.safe_dump({key: value for key, value in data.items() if value is not None}, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("template", "changes", "code"),
    [
        ("handed_over", {"sms": "已收到"}, "signature_missing"),
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
        ("absence_question", {"chat": "请看 https://example.org"}, "link"),
        ("absence_question", {"sms": SIGNED + "请看 jiaoyu.gov.cn"}, "link"),
    ],
)
def test_each_defect_is_found(folder: Path, template: str, changes: dict[str, Any], code: str) -> None:
    spoil(folder, template, **changes)
    found = lint(Catalogue.load(folder))
    assert code in {finding.code for finding in found}
    assert {finding.template for finding in found} == {template}
    assert all(finding.zh and finding.en for finding in found)


def test_a_text_that_fails_only_without_its_optional_facts_is_found(folder: Path) -> None:
    spoil(folder, "task_new", sms=SIGNED + "{{ case_number }}")
    assert [finding.code for finding in lint(Catalogue.load(folder)) if finding.variant == "sms"] == ["not_rendered"]


def test_an_unverified_quotation_stops_at_rendering_too(folder: Path) -> None:
    spoil(folder, "return_notice", sms=SIGNED + "{{ law('GS-3') }}")
    with pytest.raises(Exception, match="GS-3: not verified"):
        Catalogue.load(folder).render("return_notice", "sms", {"signature": "局"})


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
    assert "handed_over/sms: 短信开头没有签名 | the SMS does not begin with the signature" in result.stdout
