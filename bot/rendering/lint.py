"""Defects of the message catalogue that a person should see before a guardian does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import meta, nodes

from bot.rendering.catalogue import ALWAYS_GIVEN, VARIANTS, Catalogue, MessageTemplate, RenderingError, quoted_in
from bot.rendering.findings import Defect, Finding
from bot.rendering.law import NeverSay
from bot.rendering.parts import parts

_MOST_PARTS = 3
_MOST_QUOTATIONS = 2
_LONGEST_PIECE = 60  # characters: four lines still make a message of three parts
_GLOBALS = frozenset({"law"})
_FAMILIES = frozenset({"guardian", "public"})
_NOT_FOR_FAMILIES = frozenset({"check", "test"})
LINK = re.compile(r"https?:|www\.|[a-z0-9-]+\.(?:com|cn|net|org|gov|edu|io|me|top)\b|t\.me/", re.IGNORECASE)
_SIGNATURE = re.compile(r"\s*【\{\{\s*signature\s*\}\}】")


def lint(catalogue: Catalogue) -> list[Finding]:
    """All defects, by template; empty when the catalogue may be sent."""
    found = [
        defect.worded(template.id, variant, catalogue.problems)
        for template in catalogue.templates.values()
        for variant, defect in _of_template(catalogue, template)
    ]
    found += [
        Defect("no_message", name).worded("law", "", catalogue.problems)
        for name in catalogue.law.messages
        if name not in catalogue.templates
    ]
    return found + [defect.worded("phrases", key, catalogue.problems) for key, defect in _of_phrases(catalogue)]


def _of_template(catalogue: Catalogue, template: MessageTemplate) -> Iterator[tuple[str, Defect]]:
    for defect in _of_variables(catalogue, template):
        yield "", defect
    for defect in _of_quotations(catalogue, template):
        yield "", defect
    for defect in _of_pieces(catalogue, template):
        yield "", defect
    for variant in VARIANTS:
        if variant not in template.sources:
            yield variant, Defect("variant_missing")
            continue
        for defect in _of_text(catalogue, template, variant):
            yield variant, defect


def _of_variables(catalogue: Catalogue, template: MessageTemplate) -> Iterator[Defect]:
    known = template.variables | template.optional | ALWAYS_GIVEN
    used: set[str] = set()
    for tree in _trees(catalogue, template):
        used |= meta.find_undeclared_variables(tree) - _GLOBALS
    for name in sorted(used - known):
        yield Defect("undefined_variable", name)
    for name in sorted(known - sample(catalogue, template).keys()):
        yield Defect("no_sample", name)


def _of_quotations(catalogue: Catalogue, template: MessageTemplate) -> Iterator[Defect]:
    used: set[str] = set()
    for tree in _trees(catalogue, template):
        keys = quoted_in(tree)
        used |= set(keys)
        if len(keys) > _MOST_QUOTATIONS:
            yield Defect("too_many_quotations", ", ".join(keys))
    if used != set(template.law):
        yield Defect("quotation_undeclared", ", ".join(sorted(used ^ set(template.law))))
    for key in sorted(used | set(template.law)):
        yield from _of_quotation(catalogue, template, key)
    kind = catalogue.law.kind_of(template.id)
    for name in sorted(kind.needs - template.variables - template.optional):
        yield Defect("not_signed", name)
    if kind.audience is not None and kind.audience != template.audience:
        yield Defect("wrong_audience", kind.audience)


def _of_quotation(catalogue: Catalogue, template: MessageTemplate, key: str) -> Iterator[Defect]:
    found = catalogue.law.quotations.get(key)
    if found is None:
        yield Defect("unknown_quotation", key)
        return
    if not found.verified:
        yield Defect("quotation_unverified", key)
    if key not in catalogue.law.kind_of(template.id).quotes:
        yield Defect("quotation_not_allowed", key)


def _of_text(catalogue: Catalogue, template: MessageTemplate, variant: str) -> Iterator[Defect]:
    if variant == "sms" and not _SIGNATURE.match(template.sources["sms"]):
        yield Defect("signature_missing")
    for context in _contexts(catalogue, template):
        try:
            text = catalogue.render(template.id, variant, context)
        except RenderingError as error:
            yield Defect("not_rendered", str(error).partition(": ")[2])
            return
        if defects := list(defects_of_text(catalogue, template, variant, text)):
            yield from defects
            return


def _of_pieces(catalogue: Catalogue, template: MessageTemplate) -> Iterator[Defect]:
    """The line of a merged message, and the buttons' labels."""
    for context in _contexts(catalogue, template):
        try:
            pieces = [label for _, label in catalogue.buttons(template.id, context)]
            pieces += [catalogue.line(template.id, context)] if template.line is not None else []
        except RenderingError as error:
            yield Defect("not_rendered", str(error).partition(": ")[2])
            return
        for label in pieces:
            if len(label) > _LONGEST_PIECE:
                yield Defect("piece_too_long", label)


