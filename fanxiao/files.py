"""Where the files are that come along with the code."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = _ROOT / "templates"
PLAN = _ROOT / "plan" / "linxia.yaml"
