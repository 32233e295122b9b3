"""`fanxiao preview`: how a message reads on a channel, with sample facts, and what it costs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rapidfuzz import process

from bot.rendering import Catalogue, RenderingError, lint, parts
from bot.rendering.catalogue import MessageTemplate, quoted_in
from bot.rendering.lint import sample
from fanxiao.commands.once import refuse
from fanxiao.engine import load_catalogue

ALIKE = 55
"""How alike a name has to be, out of 100, to be meant."""


class Variant(StrEnum):
    """The three ways in which a message is said."""

    SMS = "sms"
    CHAT = "chat"
    VOICE = "voice"


def preview(
    template: Annotated[str, typer.Argument(help="消息名称 · the message's name, as absence_question")],
    channel: Annotated[Variant, typer.Option("--channel", help="渠道 · sms, chat or voice")] = Variant.SMS,
) -> None:
    """预览消息 · Show a message with sample facts: text, characters, SMS parts, buttons, and the law that it quotes."""
    catalogue = load_catalogue()
    found = catalogue.templates.get(template) or _unknown(catalogue, template)
    facts = sample(catalogue, found)
    try:
        text = catalogue.render(found.id, channel, facts)
        buttons = catalogue.buttons(found.id, facts)
    except RenderingError as error:
        refuse(f"渲染不出来：{error}", f"cannot be rendered: {error}")
    typer.echo(text)
    typer.echo("")
    _tell_size(text, channel)
    if buttons and channel is Variant.CHAT:
        typer.echo("按钮 / buttons: " + "  ".join(f"[{label}]→{answer}" for answer, label in buttons))
    _tell_law(catalogue, found, channel)
    _tell_use(catalogue, found)


def _unknown(catalogue: Catalogue, name: str) -> MessageTemplate:
    close = [match for match, score, _ in process.extract(name, list(catalogue.templates), limit=3) if score >= ALIKE]
    meant_zh, meant_en = (f"。是不是：{'、'.join(close)}", f"; did you mean {', '.join(close)}?") if close else ("", "")
    refuse(f"没有“{name}”这个消息模板{meant_zh}", f"There is no message template {name!r}{meant_en}")


def _tell_size(text: str, channel: Variant) -> None:
    if channel is Variant.SMS:
        typer.echo(f"{len(text)} 个字，{parts(text)} 条短信 / characters: {len(text)}, SMS parts: {parts(text)}")
    else:
        typer.echo(f"{len(text)} 个字 / characters: {len(text)}")


def _tell_law(catalogue: Catalogue, template: MessageTemplate, channel: Variant) -> None:
    own = template.sources[channel]
    tree = catalogue.environment.parse(template.sources[Variant.SMS] if own == "same" else own)
    for key in quoted_in(tree):
        found = catalogue.law.quotations[key]
        typer.echo(f"引用 / quotes {key}: {found.title}{found.article}（{found.version}），{found.checked} 核对 / compared {found.checked}")


def _tell_use(catalogue: Catalogue, template: MessageTemplate) -> None:
    typer.echo(f"给 / for {template.audience}, {template.urgency}: {template.gloss}")
    for finding in lint(catalogue):
        if finding.template == template.id:
            typer.echo(f"{finding.variant or template.id}: {finding.zh} | {finding.en}")


def register(app: typer.Typer) -> None:
    """Put the command into the command line."""
    app.command("preview")(preview)
