"""Defects of the documents' words, by the same table of law and the same never-say list as the messages'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import meta

from bot.rendering.catalogue import Catalogue, RenderingError
from bot.rendering.documents import DocumentBook, DocumentWords
from bot.rendering.findings import Defect, Finding
from bot.rendering.lint import raw_citation, said_never

_FORM_COMMENT = re.compile(r"//.*")


def lint_documents(book: DocumentBook, catalogue: Catalogue, folder: Path) -> list[Finding]:
    """All defects of the words and of the forms' own text; empty when they may be printed."""
    found = [
        defect.worded(f"documents/{one.name}", "", catalogue.problems)
        for one in book.documents.values()
        for defect in _of_document(book, catalogue, one)
    ]
    missing = sorted(book.law.documents.keys() - book.documents.keys())
    found += [Defect("no_message", name).worded("law", "", catalogue.problems) for name in missing]
    for path in sorted((folder / "documents").glob("*.typ")):
        text = _FORM_COMMENT.sub("", path.read_text(encoding="utf-8"))
        found += [defect.worded(f"documents/{path.name}", "", catalogue.problems) for defect in _of_text(catalogue, text, to_families=True)]
    return found


def _of_document(book: DocumentBook, catalogue: Catalogue, one: DocumentWords) -> Iterator[Defect]:
    used = set().union(*(meta.find_undeclared_variables(catalogue.environment.parse(source)) for source in one.sources()))
    for name in sorted(used - one.needs - one.may):
        yield Defect("undefined_variable", name)
    yield from _of_citations(book, one)
    samples = {**catalogue.samples["common"], **catalogue.samples["documents"]}
    for name in sorted((one.needs | one.may) - samples.keys()):
        yield Defect("no_sample", name)
    for names in (one.needs | one.may, one.needs):
        yield from _of_letter(book, catalogue, one, {name: samples[name] for name in names if name in samples})


def _of_citations(book: DocumentBook, one: DocumentWords) -> Iterator[Defect]:
    kind = book.kind_of(one.name)
    for key in (*one.law, *one.girls):
        quotation = book.law.quotations.get(key)
        if quotation is None:
            yield Defect("unknown_quotation", key)
        elif not quotation.verified:
            yield Defect("quotation_unverified", key)
        elif key not in kind.quotes:
            yield Defect("quotation_not_allowed", key)
    for name in sorted(kind.needs - one.needs):
        yield Defect("not_signed", name)
    if kind.audience == "officer" and one.who != "officers":
        yield Defect("wrong_audience", kind.audience)


def _of_letter(book: DocumentBook, catalogue: Catalogue, one: DocumentWords, facts: dict[str, Any]) -> Iterator[Defect]:
    try:
        letter = book.letter(one.name, facts)
    except (RenderingError, KeyError) as error:
        yield Defect("not_rendered", str(error))
        return
    text = "\n".join((letter.title, letter.addressee, *letter.paragraphs, letter.basis, letter.contact))
    yield from _of_text(catalogue, text, to_families=one.who == "families")


def _of_text(catalogue: Catalogue, text: str, *, to_families: bool) -> Iterator[Defect]:
    if left := catalogue.law.placeholder.search(text):
        yield Defect("placeholder", left.group())
    if cited := raw_citation(catalogue, text):
        yield Defect("raw_citation", cited)
    phrases = catalogue.law.never_to_anybody + (catalogue.law.never_to_families if to_families else ())
    yield from said_never(phrases, text)
