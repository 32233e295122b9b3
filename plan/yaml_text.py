"""Reads YAML with the parser written in C, where there is one: it takes a tenth of the time."""

from __future__ import annotations

from typing import Any

import yaml

QUICK: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """What the text says. Raises yaml.YAMLError."""
    return yaml.load(text, QUICK)
