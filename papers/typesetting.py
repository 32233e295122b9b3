"""Documents set with typst: facts in, bytes out. The same everywhere: only the fonts in papers/fonts, nothing of the network, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import segno
import typst

GAP = "□"
"""Printed for a sign that the font has not, to be written in by hand."""

MASK = 3
"""Every reader reads every mask. Trying all eight for the prettiest took half of the time of printing a batch."""


class MissingSigns(Exception):
    """The font cannot print these signs. `signs`: each once, in their order."""

    def __init__(self, signs: str) -> None:
        super().__init__(f"not in the font: {' '.join(signs)}")
        self.signs = signs


def pdf(document: str, facts: Mapping[str, Any]) -> bytes:
    """Sets templates/documents/DOCUMENT.typ, which reads the facts by json(bytes(sys.inputs.facts)).

    Facts: text, numbers, days (read as "2026-09-01"), frozen dataclasses, and lists and mappings of these.
    MissingSigns when a text holds a sign that cannot be printed: see `with_gaps`. LookupError when there is no such document.
    """
    made = _compiled(document, facts, "pdf")
    assert isinstance(made, bytes)
    return made


def png(document: str, facts: Mapping[str, Any], dots_per_inch: int = 80) -> list[bytes]:
    """The same as pictures, a page each: for looking at it."""
    made = _compiled(document, facts, "png", dots_per_inch)
    return made if isinstance(made, list) else [made]


def qr(text: str) -> str:
    """A QR code as SVG, for a document to show by image(bytes(…), format: "svg")."""
    out = BytesIO()
    segno.make(text, error="m", micro=False, mask=MASK).save(out, kind="svg", border=0, xmldecl=False, nl=False)
    return out.getvalue().decode()


def missing_signs(facts: Any) -> str:
    """Signs in the facts that the font cannot print, each once."""
    return "".join(dict.fromkeys(sign for text in _texts(_plain(facts)) for sign in text if not _prints(sign)))


def with_gaps(facts: Any) -> Any:
    """The facts with a gap to be filled in by hand for each sign that cannot be printed."""
    return _gapped(_plain(facts))


def _compiled(document: str, facts: Mapping[str, Any], kind: Literal["pdf", "png"], dots_per_inch: int = 80) -> Any:
    source = _folder() / f"{document}.typ"
    if not source.is_file():
        raise LookupError(f"no such document: {document}")
    plain = _plain(facts)
    if missing := missing_signs(plain):
        raise MissingSigns(missing)
    inputs = {"facts": json.dumps(plain, ensure_ascii=False)}
    compiler = typst.Compiler(root=str(_folder()), font_paths=_fonts(), sys_inputs=inputs)
    return compiler.compile(str(source), format=kind, ppi=dots_per_inch, pdf_tags=False)


@cache
def _folder() -> Path:
    return Path(str(files("templates").joinpath("documents")))


@cache
def _fonts() -> typst.Fonts:
    folder = Path(str(files("papers").joinpath("fonts")))
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


@cache
def _signs() -> frozenset[str]:
    return frozenset(files("papers").joinpath("fonts", "signs.txt").read_text(encoding="utf-8"))


def _prints(sign: str) -> bool:
    return sign in _signs() or sign in "\n\t"


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def _gapped(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(sign if _prints(sign) else GAP for sign in value)
    if isinstance(value, dict):
        return {name: _gapped(part) for name, part in value.items()}
    return [_gapped(part) for part in value] if isinstance(value, list) else value
