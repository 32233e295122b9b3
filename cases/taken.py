"""What follows when an officer takes a task, or wants to end it, where the matter has a book of its own: complaints, referrals."""

from __future__ import annotations

from cases.complaints import complaint_of, note_acknowledged
from cases.referrals import acknowledge_referral
from cases.triage_answers import letter_of, may_be_answered
from storage.tables import Task
from storage.work import Work


async def note_taken(work: Work, task: Task, by: int) -> None:
    """The matter itself is acknowledged, in the name of whoever took its task."""
    await note_acknowledged(work, task, by)
    await acknowledge_referral(work, task, by)


async def awaits_answer(work: Work, task: Task) -> bool:
    """A complaint is ended by an answer to whoever complains, as long as one can be sent."""
    if await complaint_of(work, task) is None:
        return False
    letter = await letter_of(work, task)
    return letter is not None and await may_be_answered(work, task, letter) is None
