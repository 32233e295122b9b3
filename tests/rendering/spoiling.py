"""A copy of the templates' folder in which a test may spoil what it likes."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from fanxiao.files import TEMPLATES
from plan.yaml_text import read_yaml


def copy_of_templates(parent: Path, messages: frozenset[str]) -> Path:
    """With these messages only, each of which stays what the law's table says of it: to read and judge them all takes a second."""
    folder = parent / "templates"
    shutil.copytree(TEMPLATES, folder, ignore=lambda at, names: _others(at, names, messages))
    law = read_yaml((TEMPLATES / "law.yaml").read_text(encoding="utf-8"))
    law["messages"] = {kind: [name for name in names if name in messages] for kind, names in law["messages"].items()}
    (folder / "law.yaml").write_text(yaml.dump(law, Dumper=yaml.CSafeDumper, allow_unicode=True, width=4000), encoding="utf-8")
    return folder


def _others(at: str, names: list[str], messages: frozenset[str]) -> list[str]:
    return [name for name in names if Path(at).name in {"messages", "pages"} and Path(name).stem not in messages]
