"""Messages as carriers want them registered: a fixed text with variables, and the values that make of it just what we render.

Aliyun sends nothing but texts that it has approved, `${p1}` for what changes. Its rules for notices (help.aliyun.com, "SMS template
guidelines", "Notification message template specifications", "API error codes"): 1 to 500 characters with the variables; each variable
once, in a name that begins with a letter, never two without text between, never nothing but variables; a value of 1 to 35 characters,
without a link; a telephone number alone in its variable; no 【】, which stand for the signature that it puts in front itself;
publicity ends with how to refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, Template, TemplateError, TemplateSyntaxError, meta, nodes

from bot.rendering.catalogue import Catalogue, MessageTemplate, unsigned
from bot.rendering.law import QuotationError
from bot.rendering.lint import sample

LONGEST_TEXT = 500
LONGEST_VALUE = 35
FEWEST_WORDS = 4  # letters that must stand firm; Aliyun's own example of a text of variables only is 你好：${content}
OPT_OUT = "拒收请回复R"
PHONES = frozenset({"school_phone"})  # facts that are telephone numbers
_SIGNATURE = re.compile(r"^\s*【\{\{\s*signature\s*\}\}】")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_UNSUPPORTED = re.compile(r"[【】〖〗『』「」²•①-⑳★※→#]")
LINK = re.compile(r"(?:https?:|www\.|[a-z0-9-]+\.(?:com|cn|net|org|top))", re.IGNORECASE)
PHONE = re.compile(r"(?=.{5,15}$)\d[\d-]*\d")  # as Aliyun takes it, in a variable of that attribute
_WORD = re.compile(r"[^\W_]")
_PLAIN = str.maketrans({
    "【": "（", "】": "）", "〖": "（", "〗": "）", "『": "“", "』": "”", "「": "“", "」": "”", "²": "2", "•": "·", "→": "到",
    "★": "", "※": "", "#": "号", **{chr(ord("①") + place): str(place + 1) for place in range(20)},
})  # fmt: skip


class Unfit(Exception):
    """It cannot be registered, or not be said with these facts. `reason` names the sentence (templates/registered.yaml, unfit).

    `detail` says where (a variable's name, a character, a length), never a value.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True)
class Variable:
    """`facts` are the names of ours that it is made of, in the order of the text."""

    name: str
    facts: tuple[str, ...]
    template: Template

    @property
    def is_phone(self) -> bool:
        """Aliyun takes a telephone number only in a variable of that attribute, which holds nothing else."""
        return bool(PHONES & set(self.facts))


@dataclass(frozen=True)
class Registered:
    """What is handed in for approval, without the signature."""

    text: str
    variables: tuple[Variable, ...]

    def values(self, context: Mapping[str, Any]) -> dict[str, str]:
        """Raises Unfit when a value is empty, too long or holds what Aliyun refuses; jinja2's errors when a fact is missing."""
        found = {variable.name: plain(variable.template.render(context)) for variable in self.variables}
        for variable in self.variables:
            _check_value(variable.name, found[variable.name])
            if variable.is_phone and not PHONE.fullmatch(found[variable.name]):
                raise Unfit("value_phone", variable.name)
        return found


@dataclass(frozen=True)
class Candidate:
    """A message of ours with its samples: either `registered` with `examples`, or `unfit`."""

    template: MessageTemplate
    registered: Registered | None
    examples: Mapping[str, str]
    unfit: Unfit | None = None


def candidates(catalogue: Catalogue) -> list[Candidate]:
    """Every message, tried with its samples and again without its optional facts."""
    return [_candidate(catalogue, template) for template in catalogue.templates.values()]


def registrable(environment: Environment, source: str) -> Registered:
    """The text to register for this SMS text. Raises Unfit."""
    return _registrable(environment, source)


def registered_values(catalogue: Catalogue, template_id: str, context: Mapping[str, Any]) -> dict[str, str]:
    """The values of one message for a channel that sends registered templates only.

    Raises Unfit when these facts cannot be said that way (the message then needs another channel), RenderingError when they are not enough.
    """
    body = catalogue.render(template_id, "sms", context)
    registered = registrable(catalogue.environment, catalogue.templates[template_id].sources["sms"])
    values = registered.values(context)
    if filled(registered.text, values).strip() != plain(unsigned(body)):
        raise Unfit("differs")
    return values


def plain(text: str) -> str:
    """Without the characters that Aliyun refuses: what somebody wrote is still to be passed on."""
    return text.translate(_PLAIN)


def is_publicity(template: MessageTemplate) -> bool:
    """What a carrier takes as such (推广短信): bulk to families and the public, and whatever offers to refuse it."""
    return template.urgency == "bulk" and (template.audience in ("guardian", "public") or template.sources["sms"].endswith(OPT_OUT))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The registered text with its values. KeyError when one is missing."""
    return _VARIABLE.sub(lambda variable: values[variable[1]], text)


def _candidate(catalogue: Catalogue, template: MessageTemplate) -> Candidate:
    whole = sample(catalogue, template)
    try:
        registered = registrable(catalogue.environment, template.sources["sms"])
        if is_publicity(template) and not registered.text.endswith(OPT_OUT):
            raise Unfit("no_opt_out", OPT_OUT)
        registered_values(catalogue, template.id, {name: value for name, value in whole.items() if name not in template.optional})
        return Candidate(template, registered, registered_values(catalogue, template.id, whole))
    except Unfit as unfit:
        return Candidate(template, None, {}, unfit)


@lru_cache(maxsize=512)
def _registrable(environment: Environment, source: str) -> Registered:
    pieces = _pieces(environment, _SIGNATURE.sub("", source))
    variables: list[Variable] = []
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            variables.append(_variable(environment, f"p{len(variables) + 1}", piece))
            text += f"${{{variables[-1].name}}}"
    _check_text(text, "".join(piece for piece in pieces if isinstance(piece, str)))
    return Registered(text, tuple(variables))


def _variable(environment: Environment, name: str, piece: Sequence[nodes.Node]) -> Variable:
    tree = nodes.Template(list(piece), lineno=1)
    used = [found.name for found in tree.find_all(nodes.Name) if found.name not in environment.globals]
    return Variable(name, tuple(dict.fromkeys(used)), environment.from_string(tree))


Piece = str | list[nodes.Node]
"""Text that stands firm, or what is to be rendered each time."""


def _pieces(environment: Environment, source: str) -> list[Piece]:
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        raise Unfit("not_rendered", str(error.message)) from error
    pieces = _joined(_split(environment, tree.body))
    while (lone := _may_be_empty(pieces)) is not None:
        pieces = _joined(_with_neighbour(pieces, lone))
    return _trimmed(pieces)


def _split(environment: Environment, body: Sequence[nodes.Node]) -> Iterator[Piece]:
    for node in body:
        if isinstance(node, nodes.Output):
            for part in node.nodes:
                yield _fixed(environment, part) if _stands_firm(environment, part) else [nodes.Output([part], lineno=1)]
        elif isinstance(node, nodes.If | nodes.For):
            yield [node]
        else:
            raise Unfit("construct", type(node).__name__)


def _stands_firm(environment: Environment, part: nodes.Node) -> bool:
    return not meta.find_undeclared_variables(_alone(environment, part)) - environment.globals.keys()


def _fixed(environment: Environment, part: nodes.Node) -> str:
    try:
        return environment.from_string(_alone(environment, part)).render()
    except (TemplateError, QuotationError) as error:
        raise Unfit("not_rendered", str(error)) from error


def _alone(environment: Environment, part: nodes.Node) -> nodes.Template:
    tree = nodes.Template([nodes.Output([part], lineno=1)], lineno=1)
    tree.set_environment(environment)
    return tree


def _joined(pieces: Iterator[Piece] | Sequence[Piece]) -> list[Piece]:
    """Fixed text is put together, and so are variables that have nothing but blanks between them."""
    joined: list[Piece] = []
    for piece in pieces:
        if not piece:
            continue
        last = joined[-1] if joined else None
        if isinstance(piece, str) and isinstance(last, str):
            joined[-1] = last + piece
        elif isinstance(piece, list) and isinstance(last, list):
            joined[-1] = [*last, *piece]
        elif isinstance(piece, list) and isinstance(last, str) and not last.strip() and len(joined) > 1:
            blank = joined.pop()
            joined[-1] = [*joined[-1], _text(str(blank)), *piece]
        else:
            joined.append(piece)
    return joined


def _may_be_empty(pieces: Sequence[Piece]) -> int | None:
    """The first variable that may have nothing to say: a condition without an otherwise. Aliyun takes no empty value."""
    for place, piece in enumerate(pieces):
        if isinstance(piece, list) and all(_silent(node) for node in piece) and len(pieces) > 1:
            return place
    return None


def _silent(node: nodes.Node) -> bool:
    if isinstance(node, nodes.If):
        ways = [node.body, *(other.body for other in node.elif_), node.else_]
        return any(all(_silent(inner) for inner in way) for way in ways)
    return isinstance(node, nodes.For)


def _with_neighbour(pieces: Sequence[Piece], lone: int) -> list[Piece]:
    """Takes one character of the text beside it into the variable, mostly a full stop or a colon."""
    around = list(pieces)
    if lone + 1 < len(around):
        following = str(around[lone + 1])
        around[lone : lone + 2] = [[*around[lone], _text(following[0])], following[1:]]
    else:
        before = str(around[lone - 1])
        around[lone - 1 : lone + 1] = [before[:-1], [_text(before[-1]), *around[lone]]]
    return around


def _text(text: str) -> nodes.Node:
    return nodes.Output([nodes.TemplateData(text)], lineno=1)


def _trimmed(pieces: list[Piece]) -> list[Piece]:
    """The catalogue strips what it renders."""
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip()
    if pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip()
    return pieces


def _check_text(text: str, fixed: str) -> None:
    if len(_WORD.findall(fixed)) < FEWEST_WORDS:
        raise Unfit("only_variables")
    if len(text) > LONGEST_TEXT:
        raise Unfit("text_too_long", str(len(text)))
    if (found := _UNSUPPORTED.search(fixed)) or (found := re.search(r"\$\{|^\[|\]$", fixed)):
        raise Unfit("character", found.group())


def _check_value(name: str, value: str) -> None:
    if not value.strip():
        raise Unfit("value_empty", name)
    if len(value) > LONGEST_VALUE:
        raise Unfit("value_too_long", f"{name} {len(value)}")
    if LINK.search(value):
        raise Unfit("value_link", name)
