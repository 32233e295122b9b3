"""Which of a family's children is meant: asked by number, and then the first text is read again for that child."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogs.answering import answer, answered
from bot.dialogs.phrases import listed
from bot.dialogs.talk import Talk
from storage.tables import Inbound


def ask_which_child(talk: Talk) -> str:
    """Numbers the children as they stand in the question's facts."""
    offered = [[str(number), child.name[1:] or child.name] for number, child in enumerate(talk.children, start=1)]
    answer(
        talk.work, talk.inbound, talk.speaker, "which_child", area_code=talk.children[0].area_code, question="choose",
        facts={
            "options": listed(offered), "choices": offered, "children": [child.id for child in talk.children],
            "inbound_id": talk.inbound.id, "asked": talk.kind,
        },
    )  # fmt: skip
    return "which_child"


async def chosen(talk: Talk) -> tuple[Talk, str, str | None]:
    """(talk about the chosen child, its first text, what that answered); the text as it is where it chooses nobody."""
    question, picked = talk.question, talk.inbound.body.strip().rstrip(".。、号")
    if question is None or question.kind != "choose":
        return talk, talk.inbound.body, talk.kind
    offered = question.facts["children"]
    if not picked.isdigit() or not 0 < int(picked) <= len(offered):
        return talk, talk.inbound.body, None
    first = await talk.work.session.get_one(Inbound, question.facts["inbound_id"])
    wanted = [child for child in talk.children if child.id == offered[int(picked) - 1]]
    await answered(talk.work, talk.inbound, question)
    return replace(talk, children=wanted or talk.children[:1], words_id=first.id), first.body, question.facts.get("asked")
