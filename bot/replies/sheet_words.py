"""The words by which teachers and schools are read, compiled once from sheet_words.yaml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from plan.yaml_text import read_yaml

_PART = re.compile(r"<([a-z]+)>")
Patterns = Mapping[str, re.Pattern[str]]


@dataclass(frozen=True)
class SheetWords:
    """`tokens` are tried in their order; the others go by their names in the file."""

    tokens: tuple[tuple[str, re.Pattern[str]], ...]
    sheet: Patterns
    classes: Patterns
    picks: Patterns
    school: Patterns


@cache
def sheet_words() -> SheetWords:
    """The words that come with the product."""
    data = read_yaml(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    parts = {**data["parts"], "weather": data["school"]["weather"]}
    rows = data["sheet"].pop("tokens")
    tokens = tuple((kind, _compiled(text, parts)) for kind, text in rows)
    return SheetWords(tokens, *(_all(data[name], parts) for name in ("sheet", "classes", "picks", "school")))


def _all(texts: Mapping[str, Any], parts: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: _compiled(text, parts) for name, text in texts.items()}


def _compiled(text: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    return re.compile(_expand(text, parts))


def _expand(text: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda match: f"(?:{_expand(parts[match[1]], parts)})" if match[1] in parts else match[0], text)
