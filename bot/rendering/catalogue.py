"""Every message the product can send, loaded once and compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

import yaml
from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.rendering.law import LawBook, QuotationError
from bot.rendering.no_phone import Rules, marked, rules, worded
from bot.rendering.traits import Traits
from plan.yaml_text import read_yaml

VARIANTS = ("sms", "chat", "voice")
AUDIENCES = ("guardian", "teacher", "officer", "public")
URGENCIES = ("safety", "duty", "bulk")
ALWAYS_GIVEN = frozenset({"signature"})
_SAME = "same"
_SIGNED = re.compile(r"^【([^】]*)】")


class CatalogueError(Exception):
    """The folder of templates cannot be used; the text says which file and why."""

    def __init__(self, template: str, detail: str) -> None:
        super().__init__(f"{template}: {detail}")


class RenderingError(Exception):
    """A message could not be rendered. The text names the template and the variable, never a value."""


@dataclass(frozen=True)
class MessageTemplate:
    """One message. `sources` holds the text of each variant as written; `same` means as in the SMS, its signature aside.

    `merge` names the message that says several of this kind at once, in which each is the text of `line`.
    `buttons`: what a press answers, and its label, on channels that have buttons. `choices`: before them come those of the fact
    `choices`, which the dialog gives.
    """

    id: str
    audience: str
    urgency: str
    gloss: str
    law: tuple[str, ...]
    variables: frozenset[str]
    optional: frozenset[str]
    sources: Mapping[str, str]
    merge: str | None = None
    line: str | None = None
    buttons: Mapping[str, str] = field(default_factory=dict)
    choices: bool = False

    def texts(self) -> Iterator[tuple[str, str]]:
        """Everything that is filled in: variants that have a text of their own, the line, each button's label."""
        yield from ((variant, source) for variant, source in self.sources.items() if source != _SAME)
        if self.line is not None:
            yield "line", self.line
        yield from ((f"button {answer}", label) for answer, label in self.buttons.items())


@dataclass(frozen=True)
class Catalogue:
    """Load with `Catalogue.load(folder)`; the folder holds messages/, law.yaml, phrases.yaml, sample.yaml and lint.yaml."""

    templates: Mapping[str, MessageTemplate]
    law: LawBook
    samples: Mapping[str, Any]
    problems: Mapping[str, Mapping[str, str]]
    environment: ImmutableSandboxedEnvironment
    compiled: Mapping[tuple[str, str], Template]
    phrases: Mapping[str, Template]
    phrase_sources: Mapping[str, str]
    without_phone: Rules

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What may be sent. CatalogueError as for `read`, and when a message quotes what nobody has verified."""
        catalogue = cls.read(folder)
        for template in catalogue.templates.values():
            for key in sorted(quoted(catalogue.environment, template)):
                try:
                    catalogue.law.quote(key)
                except QuotationError as error:
                    raise CatalogueError(template.id, str(error)) from error
        return catalogue

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Everything as it stands, for the lint. CatalogueError when a file is missing, no YAML, lacks a field, or has broken Jinja."""
        book = _law(folder)
        environment = _environment(book)
        phrases = _yaml(folder / "phrases.yaml")
        templates = {path.stem: _template(path) for path in sorted((folder / "messages").glob("*.yaml"))}
        for template in templates.values():
            if template.merge is not None and template.merge not in templates:
                raise CatalogueError(template.id, f"field merge names no message: {template.merge}")
        return cls(
            templates=templates,
            law=book,
            samples=_yaml(folder / "sample.yaml"),
            problems=_yaml(folder / "lint.yaml"),
            environment=environment,
            compiled={
                (template.id, variant): _compile(environment, template.id, source)
                for template in templates.values()
                for variant, source in template.texts()
            },
            phrases={key: _compile(environment, key, text) for key, text in phrases.items()},
            phrase_sources=phrases,
            without_phone=_without_phone(folder),
        )

    def render(self, template_id: str, variant: str, context: Mapping[str, Any]) -> str:
        """The text for one channel variant (sms, chat, voice); RenderingError when it cannot be said in full."""
        template = self.templates.get(template_id)
        if template is None or variant not in template.sources:
            raise RenderingError(f"{template_id}/{variant}: no such text")
        own = variant if template.sources[variant] != _SAME else "sms"
        text = worded(_fill(self.compiled[template_id, own], f"{template_id}/{own}", marked(context)), self.without_phone)
        return text if own == variant else same_as_sms(text, variant)

    def traits(self, template_id: str) -> Traits:
        """Who reads it and what it merges into; RenderingError for an unknown one."""
        template = self._known(template_id)
        return Traits(template.audience, template.merge)

    def line(self, template_id: str, context: Mapping[str, Any]) -> str:
        """What this message is in one that says several; RenderingError when it cannot be said."""
        return _fill(self.compiled[self._known(template_id).id, "line"], f"{template_id}/line", context)

    def buttons(self, template_id: str, context: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What may be pressed: answer and label. A label that comes out empty is no button."""
        template = self._known(template_id)
        if template.choices and "choices" not in context:
            raise RenderingError(f"{template_id}/choices: 'choices' is undefined")
        made = [(answer, label) for answer, label in context["choices"]] if template.choices else []
        made += [
            (answer, _fill(self.compiled[template_id, f"button {answer}"], f"{template_id}/button {answer}", context))
            for answer in template.buttons
        ]
        return [(answer, label) for answer, label in made if label]

    def _known(self, template_id: str) -> MessageTemplate:
        if template_id not in self.templates:
            raise RenderingError(f"{template_id}: no such text")
        return self.templates[template_id]

    def answering(self, kind: str, words: Mapping[str, Any]) -> Mapping[str, str]:
        """What a task of this kind takes as an answer: the digits (`offers`), and an `example` of how it is ended."""
        own = f"task.example.{kind}"
        return {
            "offers": self.phrase("task.offers", words),
            "example": self.phrase(own if own in self.phrases else "task.example", words),
        }

    def phrase(self, key: str, context: Mapping[str, Any] | None = None) -> str:
        """A short piece of product text (templates/phrases.yaml) that goes into a message as a fact."""
        found = self.phrases.get(key)
        if found is None:
            raise RenderingError(f"{key}: no such phrase")
        return _fill(found, key, context or {})


@cache
def load_once(folder: Path) -> Catalogue:
    """What a folder's messages were when this process first asked: reading them takes most of a second. Raises CatalogueError."""
    return Catalogue.load(folder)


def quoted(environment: ImmutableSandboxedEnvironment, template: MessageTemplate) -> set[str]:
    """The keys of law that its texts quote, and those that it declares."""
    trees = [environment.parse(source) for _, source in template.texts() if "law" in source]
    return {*template.law, *(key for tree in trees for key in quoted_in(tree))}


def quoted_in(tree: nodes.Template) -> list[str]:
    """The keys in the order of the text; a key that is not written out is shown as law(…), which no quotation has."""
    calls = [call for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name) and call.node.name == "law"]
    return [arg.value if isinstance(arg, nodes.Const) else "law(…)" for call in calls for arg in call.args]


