"""A family writes a notice's number, from a paper or an old message: what it says is about that notice."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from bot.dialogs.talk import Talk, asked_here
from bot.replies.lexicon import lexicon
from bot.replies.normalise import normalise
from storage.tables import CaseFile, Notice, Question


async def about_named_notice(talk: Talk) -> tuple[Talk, str] | None:
    """(talk about that notice and its child alone, the text without the number); None where no notice to this family is named.

    Nothing but the number says that the notice is there.
    """
    plain = normalise(talk.inbound.body)
    found = lexicon().patterns["notice_number"].search(plain)
    if found is None:
        return None
    notice = await _notice(talk, found["area"], int(found["year"]), int(found["number"]))
    if notice is None:
        return None
    rest = (plain[: found.start()] + plain[found.end() :]).strip(" ,.。、:号")
    questions = [one for one in [await _question(talk, notice)] if one is not None]
    child = [one for one in talk.children if one.id == notice.student_id]
    named = replace(
        talk, question=questions[0] if questions else None, together=questions, children=child, faded=None, notice_id=notice.id
    )  # fmt: skip
    return named, rest or lexicon().meant_words["acknowledged"][0]


async def _notice(talk: Talk, area: str | None, year: int, sequence: int) -> Notice | None:
    """An issued notice about one of these children; one that two of them fit is none."""
    query = select(Notice).join(CaseFile, CaseFile.id == Notice.case_id).where(
        Notice.student_id.in_([child.id for child in talk.children]), Notice.year == year, Notice.sequence == sequence,
        Notice.issued_at.is_not(None), Notice.withdrawn_at.is_(None), CaseFile.state == "open",
    )  # fmt: skip
    if area:
        query = query.where(Notice.area_code == area)
    found = list(await talk.work.session.scalars(query.limit(2)))
    return found[0] if len(found) == 1 else None


async def _question(talk: Talk, notice: Notice) -> Question | None:
    query = asked_here(talk.inbound, talk.speaker).where(Question.notice_id == notice.id, Question.expires_at > talk.inbound.received_at)
    return await talk.work.session.scalar(query.limit(1))