def defects_of_text(catalogue: Catalogue, template: MessageTemplate, variant: str, text: str) -> Iterator[Defect]:
    """What is wrong with a text as its reader would get it."""
    ours = catalogue.law.without_quotations(text)
    if left := catalogue.law.placeholder.search(text):
        yield Defect("placeholder", left.group())
    if variant == "sms" and template.urgency != "bulk" and parts(text) > _MOST_PARTS:
        yield Defect("too_long", str(parts(text)))
    if cited := raw_citation(catalogue, ours):
        yield Defect("raw_citation", cited)
    yield from said_never(catalogue.law.never_to_anybody, ours)
    if variant == "sms" or template.audience in _FAMILIES:
        yield from said_never(catalogue.law.never_by_sms, ours)
    if template.audience in _FAMILIES:
        yield from said_never(catalogue.law.never_to_families, ours)
        if link := LINK.search(text):
            yield Defect("link", link.group())


def raw_citation(catalogue: Catalogue, ours: str) -> str | None:
    """An article that is named, or a law's sentence that stands, in our own words."""
    found = catalogue.law.citation.search(ours) or _typed_in(catalogue, ours)
    return found.group() if found else None


def _typed_in(catalogue: Catalogue, ours: str) -> re.Match[str] | None:
    """The words of a law written out instead of quoted by their key: they would not change with it."""
    sentences = (re.escape(sentence) for quotation in catalogue.law.quotations.values() for sentence in quotation.sentences())
    return re.search("|".join(sentences), ours)


def _of_phrases(catalogue: Catalogue) -> Iterator[tuple[str, Defect]]:
    """Pieces that dialogs put into messages to families; those for the officer who sets up a channel are of no concern here."""
    book = catalogue.law
    for key, source in catalogue.phrase_sources.items():
        if key.partition(".")[0] in _NOT_FOR_FAMILIES:
            continue
        for defect in said_never((*book.never_to_anybody, *book.never_by_sms, *book.never_to_families), source):
            yield key, defect


def said_never(phrases: tuple[NeverSay, ...], text: str) -> Iterator[Defect]:
    """Phrases that must not be said, each with what to say instead."""
    for phrase in phrases:
        if said := phrase.pattern.search(text):
            yield Defect("never_say", f"{said.group()} → {phrase.instead}")


def sample(catalogue: Catalogue, template: MessageTemplate) -> dict[str, Any]:
    """The sample values that this template may use."""
    values = {**catalogue.samples["common"], **(catalogue.samples["templates"].get(template.id) or {})}
    return {name: values[name] for name in template.variables | template.optional | ALWAYS_GIVEN if name in values}


def _contexts(catalogue: Catalogue, template: MessageTemplate) -> Iterator[dict[str, Any]]:
    whole = sample(catalogue, template)
    yield whole
    if template.optional:
        yield {name: value for name, value in whole.items() if name not in template.optional}


def _trees(catalogue: Catalogue, template: MessageTemplate) -> Iterator[nodes.Template]:
    for _, source in template.texts():
        yield catalogue.environment.parse(source)
