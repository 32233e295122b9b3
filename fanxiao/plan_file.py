"""Takes in a plan file; what keeps it from being used is a StartFault that an officer understands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cases.plans import install_plan
from plan.check import PlanFault, read_plan
from plan.model import Plan
from storage.faults import StartFault
from storage.work import Work

SHOWN = 5  # problems in the sentence; `fanxiao check plan` lists all of them


def load_plan(file: Path, templates: Collection[str] | None = None) -> Plan:
    """The plan in a file. Raises StartFault."""
    text = _text(file)
    with _sound(file):
        return read_plan(text, templates)


async def install_file(work: Work, file: Path, templates: Collection[str]) -> int:
    """Puts a file in force for new cases and gives its version id. Raises StartFault."""
    text = _text(file)
    with _sound(file):
        return await install_plan(work, text, templates)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise StartFault("plan_not_utf8", file=file) from error
    except FileNotFoundError as error:
        raise StartFault("plan_missing", file=file) from error
    except OSError as error:
        raise StartFault("plan_unreadable", file=file, reason=error.strerror) from error


@contextmanager
def _sound(file: Path) -> Iterator[None]:
    try:
        yield
    except PlanFault as fault:
        first, more = fault.problems[:SHOWN], " …" if len(fault.problems) > SHOWN else ""
        zh = "；".join(f"{problem.place}：{problem.zh}" for problem in first) + more
        en = "; ".join(f"{problem.place}: {problem.en}" for problem in first) + more
        raise StartFault("plan_faulty", file=file, count=len(fault.problems), zh=zh, en=en) from fault
