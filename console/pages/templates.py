"""Every message as its reader gets it: by SMS, by chat, spoken; with its length in parts; also as somebody would rather word it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import APIRouter, Depends
from starlette.responses import Response

from bot.rendering.catalogue import VARIANTS, MessageTemplate
from bot.rendering.lint import sample
from bot.rendering.trial import SAME, buttons_of, is_typed, try_out, typed_facts
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone

router = APIRouter(prefix="/templates")
LOGIC, FACT, SIGNED = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL), re.compile(r"{{.*?}}"), "【{{ signature }}】"
LONGEST_GIST = 60
LONGEST_SOURCE, LONGEST_FACT = 2000, 400


@router.get("")
async def index(visit: Visiting, audience: str = "") -> Response:
    q = visit.sought.q
    found = sorted(visit.parts.catalogue.templates.values(), key=lambda template: (template.audience, template.id))
    shown = [one for one in found if (not audience or one.audience == audience) and (q.lower() in one.id or q in one.sources["sms"])]
    return await visit.show(
        "templates", shown=[(one, _gist(visit, one)) for one in shown], audience=audience, chosen=None,
        audiences=sorted({one.audience for one in found}),
    )  # fmt: skip


@router.get("/{name}")
async def show(visit: Visiting, name: str) -> Response:
    return await _page(visit, _chosen(visit, name), {})


@router.post("/{name}", dependencies=[Depends(require_csrf_form)])
async def preview(visit: Visiting, name: str) -> Response:
    """The same page with what was typed; the page's script asks for it at every pause of the typist. Nothing is kept."""
    chosen = _chosen(visit, name)
    form = await visit.request.form()
    typed = {key: value for key, value in form.items() if isinstance(value, str)}
    return await _page(visit, chosen, typed)


def _chosen(visit: Visit, name: str) -> MessageTemplate:
    chosen = visit.parts.catalogue.templates.get(name)
    if chosen is None:
        raise gone()
    return chosen


async def _page(visit: Visit, chosen: MessageTemplate, typed: Mapping[str, str]) -> Response:
    """`typed`: "text_sms" and the like are wordings, "fact_child" and the like what they are filled with."""
    catalogue = visit.parts.catalogue
    said = {name.removeprefix("fact_"): value[:LONGEST_FACT] for name, value in typed.items() if name.startswith("fact_")}
    facts = typed_facts(catalogue, chosen, said)
    sources = {
        one: typed.get(f"text_{one}", chosen.sources.get(one, SAME)).replace("\r\n", "\n")[:LONGEST_SOURCE] for one in VARIANTS
    }  # fmt: skip
    return await visit.show(
        "template", chosen=chosen, gist=_gist(visit, chosen), buttons=buttons_of(catalogue, chosen, facts), is_changed=bool(typed),
        trials=[try_out(catalogue, chosen, one, source, facts) for one, source in sources.items()], longest=LONGEST_SOURCE,
        fields=_fields(sample(catalogue, chosen), said), longest_fact=LONGEST_FACT,
    )  # fmt: skip


def _gist(visit: Visit, one: MessageTemplate) -> str:
    """What it is, in the reader's language: in Chinese its own first words."""
    if visit.me.language == "en":
        return one.gloss
    words = " ".join(FACT.sub("…", LOGIC.sub("", one.sources["sms"].replace(SIGNED, ""))).split())
    return words if len(words) <= LONGEST_GIST else f"{words[:LONGEST_GIST]}…"


def _fields(facts: Mapping[str, object], said: Mapping[str, str]) -> dict[str, tuple[str, bool]]:
    """Name → (what stands in its field, whether it has a line for each)."""
    return {
        name: (said.get(name, "\n".join(value) if isinstance(value, list) else str(value)), isinstance(value, list))
        for name, value in sorted(facts.items())
        if is_typed(value)
    }  # fmt: skip
