"""Every message as its reader gets it, with sample facts: by SMS, by chat, spoken; with its length in parts."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from bot.rendering import Catalogue, RenderingError, parts
from bot.rendering.catalogue import MessageTemplate
from bot.rendering.lint import sample
from console.visit import Visiting, gone

router = APIRouter(prefix="/templates")
VARIANTS = ("sms", "chat", "voice")


@dataclass(frozen=True)
class Preview:
    """One variant. `parts`: SMS parts that the carrier bills; 0 where it is no SMS."""

    variant: str
    text: str
    length: int
    parts: int


@router.get("")
async def index(visit: Visiting, q: str = "", audience: str = "") -> Response:
    found = sorted(visit.parts.catalogue.templates.values(), key=lambda template: (template.audience, template.id))
    shown = [one for one in found if (not audience or one.audience == audience) and (q.lower() in one.id or q in one.sources["sms"])]
    return await visit.show(
        "templates", shown=shown, q=q, audience=audience, audiences=sorted({one.audience for one in found}), chosen=None
    )


@router.get("/{name}")
async def show(visit: Visiting, name: str) -> Response:
    chosen = visit.parts.catalogue.templates.get(name)
    if chosen is None:
        raise gone()
    facts = sample(visit.parts.catalogue, chosen)
    previews = [_preview(visit.parts.catalogue, chosen, variant, facts) for variant in VARIANTS]
    return await visit.show("template", chosen=chosen, previews=previews, buttons=visit.parts.catalogue.buttons(chosen.id, facts))


def _preview(catalogue: Catalogue, template: MessageTemplate, variant: str, facts: dict[str, object]) -> Preview:
    try:
        text = catalogue.render(template.id, variant, facts)
    except RenderingError as error:
        text = str(error)
    return Preview(variant, text, len(text), parts(text) if variant == "sms" else 0)
