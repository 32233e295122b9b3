"""A digit from where a message is said not to have arrived: it was read there after all, and is not said again."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select

from bot.replies.normalise import normalise
from storage.tables import CaseFile, Inbound, Intent, Message, Question
from storage.work import Work


async def read_after_all(work: Work, inbound: Inbound, whose: ColumnElement[bool]) -> list[Question]:
    """What the newest such message asked, open again; what has been asked elsewhere meanwhile is answered in that place.

    Carriers report failures of what they have delivered. Words need no question; a digit answers nothing but what was read.
    """
    written = inbound.received_at
    if not normalise(inbound.body)[:1].isdigit():
        return []
    closed = exists().where(CaseFile.id == Question.case_id, CaseFile.state == "closed")
    failed = (
        select(Question, Intent)
        .join(Message, Message.id == Question.message_id)
        .join(Intent, Intent.id == Question.intent_id)
        .where(
            Question.contact_id == inbound.contact_id, whose, Question.state == "withdrawn", Question.asked_at <= written,
            Question.expires_at > written, Message.state == "failed", Message.sent_at.is_not(None), Intent.state != "dropped",
            ~closed,
        )
        .order_by(Question.asked_at.desc(), Question.id.desc())
        .with_for_update(of=[Question, Intent], skip_locked=True)  # whoever has the intent in hand is saying it anew
    )  # fmt: skip
    found = (await work.session.execute(failed)).all()
    together = [await _open_again(work, question, intent) for question, intent in found if question.message_id == found[0][0].message_id]
    return [question for question in together if question is not None]


async def _open_again(work: Work, question: Question, intent: Intent) -> Question | None:
    if intent.state == "queued" and intent.message_id != question.message_id:  # said anew by now
        return await work.session.scalar(select(Question).where(Question.intent_id == intent.id, Question.state == "open").limit(1))
    if intent.state == "pending":
        intent.state, intent.reason, intent.message_id = "queued", None, question.message_id
    question.state, question.ended_at = "open", None
    return question
