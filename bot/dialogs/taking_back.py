"""What "不对" takes back and what is asked in its place; after "wrong number" the number belongs to the family again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from bot.dialogs.answering import answer
from bot.dialogs.phrases import choices
from bot.dialogs.speaker import Speaker
from bot.dialogs.talk import Talk
from bot.outbox.questions import FOLLOW_UPS
from bot.replies import correction_in
from bot.replies.hints import digit_alone
from bot.replies.normalise import normalise
from cases.contacts import restore_contact
from cases.corrections import last_answers
from storage.tables import GuardianAnswer, Inbound
from storage.work import Work

UNDO_KEY = "0"
"""What a keypad has for "不对"; no question of a family offers it."""

OF_RETURN = frozenset({"confirm_yes", "confirm_no"})


def ask_again_instead(talk: Talk, given: GuardianAnswer) -> None:
    """In place of an answer that is taken back the same is asked: whether the child is back, or why it is away."""
    kind, template = ("confirm_return", "undone_return") if given.intent in OF_RETURN else ("absence", "undone")
    answer(
        talk.work, talk.inbound, talk.speaker, template, area_code=talk.child(given.student_id).area_code, question=kind,
        facts={"choices": choices(kind)}, about={"student_id": given.student_id, "case_id": given.case_id},
    )  # fmt: skip


async def last_of(talk: Talk, of: Sequence[int] | None = None) -> list[GuardianAnswer]:
    """What the writer's last reply was taken to mean; of these children, else of all that the talk is about."""
    within = talk.speaker.plan.dialogs.family_undo
    return await last_answers(talk.work, talk.speaker.person_id, within, of=of or [child.id for child in talk.children])


def is_of_no_menu(talk: Talk, instead: str) -> bool:
    """A digit behind "不对", where days or places were offered since: nobody knows which menu it is of."""
    offers = talk.kind in FOLLOW_UPS or (talk.question is not None and "days" in talk.question.facts)
    return offers and digit_alone(normalise(instead)) is not None


async def is_number_back(work: Work, inbound: Inbound, speaker: Speaker) -> bool:
    """Whether the text takes a wrong number back that was said here not long ago; then its person is reached here again.

    The answer itself is taken back where every other one is.
    """
    if correction_in(inbound.body, ()) is None and inbound.body.strip() != UNDO_KEY:
        return False
    since = work.now - speaker.plan.dialogs.family_undo
    said = select(GuardianAnswer).join(Inbound, Inbound.id == GuardianAnswer.inbound_id).where(
        Inbound.contact_id == inbound.contact_id, GuardianAnswer.undone_at.is_(None), GuardianAnswer.at >= since,
    )  # fmt: skip
    last = await work.session.scalar(said.order_by(GuardianAnswer.id.desc()).limit(1))
    if last is None or last.intent != "wrong_number" or last.person_id is None or inbound.contact_id is None:
        return False
    await restore_contact(work, last.student_id, last.person_id, inbound.contact_id, "wrong_number")
    return True
