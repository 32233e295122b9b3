"""Reads a plan file's text, and says what is wrong with its form; what it means is checked in plan.check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from plan.yaml_text import QUICK


@dataclass(frozen=True)
class Problem:
    """One thing wrong. `place` is the path in the file, as in levels[3].owed[0].role."""

    place: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.place}: {self.zh} / {self.en}"


class PlanFault(Exception):
    """The plan file cannot be used; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class _Loader(QUICK):  # type: ignore[misc]
    """Refuses an entry given twice: YAML would keep the last one and drop the other in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: set[Any] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in found:
                raise yaml.constructor.ConstructorError(None, None, "twice", key.start_mark)
            found.add(key.value if isinstance(key, yaml.ScalarNode) else key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def load(text: str) -> Any:
    """The file's entries. Raises PlanFault when it is no YAML mapping."""
    try:
        data = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise PlanFault([_yaml_problem(error)]) from None
    except ValueError as error:
        raise PlanFault([Problem("file", "有一个日期不存在", f"there is a date that does not exist: {error}")]) from None
    if not isinstance(data, dict):
        raise PlanFault([Problem("file", "文件是空的或不是计划文件", "the file is empty or not a plan file")])
    return data


def _yaml_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    place = f"line {mark.line + 1 if mark else '?'}"
    if getattr(error, "problem", None) == "twice":
        return Problem(place, "这一项写了两次", "this entry is given twice")
    return Problem(place, "不是有效的 YAML，请检查缩进和引号", "not valid YAML: check indentation and quotes")


SHAPES = {
    "missing": ("缺少这一项", "this entry is missing"),
    "extra_forbidden": ("不认识这个词，请检查拼写", "unknown word: check the spelling"),
}
"""What is wrong, by pydantic's name for it."""
VALUES = (
    ("write a time in quotes", '时间要加引号，例如 "08:30"'),
    ("exactly one of absence", "开始条件（begins）必须写一个，而且只能写一个"),
    ("give one of school_days", "school_days、days、minutes 只能写一个"),
    ("give school_days", "要写明期限：school_days、days、minutes 或 at"),
    ("each sum must be", "汇总要一级比一级高：school、township、county、prefecture"),
    ("no such time zone", "没有这个时区，例如应写 Asia/Shanghai"),
    ("must be in", '时间写法不对，例如应写 "08:30"'),
    ("isoformat", '时间写法不对，例如应写 "08:30"'),
    ("integer", "这里要写整数"),
    ("number", "这里要写数字"),
    ("date", "这里要写日期，例如 2026-09-01"),
    ("string", "这里要写文字"),
    ("boolean", "这里要写 true 或 false"),
    ("list", "这里要写一个列表"),
    ("dictionary", "这里要写若干项，而不是一个值"),
    ("greater than", "这个数太小"),
    ("less than", "这个数太大"),
)
"""A word of the English sentence, and the Chinese sentence for it; the first that fits."""


def shape_problem(entry: Any) -> Problem:
    """The sentence for one of pydantic's errors."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in entry["loc"]).lstrip(".") or "file"
    if entry["type"] in SHAPES:
        return Problem(place, *SHAPES[entry["type"]])
    message = entry["msg"].removeprefix("Value error, ")
    chinese = next((zh for word, zh in VALUES if word in message), "这个值不对")
    return Problem(place, chinese, f"this value is wrong: {message}")
