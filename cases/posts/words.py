"""Posts in words; the words are data in templates/areas.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def post_words() -> Mapping[str, Any]:
    """The words as they stand in the file."""
    data: Mapping[str, Any] = yaml.safe_load(files("templates").joinpath("areas.yaml").read_text(encoding="utf-8"))
    return data
