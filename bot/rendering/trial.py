"""A message as somebody words it: what its reader would get, how long it is, and what the check would say. Nothing is kept or sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.rendering.catalogue import Catalogue, MessageTemplate, RenderingError, same_as_sms
from bot.rendering.findings import Defect, Finding
from bot.rendering.law import QuotationError
from bot.rendering.lint import defects_of_text, sample
from bot.rendering.parts import parts

SAME = "same"
PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr, nodes.Test, nodes.Not, nodes.And,
    nodes.Or, nodes.Compare, nodes.Operand, nodes.For, nodes.Getitem, nodes.Tuple,
)  # fmt: skip
FILTERS, TESTS = {"join", "default"}, {"defined"}


class NotPlain(Exception):
    """The wording uses more of the template language than messages do; its text says what."""


FAULTS = (NotPlain, QuotationError, RenderingError, TemplateError, TypeError, ValueError)
"""What a wording may come to; the last two: words where a number or a list is wanted."""


@dataclass(frozen=True)
class Trial:
    """One variant. `parts`: SMS parts that the carrier bills, 0 where it is no SMS; `fault`: why it cannot be said, then without text."""

    variant: str
    source: str
    text: str
    parts: int
    findings: Sequence[Finding]
    fault: str = ""

    @property
    def length(self) -> int:
        return len(self.text)


def try_out(catalogue: Catalogue, template: MessageTemplate, variant: str, source: str, facts: Mapping[str, Any]) -> Trial:
    """`source`: as it is typed; the words of the file themselves are taken as they are."""
    try:
        text = _text(catalogue, template, variant, source, facts)
    except FAULTS as error:
        return Trial(variant, source, "", 0, (), str(error))
    found = [one.worded(template.id, variant, catalogue.problems) for one in _defects(catalogue, template, variant, text)]
    return Trial(variant, source, text, parts(text) if variant == "sms" else 0, found)


def buttons_of(catalogue: Catalogue, template: MessageTemplate, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What may be pressed; none where these facts do not make a label."""
    try:
        return catalogue.buttons(template.id, facts)
    except RenderingError:
        return []


def _text(catalogue: Catalogue, template: MessageTemplate, variant: str, source: str, facts: Mapping[str, Any]) -> str:
    if source == template.sources.get(variant, SAME):
        return catalogue.render(template.id, variant, facts)
    if source.strip() == SAME:
        text = catalogue.render(template.id, "sms", facts)
        return text if variant == "sms" else same_as_sms(text, variant)
    _must_be_plain(catalogue.environment, source)
    return catalogue.environment.from_string(source).render(facts).strip()


def _defects(catalogue: Catalogue, template: MessageTemplate, variant: str, text: str) -> Iterator[Defect]:
    if variant == "sms" and not text.startswith("【"):
        yield Defect("signature_missing")
    yield from defects_of_text(catalogue, template, variant, text)


def _must_be_plain(environment: ImmutableSandboxedEnvironment, source: str) -> None:
    """Raises NotPlain for what could keep a process busy: sums and products, loops in loops, calls of anything but the law."""
    _walk(environment.parse(source), in_loop=False)


def _walk(node: nodes.Node, *, in_loop: bool) -> None:
    if not _is_plain(node) or (in_loop and isinstance(node, nodes.For)):
        raise NotPlain(type(node).__name__)
    for child in node.iter_child_nodes():
        _walk(child, in_loop=in_loop or isinstance(node, nodes.For))


def _is_plain(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name in FILTERS
    if isinstance(node, nodes.Call):
        return isinstance(node.node, nodes.Name) and node.node.name == "law"
    return isinstance(node, PLAIN) and not (isinstance(node, nodes.Test) and node.name not in TESTS)


def typed_facts(catalogue: Catalogue, template: MessageTemplate, typed: Mapping[str, str]) -> dict[str, Any]:
    """The sample with what was typed in its place; one that may be left out and was left empty is not there.

    A list has a line for each.
    """
    facts = sample(catalogue, template)
    for name, value in list(facts.items()):
        if name not in typed or not is_typed(value):
            continue
        if not typed[name].strip() and name in template.optional:
            del facts[name]
        else:
            facts[name] = _as(value, typed[name])
    return facts


def is_typed(value: Any) -> bool:
    """Whether a sample can be typed over: texts, numbers, lists of texts."""
    return isinstance(value, (str, int)) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _as(value: Any, said: str) -> Any:
    if isinstance(value, list):
        return said.splitlines()
    if isinstance(value, bool):
        return said.strip() not in {"", "0", "false", "False"}
    if isinstance(value, int):
        return int(said) if said.strip().isascii() and said.strip().isdecimal() and len(said) < len("1000000") else value
    return said