def _environment(book: LawBook) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
    environment.globals["law"] = book.quote
    return environment


def _fill(template: Template, name: str, context: Mapping[str, Any]) -> str:
    try:
        return template.render(context).strip()
    except (TemplateError, QuotationError) as error:
        raise RenderingError(f"{name}: {error}") from error


def same_as_sms(text: str, variant: str) -> str:
    """A signed SMS on another channel: a chat bears its sender's name already, a voice says the name and pauses."""
    return unsigned(text) if variant == "chat" else _SIGNED.sub(r"\1：", text)


def unsigned(text: str) -> str:
    """A rendered SMS without the signature in front."""
    return _SIGNED.sub("", text)


def _compile(environment: ImmutableSandboxedEnvironment, name: str, source: str) -> Template:
    try:
        return environment.from_string(source)
    except TemplateSyntaxError as error:
        raise CatalogueError(name, str(error.message)) from error


def _yaml(path: Path) -> dict[str, Any]:
    try:
        data = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogueError(path.stem, _reason(error)) from error
    if not isinstance(data, dict):
        raise CatalogueError(path.stem, "not a mapping of fields")
    return data


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{type(error).__name__} in line {mark.line + 1}" if mark else type(error).__name__


def _without_phone(folder: Path) -> Rules:
    path = folder / "no_phone.yaml"
    try:
        return rules(read_yaml(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, yaml.YAMLError, re.error) as error:
        raise CatalogueError(path.stem, str(error)) from error


def _law(folder: Path) -> LawBook:
    try:
        return LawBook.read(_yaml(folder / "law.yaml"))
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise CatalogueError("law", str(error)) from error


def _template(path: Path) -> MessageTemplate:
    data = _yaml(path)
    if data.get("audience") not in AUDIENCES:
        raise CatalogueError(path.stem, "field audience is missing or wrong")
    if data.get("urgency") not in URGENCIES:
        raise CatalogueError(path.stem, "field urgency is missing or wrong")
    sources = {variant: str(data[variant]) for variant in VARIANTS if data.get(variant)}
    if sources.get("sms", _SAME) == _SAME:
        raise CatalogueError(path.stem, "field sms is missing or wrong")
    if bool(data.get("merge")) != bool(data.get("line")):
        raise CatalogueError(path.stem, "fields merge and line go together")
    return MessageTemplate(
        id=path.stem,
        audience=data["audience"],
        urgency=data["urgency"],
        gloss=str(data.get("gloss", "")),
        law=tuple(data.get("law") or ()),
        variables=frozenset(data.get("variables") or ()),
        optional=frozenset(data.get("optional") or ()),
        sources=sources,
        merge=data.get("merge"),
        line=str(data["line"]) if data.get("line") else None,
        buttons={str(answer): str(label) for answer, label in (data.get("buttons") or {}).items()},
        choices="choices" in (data.get("variables") or ()),
    )
