"""What a holder said of a task, and why it may not end like this."""

from __future__ import annotations

from dataclasses import dataclass

from cases.casework import lock_case
from cases.words import Words
from storage.tables import CaseFile, Task
from storage.work import Work


@dataclass(frozen=True)
class Refusal:
    """The task cannot be ended like this; `reason` names what is missing (see templates/words.yaml, refusals); `why`: said in it."""

    reason: str
    why: str = ""


@dataclass(frozen=True)
class Finish:
    """What a holder said of a task. `is_confirmed`: they said it twice, where that is needed."""

    work: Work
    task: Task
    by: int
    result: str
    words: Words
    is_confirmed: bool = False


CONFIRM = Refusal("confirm_first")
"""Not refused: the same person has to say it once more."""


async def case_of(finish: Finish) -> CaseFile:
    if finish.task.case_id is None:
        raise LookupError(f"task {finish.task.id} belongs to no case")
    return await lock_case(finish.work, finish.task.case_id)


async def plain(finish: Finish) -> Refusal | None:
    """Most duties are to record what was found: without a word of it, they are not done."""
    return None if finish.result or finish.task.facts.get("by_acknowledging") else Refusal("say_what")
