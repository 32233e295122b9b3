"""`fanxiao export templates`: what an officer hands in where a provider only sends approved texts, and the file for the codes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.channels.aliyun_keys import Keys
from bot.channels.aliyun_templates import Entry, entries, written
from bot.channels.registry import accounts, settings_of
from bot.rendering.frames import all_candidates, frames, may_be_cut, words
from bot.rendering.registered import Candidate, Registered, Variable, is_publicity
from fanxiao.commands.channels_lines import environment, hooks_of
from fanxiao.commands.once import refuse
from fanxiao.engine import load_catalogue
from fanxiao.settings import Settings

CHANNEL = "aliyun_sms"
STEM = "aliyun_templates"
CODE_ALONE = frozenset({"login_code"})
"""The variables of a message that says a one-time code and nothing else that changes."""

app = typer.Typer(help="导出 · what is handed in elsewhere", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `templates` a command of its own, also while there is no other."""


@app.command("templates")
def export_templates(
    channel: Annotated[str, typer.Option("--channel", help="通道 · the channel: aliyun_sms")],
    out: Annotated[Path, typer.Option("--out", help="文件夹，或 .csv 文件 · a folder, or a .csv file")],
    signature: Annotated[str, typer.Option("--signature", help="已审核的短信签名 · the approved signature")] = "",
) -> None:
    """导出短信模板 · Write the templates to apply for (CSV), and a file to fill the codes in (YAML), which keeps those it has."""
    if channel != CHANNEL:
        refuse(f"通道“{channel}”不用登记模板，只有 {CHANNEL} 要。", f"No templates are registered for {channel}, only for {CHANNEL}.")
    sheet, codes = _files(out)
    found = all_candidates(load_catalogue())
    fit = [(one, one.registered) for one in found if one.registered is not None]
    kept = entries(codes) if codes.exists() else {}
    sheet.parent.mkdir(parents=True, exist_ok=True)
    sheet.write_text(_sheet(fit, signature), encoding="utf-8-sig", newline="")
    codes.write_text(written({one.template.id: Entry(_code(kept, one, to), to.text) for one, to in fit}), encoding="utf-8")
    for file in (sheet, codes):
        typer.echo(f"已写入 {file}，{len(fit)} 个模板 / written, templates: {len(fit)}")
    _tell_changed(kept, {one.template.id: to.text for one, to in fit})
    _tell_unfit(found)
    _tell_callbacks(Settings())


def _files(out: Path) -> tuple[Path, Path]:
    sheet = out if out.suffix.lower() == ".csv" else out / f"{STEM}.csv"
    return sheet, sheet.with_suffix(".yaml")


def _code(kept: Mapping[str, Entry], one: Candidate, registered: Registered) -> str:
    """A code belongs to the words that were approved."""
    entry = kept.get(one.template.id)
    return entry.code if entry is not None and entry.text == registered.text else ""


def _sheet(fit: Sequence[tuple[Candidate, Registered]], signature: str) -> str:
    columns = words()["columns"]
    page = io.StringIO()
    table = csv.DictWriter(page, list(columns))
    table.writerow(columns)
    table.writerows(_row(one, registered, signature) for one, registered in fit)
    return page.getvalue()


def _row(one: Candidate, registered: Registered, signature: str) -> dict[str, str]:
    kind = _kind(one)
    return {
        "name": one.template.id,
        "type": words()["types"][kind],
        "text": registered.text,
        "attributes": "\n".join(f"{variable.name}：{_attribute(variable, kind)}" for variable in registered.variables),
        "meanings": "\n".join(_meaning(variable, one.examples[variable.name]) for variable in registered.variables),
        "signature": signature or words()["signature"],
        "remark": _remark(one),
    }


def _kind(one: Candidate) -> str:
    """Aliyun registers publicity and codes that let somebody in under types of their own."""
    if is_publicity(one.template):
        return "publicity"
    return "code" if one.template.variables == CODE_ALONE else "other"


def _remark(one: Candidate) -> str:
    said = words()
    in_pieces = one.template.id in {frame.id for frame in frames()}
    remark: str = said["frames"]["remark"] if in_pieces else said["remark"]
    return remark.format(audience=said["audiences"][one.template.audience])


def _attribute(variable: Variable, kind: str) -> str:
    found: str = words()["attribute"]["contact" if variable.is_phone else kind if kind == "code" else "other"]
    return found


def _meaning(variable: Variable, example: str) -> str:
    said = words()
    meaning = "、".join(dict.fromkeys(said["meanings"].get(fact, fact) for fact in variable.facts))
    found: str = said["variable"].format(name=variable.name, meaning=meaning, example=example.replace("\n", " "))
    return found


def _tell_changed(kept: Mapping[str, Entry], texts: Mapping[str, str]) -> None:
    for template_id, entry in kept.items():
        if entry.code and texts.get(template_id) != entry.text:
            typer.echo(f"{template_id}: 文字改过了，编号 {entry.code} 已去掉，请重新申请 / changed, so its code was taken out: apply again")


def _tell_unfit(found: Sequence[Candidate]) -> None:
    for one in found:
        if one.unfit is not None:
            why = {tongue: text.format(detail=one.unfit.detail) for tongue, text in words()["unfit"][one.unfit.reason].items()}
            way = words()["instead"]["pieces" if may_be_cut(one.template) else "none"]
            typer.echo(f"{one.template.id}: {way['zh']}：{why['zh']} / {way['en']}: {why['en']}")


def _tell_callbacks(settings: Settings) -> None:
    """The addresses hold a secret, so they are shown here and written nowhere."""
    given = environment(settings)
    lines = [(CHANNEL, account) for account in accounts(CHANNEL, given)] if settings.public_url else []
    for line in lines:
        keys = Keys(settings_of(line[1], given)["ALIYUN_HOOK_SECRET"])
        for hook, address in keys.callbacks(hooks_of(line, settings) or "").items():
            typer.echo(f"账户 {line[1]} 的{words()['hooks'][hook]}接收地址，请勿外传 / address, keep it secret: {address}")
    if not lines:
        typer.echo(
            "设好 ALIYUN_ 开头的各项和 FANXIAO_PUBLIC_URL 后再运行一次，会给出状态报告和上行短信的接收地址 / "
            "set ALIYUN_… and FANXIAO_PUBLIC_URL and run this again for the addresses of reports and replies"
        )
