"""What the lint finds, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_FILES = ("law", "phrases")  # beside the messages


@dataclass(frozen=True)
class Finding:
    """One defect. `variant` is empty when it concerns the whole template; `code` names the kind of defect."""

    template: str
    variant: str
    code: str
    zh: str
    en: str

    @property
    def place(self) -> str:
        """The file below templates/, and what in it."""
        if self.template.startswith("documents/"):
            return self.template
        file = f"{self.template}.yaml" if self.template in _FILES else f"messages/{self.template}.yaml"
        return f"{file} {self.variant}".rstrip()


@dataclass(frozen=True)
class Defect:
    """A kind of defect before it has words."""

    code: str
    detail: str = ""

    def worded(self, template: str, variant: str, problems: Mapping[str, Mapping[str, str]]) -> Finding:
        words = problems[self.code]
        return Finding(template, variant, self.code, words["zh"].format(detail=self.detail), words["en"].format(detail=self.detail))
