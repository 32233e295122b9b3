"""Defects of the message catalogue that a person should see before a guardian does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import Environment, meta, nodes

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


def to_be_compared(catalogue: Catalogue, today: date) -> list[Finding]:
    """Quotations that a person must compare with the official text again, by the day of the last comparison: warnings, no defects."""
    return [
        Defect("compare_again", f"{day} {'、'.join(keys)}").worded("law", "", catalogue.problems)
        for day, keys in catalogue.law.to_be_compared(today).items()
    ]


def _of_template(catalogue: Catalogue, template: MessageTemplate) -> Iterator[tuple[str, Defect]]:
    if not template.gloss.strip():
        yield "", Defect("no_gloss")
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
    judged: set[str] = set()
    for context in _contexts(catalogue, template):
        try:
            text = catalogue.render(template.id, variant, context)
        except RenderingError as error:
            yield Defect("not_rendered", str(error).partition(": ")[2])
            return
        if text in judged:
            continue
        judged.add(text)
        if defects := list(defects_of_text(catalogue, template, variant, text)):
            yield from defects
            return
    if variant == "sms" and template.urgency != "bulk":
        yield from _of_longest(catalogue, template)


def _of_longest(catalogue: Catalogue, template: MessageTemplate) -> Iterator[Defect]:
    """The longest names of the prefecture in every branch: how many parts that makes, if it is too many."""
    most = max(parts(catalogue.render(template.id, "sms", context)) for context in _contexts(catalogue, template, longest=True))
    if most > _MOST_PARTS:
        yield Defect("too_long_at_longest", str(most))


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
    if variant == "chat" and text.startswith("【"):
        yield Defect("signature_in_chat")
    if left := catalogue.law.placeholder.search(text):
        yield Defect("placeholder", left.group())
    if variant == "sms" and template.urgency != "bulk" and parts(text) > _MOST_PARTS:
        yield Defect("too_long", str(parts(text)))
    if cited := raw_citation(catalogue, ours):
        yield Defect("raw_citation", cited)
    if template.audience in _FAMILIES and (named := catalogue.law.named_in(ours)):
        yield Defect("raw_citation", named)
    yield from said_never(catalogue.law.never_to_anybody, ours)
    if variant == "sms" or template.audience in _FAMILIES:
        yield from said_never(catalogue.law.never_by_sms, ours)
    if template.audience in _FAMILIES:
        yield from said_never(catalogue.law.never_to_families, ours)
        if link := LINK.search(text):
            yield Defect("link", link.group())


def raw_citation(catalogue: Catalogue, ours: str) -> str | None:
    """An article that is named, or a law's words that stand, in our own: they would not change with it."""
    found = catalogue.law.citation.search(ours)
    return found.group() if found else catalogue.law.typed_in(ours)


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


def sample(catalogue: Catalogue, template: MessageTemplate, *, longest: bool = False) -> dict[str, Any]:
    """The sample values that this template may use; `longest`: names and numbers as long as they get in this prefecture."""
    values = {**catalogue.samples["common"], **(catalogue.samples["longest"] if longest else {})}
    values |= catalogue.samples["templates"].get(template.id) or {}
    return {name: values[name] for name in template.variables | template.optional | ALWAYS_GIVEN if name in values}


def _contexts(catalogue: Catalogue, template: MessageTemplate, *, longest: bool = False) -> Iterator[dict[str, Any]]:
    """Everything, nothing that may be missing, and the other way at each condition."""
    whole = sample(catalogue, template, longest=longest)
    yield whole
    if template.optional:
        yield {name: value for name, value in whole.items() if name not in template.optional}
    for name in sorted(_asked(catalogue, template) & whole.keys()):
        yield from _other_way(catalogue, template, whole, name)


def _other_way(catalogue: Catalogue, template: MessageTemplate, whole: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """The sample without this value: missing where it may be, empty where it is asked for its worth; or with one where it is empty."""
    if not whole[name]:
        yield {**whole, name: catalogue.samples["longest"].get(name, 1)}
        return
    if name in template.optional:
        yield {other: value for other, value in whole.items() if other != name}
    elif isinstance(whole[name], str | int):
        yield {**whole, name: type(whole[name])()}


def _asked(catalogue: Catalogue, template: MessageTemplate) -> set[str]:
    """The names that a condition of its texts asks for."""
    tests: list[nodes.Node] = []
    for tree in _trees(catalogue, template):
        tests += [one.test for one in tree.find_all(nodes.If)] + [one.test for one in tree.find_all(nodes.CondExpr)]
    return {name.name for test in tests for name in _names(test)}


def _names(test: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(test, nodes.Name):
        yield test
    yield from test.find_all(nodes.Name)


def _trees(catalogue: Catalogue, template: MessageTemplate) -> Iterator[nodes.Template]:
    for _, source in template.texts():
        yield _parsed(catalogue.environment, source)


@lru_cache(maxsize=2048)
def _parsed(environment: Environment, source: str) -> nodes.Template:
    return environment.parse(source)
