"""`fanxiao channels send`: one real message to a number of the operator's choice, to see with one's own eyes that a sender works."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.channels.base import Capabilities, Result
from bot.channels.registry import PROVIDERS
from bot.outbox.wording import county_signatures
from bot.rendering import Catalogue, RenderingError
from bot.rendering.frames import saying
from bot.rendering.lint import sample
from bot.rendering.registered import Unfit
from fanxiao.commands.channels_lines import is_idle, known_line, opened, other_address, sender_of
from fanxiao.commands.channels_trial import Sent, Trial, Words, carry_out
from fanxiao.commands.once import once, refuse
from fanxiao.engine import load_catalogue
from fanxiao.settings import Settings
from storage.rows import LARGEST_ID
from storage.work import Work

OUTCOMES = {
    Result.ACCEPTED: ("服务商已接收", "the provider has accepted it"),
    Result.RETRY: ("服务商现在不收，请稍后再试", "the provider does not take it now, try again later"),
    Result.NOT_REACHED: ("没有人接听", "nobody took the call"),
    Result.UNSAYABLE: ("服务商不接受这些文字，请看代码的含义", "the provider does not take these words; see what the code means"),
    Result.NO_ROUTE: ("从这个号码发不到那里，请看代码的含义", "this sender cannot reach that number; see what the code means"),
    Result.BAD_CONTACT: ("服务商说这个号码无效，或发不到", "the provider says that this number does not exist or cannot be reached"),
    Result.BLOCKED: ("对方或运营商拒收", "its owner or carrier refuses it"),
    Result.OUR_FAULT: (
        "账户、密钥、号码或模板有问题，请运行 fanxiao channels check",
        "something is wrong with our account, key, number or template: run `fanxiao channels check`",
    ),
    Result.UNKNOWN: ("没有得到明确的回答，可能已经发出", "no clear answer; it may have been sent"),
}
REPORTS = {
    "delivered": ("已送达", "delivered"),
    "failed": ("没有送达", "not delivered"),
    None: ("还没有送达回报", "no word of delivery so far"),
}

SenderId = Annotated[int, typer.Argument(metavar="ID", max=LARGEST_ID, help="编号，见 channels list · id, see `channels list`")]
To = Annotated[str, typer.Argument(help="收件号码或编号 · number, chat or user that gets it")]
Text = Annotated[str | None, typer.Option("--text", help="内容，不写为一句测试用语 · words; a test sentence without it")]
Template = Annotated[str | None, typer.Option("--template", help="只发登记模板的通道用哪个模板 · for channels with registered templates")]
Yes = Annotated[bool, typer.Option("--yes", help="不再询问 · do not ask")]


def send(sender_id: SenderId, to: To, text: Text = None, template: Template = None, yes: Yes = False) -> None:
    """发一条测试消息 · Send one real message, and say what came of it. Exit 1 when it was not accepted."""
    settings = Settings()
    trial = once(lambda work, _: _prepare(work, settings, sender_id, to, text, template))
    _announce(trial)
    if not yes and not typer.confirm("发送吗？会真的发出，可能计费 / Send it? It is real, and may cost money"):
        refuse("没有发送。", "Nothing was sent.")
    sent = once(lambda work, storage: carry_out(work, storage, settings, trial))
    _tell(sent)
    if sent.outcome.result is not Result.ACCEPTED or sent.status == "failed":
        raise typer.Exit(1)


async def _prepare(work: Work, settings: Settings, sender_id: int, to: str, text: str | None, template: str | None) -> Trial:
    sender = await sender_of(work, sender_id)
    if sender.channel in PROVIDERS and is_idle(sender.channel, settings):
        refuse(
            f"通道 {sender.channel} 现在不用：培训模式（FANXIAO_SIMULATOR）只用模拟手机，平时只用真实通道。",
            f"{sender.channel} stands idle: training (FANXIAO_SIMULATOR) uses the simulated phones only, and nothing else does.",
        )
    line = known_line(sender.channel, sender.account, settings)
    async with opened(line, settings) as channel:
        can = channel.capabilities
    address, catalogue = other_address(can.contact, to), load_catalogue()
    signature = (await county_signatures(work.session, catalogue))[""]
    if can.templates is None:
        words = _own_words(catalogue, can, signature, text, template)
    else:
        words = _registered_words(catalogue, can, signature, text, template)
    if len(words.body) > can.max_length:
        refuse(f"内容太长：最多{can.max_length}个字。", f"The words are too long: at most {can.max_length} characters.")
    return Trial(sender.id, line, sender.address, can, address, words)


def _own_words(catalogue: Catalogue, can: Capabilities, signature: str, text: str | None, template: str | None) -> Words:
    if template is not None:
        refuse("--template 只用于只发登记模板的通道。", "--template is for channels that send registered templates only.")
    if text is None:
        return Words(catalogue.phrase("test.spoken" if can.variant == "voice" else "test.written", {"signature": signature}))
    if not text.strip():
        refuse("--text 不能为空。", "--text must not be empty.")
    return Words(text.strip())


def _registered_words(catalogue: Catalogue, can: Capabilities, signature: str, text: str | None, template: str | None) -> Words:
    """Of the chosen template, or of the first that can be said with its samples; in pieces where only that is approved."""
    if text is not None:
        refuse("这个通道只能发登记过的模板，不能用 --text。", "This channel only sends registered templates: leave --text out.")
    taken = [name for name, one in catalogue.templates.items() if can.takes(name, one.audience)]
    approved = can.templates or frozenset()
    chosen = (
        sorted(taken, key=lambda name: (name not in approved, name)) if template is None else [name for name in taken if name == template]
    )
    words = next(filter(None, (_filled(catalogue, name, signature, approved) for name in chosen)), None)
    if words is None:
        listed = ", ".join(sorted(approved & catalogue.templates.keys())) or "—"
        refuse(f"没有能用的登记模板。已登记的有：{listed}。", f"No registered template can be used. Registered are: {listed}.")
    return words


def _filled(catalogue: Catalogue, name: str, signature: str, approved: frozenset[str]) -> Words | None:
    facts = sample(catalogue, catalogue.templates[name]) | {"signature": signature}
    try:
        said = saying(catalogue, name, facts, approved)
    except (Unfit, RenderingError):
        return None
    return Words(said.body, said.template, said.values)


def _announce(trial: Trial) -> None:
    typer.echo(f"从 from: {trial.sender_id} {trial.line[0]}/{trial.line[1]} {trial.address}")
    typer.echo(f"到 to: {trial.to}")
    if trial.words.values is not None:
        typer.echo(f"登记模板 registered template: {trial.words.template}（示例内容 with sample facts）")
        typer.echo(f"手机上的签名 signed on the phone: 【{trial.address}】")
    typer.echo(f"内容 words: {trial.words.body}")


def _tell(sent: Sent) -> None:
    zh, en = OUTCOMES[sent.outcome.result]
    code = f" [{sent.outcome.code}]" if sent.outcome.code else ""
    typer.echo(f"结果：{zh} / outcome: {en}{code}")
    if sent.outcome.provider_id:
        typer.echo(f"服务商编号 provider id: {sent.outcome.provider_id}")
    if sent.outcome.result is Result.ACCEPTED:
        zh, en = REPORTS.get(sent.status, REPORTS[None])
        code = f" [{sent.code}]" if sent.code else ""
        typer.echo(f"回报：{zh} / report: {en}{code}")


def register(app: typer.Typer) -> None:
    """Puts the command into the group `channels`."""
    app.command("send")(send)
