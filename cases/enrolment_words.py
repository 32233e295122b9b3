"""How what is said of enrolment is refused and named (templates/enrolment.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from plan.yaml_text import read_yaml

Both = Mapping[str, str]


class NotTaken(Exception):
    """What was said of enrolment or of a register cannot be so. Nothing has changed. `reason` is a key of the file."""

    def __init__(self, reason: str, **words: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.words = {name: str(value) for name, value in words.items()}

    def text(self, language: str = "zh") -> str:
        """The sentence for whoever said it."""
        return enrolment_words()["refusals"][self.reason][language].format(**self.words)


@cache
def enrolment_words() -> Mapping[str, Mapping[str, Both]]:
    """The file: refusals, states, events, each by key and language."""
    found: Mapping[str, Mapping[str, Both]] = read_yaml(files("templates").joinpath("enrolment.yaml").read_text(encoding="utf-8"))
    return found


def state_name(status: str, language: str = "zh") -> str:
    """What a state of enrolment is called."""
    return enrolment_words()["states"].get(status, {}).get(language, status)


def event_name(kind: str, language: str = "zh") -> str:
    """What an event of enrolment is called."""
    return enrolment_words()["events"].get(kind, {}).get(language, kind)
