"""Whoever complains is told the number under which the county has taken it up, and by when it answers: no child, no school, no kind."""

from __future__ import annotations

from bot.dialogs.answering import answer
from bot.dialogs.phrases import spoken_day
from bot.dialogs.speaker import Speaker
from bot.replies import read_guardian
from bot.replies.action import SURE
from cases.after_complaint import add_to_complaint
from cases.complaints import take_up, told_by_text
from cases.strangers import desk_of_stranger
from storage.tables import Complaint, Inbound
from storage.work import Work


async def say_taken_up(work: Work, inbound: Inbound, speaker: Speaker, complaint_id: int | None) -> None:
    """Once for each text. Under an older plan, which gives no number, only that a person will call."""
    complaint = await work.session.get(Complaint, complaint_id or 0)
    if complaint is None:
        answer(work, inbound, speaker, "handed_over", area_code=inbound.area_code or "")
        return
    facts = {"complaint_number": complaint.number, "answer_by": spoken_day(speaker.calendar.day_of(complaint.answer_by))}
    answer(work, inbound, speaker, "complaint_received", area_code=complaint.area_code, facts=facts)


async def hear_complaint(work: Work, inbound: Inbound, speaker: Speaker) -> bool:
    """A stranger complains beyond doubt: taken up as anonymous, and kept from every school, since nobody knows which it is.

    What they write while nobody has answered is read with it, unless it plainly says something else.
    """
    readings = read_guardian(inbound.body, question=None, children=[], today=speaker.today)
    sure = {one.intent for one in readings if one.confidence >= SURE} - {"question", "unknown", "abusive"}
    if not sure and (known := await add_to_complaint(work, inbound)) is not None:
        await say_taken_up(work, inbound, speaker, known.id)
        return True
    if not readings or any(one.intent != "complaint" or one.confidence < SURE for one in readings):
        return False
    plan = speaker.plan
    if plan.answers.get("complaint") is None or plan.answers["complaint"].effect != "complaint":
        return False
    told = told_by_text(inbound, None, (await desk_of_stranger(work, inbound)).place.area_code)
    complaint = await take_up(work, told)
    await say_taken_up(work, inbound, speaker, complaint.id)
    return True
