"""How campaigns read in a terminal and in a workbook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import typer

from bot.publicity import Preview, Way
from bot.rendering import Catalogue
from cases.campaign_outcome import Outcome, Recipient
from cases.campaign_rows import text_of
from cases.publicity_texts import library
from fanxiao.commands.tables import print_table
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import Campaign

LISTED = 50
ALL = 1_000_000


def print_texts(catalogue: Catalogue) -> None:
    """Each text with its audience and the law that it quotes."""
    rows = []
    for text in library().texts.values():
        quoted = [catalogue.law.quotations[key] for key in catalogue.templates[text.template].law]
        cited = "；".join(f"{found.title}{found.article}（{found.version} 版，{found.checked} 核对）" for found in quoted)
        rows.append((text.key, text.zh, f"{text.audience.zh} {text.audience.key}", cited or "-"))
    print_table(("文本 key", "内容 about", "发给 for", "引用 quotes"), rows)


def print_preview(campaign: Campaign, plan: Plan, found: Preview, area: str) -> None:
    """Who, how many, what it costs, who not and why, until when, and how it reads."""
    typer.echo(f"{campaign.id} {campaign.name}：{text_of(campaign).zh} → {text_of(campaign).audience.zh}，{_groups(campaign, plan, area)}")
    typer.echo(f"会发给 {found.counted.people} 人 / reaches {found.counted.people} persons")
    approve = plan.publicity.approve_above
    if found.counted.people > approve:
        typer.echo(f"超过 {approve} 人，要另一位审批 / above {approve} persons a second person has to agree")
    print_table(
        ("号码 contact", "人数 persons", "消息 messages", "短信条数 parts", "费用 CNY", "预计发完 ends"),
        [_way(plan, way) for way in found.ways],
    )
    for way in found.ways:
        if way.ends_at is None:
            typer.echo(f"✗ {_kind(way)}：现有的发送号码发不了、发不完这条文本 / no sender says this text there, or none would finish")
    typer.echo(f"费用合计 / cost: {_money(found.cost)}　开始 / begins: {_moment(plan, found.starts_at)}")
    for reason, people in sorted(found.counted.left_out.items()):
        label = library().labels["excluded"][reason]
        typer.echo(f"不发 / left out: {people} {label['zh']} {label['en']}")
    for variant, sample in found.samples.items():
        typer.echo(f"[{variant}] {sample}")
    typer.echo(f"引用 / quotes: {', '.join(found.quotes) or '-'}")


def _way(plan: Plan, way: Way) -> tuple[str, ...]:
    return (
        _kind(way), str(way.people), str(way.messages), str(way.messages * way.parts_each),
        _money(way.cost), _moment(plan, way.ends_at),
    )  # fmt: skip


def _kind(way: Way) -> str:
    kind = library().labels["kinds"].get(way.kind, {"zh": way.kind, "en": ""})
    return f"{kind['zh']} {kind['en']}".strip()


def _money(cost: Decimal | None) -> str:
    return "未知 unknown" if cost is None else f"{cost:.2f}"


def _moment(plan: Plan, at: datetime | None) -> str:
    return "-" if at is None else f"{Calendar(plan).local(at):%Y-%m-%d %H:%M}"


def _groups(campaign: Campaign, plan: Plan, area: str) -> str:
    """The area and the groups, as an officer calls them."""
    given, known, said = campaign.filters, plan.registers.categories if plan.registers else {}, library().labels["groups"]
    named = [known[key].zh if key in known else key for key in given.get("categories", ())]
    named += [said[key]["zh"] for key in (*given.get("stages", ()), *([given["sex"]] if given.get("sex") else ()))]
    return " ".join([area, *named])


def print_state(campaign: Campaign, plan: Plan) -> None:
    """In one line, what state it is in and when it begins."""
    label, when = library().labels["states"][campaign.state], _moment(plan, campaign.started_at or campaign.next_at)
    typer.echo(f"{campaign.id} {campaign.name}：{label['zh']}，{campaign.people} 人，开始 {when}")
    typer.echo(f"{campaign.id}: {label['en']}, {campaign.people} persons, begins {when}")


def print_outcome(
    campaign: Campaign, plan: Plan, found: Outcome, people: Sequence[Recipient], areas: Mapping[str, str]
) -> None:  # fmt: skip
    """Totals with reasons, then the persons that were asked for."""
    print_state(campaign, plan)
    labels = library().labels["outcomes"]
    rows = []
    for outcome, count in found.totals.items():
        why = "，".join(f"{library().reason(reason)} {number}" for (of, reason), number in found.why.items() if of == outcome)
        rows.append((f"{labels[outcome]['zh']} {labels[outcome]['en']}", str(count), why))
    rows.append(("合计 total", str(sum(found.totals.values())), ""))
    print_table(("结果 outcome", "人数 persons", "原因 why"), rows)
    typer.echo(f"短信条数 / parts: {found.parts}　费用 / cost: {_money(found.cost)} CNY")
    if people:
        headers = ("编号 id", "姓名 name", "地区 area", "结果 outcome", "原因 why", "渠道 channel", "发出 sent")
        print_table(
            headers,
            [
                (
                    str(one.person_id), one.name, areas.get(one.area_code, one.area_code), labels[one.outcome]["zh"],
                    library().reason(one.why) if one.why else "", library().channel(one.channel), _moment(plan, one.sent_at),
                )
                for one in people
            ],
        )  # fmt: skip


def print_list(plan: Plan, found: Sequence[Campaign], areas: Mapping[str, str], *, as_json: bool) -> None:
    """The campaigns in a table, or for programs."""
    shown: list[dict[str, Any]] = [
        {
            "number": one.id, "name": one.name, "text": one.text_key, "audience": one.audience, "area": one.area_code, "state": one.state,
            "people": one.people, "at": one.scheduled_at.isoformat() if one.scheduled_at else None,
        }
        for one in found
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    states = library().labels["states"]
    print_table(
        ("编号 no.", "名称 name", "文本 text", "范围 groups", "人数 persons", "状态 state", "时间 at"),
        [
            (
                str(one.id), one.name, text_of(one).zh, _groups(one, plan, areas.get(one.area_code, one.area_code)), str(one.people),
                f"{states[one.state]['zh']} {states[one.state]['en']}", _moment(plan, one.scheduled_at),
            )
            for one in found
        ],
    )  # fmt: skip
