"""The words of written documents: who is addressed, what is said, which articles are cited (templates/documents/words.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from jinja2 import Template, TemplateError

from bot.rendering.catalogue import Catalogue, CatalogueError, RenderingError
from bot.rendering.law import LawBook, MessageKind, QuotationError
from plan.yaml_text import read_yaml

Who = Literal["families", "officers"]
FORM = "form"


@dataclass(frozen=True)
class DocumentWords:
    """One document as written. `needs`, `may`: the facts that its words use; `girls`: cited as well where the child is a girl."""

    name: str
    who: Who
    title: str
    law: tuple[str, ...]
    girls: tuple[str, ...]
    needs: frozenset[str]
    may: frozenset[str]
    addressee: str
    body: tuple[str, ...]
    basis: str
    contact: str

    def sources(self) -> list[str]:
        return [self.addressee, *self.body, self.contact]


@dataclass(frozen=True)
class Letter:
    """What the form prints: an official document with its words filled in."""

    title: str
    addressee: str
    paragraphs: tuple[str, ...]
    basis: str
    citations: tuple[str, ...]
    contact: str


@dataclass(frozen=True)
class DocumentBook:
    """Every document that can be written, with the law that it may cite."""

    documents: Mapping[str, DocumentWords]
    form: Mapping[str, Any]
    law: LawBook
    compiled: Mapping[str, tuple[Template, ...]]

    @classmethod
    def load(cls, catalogue: Catalogue, folder: Path) -> Self:
        """What may be written. CatalogueError as for `read`, and when a document cites what nobody has verified."""
        book = cls.read(catalogue, folder)
        for one in book.documents.values():
            for key in (*one.law, *one.girls):
                try:
                    book.law.quote(key)
                except QuotationError as error:
                    raise CatalogueError(one.name, str(error)) from error
        return book

    @classmethod
    def read(cls, catalogue: Catalogue, folder: Path) -> Self:
        """As it stands, for the lint. CatalogueError when the file is missing, lacks a field or has broken Jinja."""
        try:
            data: dict[str, Any] = read_yaml((folder / "documents" / "words.yaml").read_text(encoding="utf-8"))
            documents = {name: _document(name, entry) for name, entry in data.items() if name != FORM}
            compiled = {name: tuple(catalogue.environment.from_string(text) for text in one.sources()) for name, one in documents.items()}
            return cls(documents, data[FORM], catalogue.law, compiled)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError, TemplateError) as error:
            raise CatalogueError("documents/words", f"{type(error).__name__} {error}") from error

    def letter(self, name: str, facts: Mapping[str, Any], *, is_girl: bool = False) -> Letter:
        """A document filled in. LookupError for one that is not there; RenderingError when a fact is missing."""
        one = self.documents[name]
        try:
            addressee, *body, contact = [template.render(facts).strip() for template in self.compiled[name]]
        except TemplateError as error:
            raise RenderingError(f"documents/{name}: {error}") from error
        keys = (*one.law, *(one.girls if is_girl else ()))
        citations = tuple(self.law.quotations[key].cited_in_full() for key in keys)
        return Letter(one.title, addressee, tuple(text for text in body if text), one.basis, citations, contact)

    def kind_of(self, name: str) -> MessageKind:
        """The row of the table of law for this document."""
        return self.law.kinds[self.law.documents[name]] if name in self.law.documents else MessageKind(frozenset())


def _document(name: str, entry: Mapping[str, Any]) -> DocumentWords:
    if entry["who"] not in ("families", "officers"):
        raise KeyError("who")
    return DocumentWords(
        name, entry["who"], entry["title"], tuple(entry["law"]), tuple(entry.get("girls", ())), frozenset(entry["needs"]),
        frozenset(entry.get("may", ())), entry["addressee"], tuple(entry["body"]), entry["basis"], entry["contact"],
    )  # fmt: skip
