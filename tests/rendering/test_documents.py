"""The words of documents are judged like messages, and every document can be set with all that it may say, and with the least."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from pypdf import PdfReader

from bot.rendering import Catalogue, CatalogueError, DocumentBook, RenderingError, lint_documents, load_once
from bot.rendering.letters import Head, letter, letter_pdf
from fanxiao.files import TEMPLATES
from plan.yaml_text import read_yaml
from tests.rendering.spoiling import copy_of_templates

CATALOGUE = load_once(TEMPLATES)
BOOK = DocumentBook.load(CATALOGUE, TEMPLATES)
HEAD = Head("锁南镇人民政府", "锁南返通〔2026〕12号", "赵干事", date(2026, 11, 9))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_of_templates(tmp_path, frozenset())


def spoil(folder: Path, document: str, **changes: Any) -> None:
    path = folder / "documents" / "words.yaml"
    data = read_yaml(path.read_text(encoding="utf-8"))
    data[document] |= changes
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("document", "changes", "code"),
    [
        ("return_notice", {"law": ["CE-58"]}, "quotation_not_allowed"),
        ("return_notice", {"law": ["GS-3"]}, "quotation_unverified"),
        ("criticism_letter", {"law": ["CE-999"]}, "unknown_quotation"),
        ("return_order", {"body": ["逾期不送的，罚款。"]}, "never_say"),
        ("return_order", {"body": ["请于七日内送来。"]}, "never_say"),
        ("return_order", {"body": ["依照义务教育法第五十八条。"]}, "raw_citation"),
        ("return_order", {"body": ["{{ nowhere }}"]}, "undefined_variable"),
        ("return_notice", {"needs": ["child"], "may": []}, "not_signed"),
        ("criticism_letter", {"contact": "某某"}, "placeholder"),
        ("return_notice", {"body": ["请取消低保资格。"]}, "never_say"),
    ],
)
def test_each_defect_of_a_document_is_found(folder: Path, document: str, changes: dict[str, Any], code: str) -> None:
    spoil(folder, document, **changes)
    catalogue = Catalogue.read(folder)
    found = lint_documents(DocumentBook.read(catalogue, folder), catalogue, folder)
    assert code in {finding.code for finding in found if finding.template == f"documents/{document}"}


def test_an_unverified_article_stops_the_start_and_a_form_has_no_words_of_its_own(folder: Path) -> None:
    (folder / "documents" / "letters.typ").write_text("#text[否则后果自负]", encoding="utf-8")
    catalogue = Catalogue.read(folder)
    found = lint_documents(DocumentBook.read(catalogue, folder), catalogue, folder)
    assert next((finding.code, finding.place) for finding in found) == ("never_say", "documents/letters.typ")
    spoil(folder, "criticism_letter", law=["GS-3"])
    with pytest.raises(CatalogueError, match="GS-3"):
        DocumentBook.load(catalogue, folder)


@pytest.mark.parametrize("name", sorted(BOOK.documents))
def test_each_document_is_set_with_all_and_with_the_least(name: str) -> None:
    one = BOOK.documents[name]
    samples = {**CATALOGUE.samples["common"], **CATALOGUE.samples["documents"]}
    made = [letter(BOOK, name, {key: samples[key] for key in keys}, HEAD, is_girl=True) for keys in (one.needs | one.may, one.needs)]
    data, gaps = letter_pdf(BOOK, made)
    assert gaps == ["", ""]
    texts = ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(data)).pages]
    assert len(texts) == 2
    for text in texts:
        assert one.title in text
        assert "锁南镇人民政府" in text
        assert "签发人：赵干事" in text
        for key in (*one.law, *one.girls):
            assert BOOK.law.quotations[key].cited_in_full() in text


def test_a_document_without_a_fact_that_it_needs_is_not_made() -> None:
    with pytest.raises(RenderingError, match="guardians"):
        BOOK.letter("return_notice", {})
