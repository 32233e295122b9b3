"""Posts in words; the words are data in templates/areas.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from plan.yaml_text import read_yaml


@cache
def post_words() -> Mapping[str, Any]:
    """The words as they stand in the file."""
    data: Mapping[str, Any] = read_yaml(files("templates").joinpath("areas.yaml").read_text(encoding="utf-8"))
    return data
