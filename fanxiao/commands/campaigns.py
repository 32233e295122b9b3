"""`fanxiao campaigns`: publicity to many. What is typed here is done in the name of the person given with --by."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot.outbox.wording import county_signatures
from bot.publicity import Outbox, draft_campaign, preview_campaign, test_to_author
from bot.publicity_book import outcome_book
from cases import campaigns
from cases.calendar_days import find_place
from cases.campaign_approval import decide_campaign
from cases.campaign_drafts import Draft
from cases.campaign_outcome import Outcome, Recipient, outcome_of, recipients
from cases.campaign_rows import CampaignRefused, lock_campaign
from cases.imports.listed import ListRefused, import_listed
from cases.names import area_names
from cases.plans import plan_in_force
from cases.publicity_texts import library
from fanxiao.commands import campaigns_lines as lines
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.engine import load_catalogue, provider_channels
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from plan.model import Plan
from storage.tables import Campaign
from storage.work import Work

Done = TypeVar("Done")

app = typer.Typer(help="Publicity in plain words to many. 宣传活动", no_args_is_help=True)

GROUPS = "留守 随迁 残疾 孤儿 单亲 困难 · left_behind migrant disabled orphan single_parent poor"
Number = Annotated[int, typer.Argument(metavar="编号", help="活动编号 · the campaign's number")]
By = Annotated[str, typer.Option("--by", help=BY)]
AsJson = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]


def _once(use: Callable[[Work, Plan], Awaitable[Any]]) -> Any:
    """In one transaction, under the plan in force; a refusal is said in both languages."""

    async def go(work: Work, storage: Storage) -> Any:  # noqa: ARG001
        try:
            return await use(work, (await plan_in_force(work.session))[1])
        except LookupError:
            refuse("还没有启用方案，请先运行 fanxiao admin plan。", "No plan is in force yet: run `fanxiao admin plan` first.")
        except CampaignRefused as refusal:
            refuse(refusal.told("zh"), refusal.told("en"))

    return once(go)


async def _outbox(work: Work) -> Outbox:
    catalogue = load_catalogue()
    return Outbox(catalogue, provider_channels(Settings()), await county_signatures(work.session, catalogue))


def _acted(number: int, by: str, act: Callable[[Work, Campaign, int], Awaitable[Done]]) -> tuple[Campaign, Plan, Done]:
    """The campaign, locked, after the named person has acted on it, and what the act gives."""

    async def use(work: Work, plan: Plan) -> tuple[Campaign, Plan, Done]:
        campaign = await lock_campaign(work, number)
        person = await acting(work, by, campaign.area_code[:6])
        return campaign, plan, await act(work, campaign, person.id)

    found: tuple[Campaign, Plan, Done] = _once(use)
    return found


def _tell_state(number: int, by: str, act: Callable[[Work, Campaign, int], Awaitable[None]]) -> None:
    campaign, plan, _ = _acted(number, by, act)
    lines.print_state(campaign, plan)


@app.command()
def texts() -> None:
    """文本库 · The library: texts, for whom, and the articles that they quote."""
    lines.print_texts(load_catalogue())


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="活动名称 · what the campaign is called")],
    text: Annotated[str, typer.Option("--text", help="文本，见 campaigns texts · key of the library")],
    area: Annotated[str, typer.Option("--area", help="区划代码 · area code")],
    by: By,
    category: Annotated[
        list[str] | None,
        typer.Option("--category", help="留守 随迁 残疾 孤儿 单亲 困难 · left_behind migrant disabled orphan single_parent poor"),
    ] = None,
    stage: Annotated[list[str] | None, typer.Option("--stage", help="小学 初中 · primary junior")] = None,
    sex: Annotated[str | None, typer.Option("--sex", help="女 男 · female male")] = None,
    words: Annotated[str | None, typer.Option("--words", help="自己写的正文（文本 own）· your own words, with --text own")] = None,
    when: Annotated[str, typer.Option("--when", help='"2027-02-26 10:00"，"开学前3天 10:00"，"3 days before term begins"')] = "",
) -> None:
    """建活动（草稿）· A draft; checked and counted, sends nothing."""

    async def use(work: Work, _: Plan) -> tuple[int, int]:
        if await find_place(work, area=area) is None:
            raise CampaignRefused("no_area", said=area)
        author = await acting(work, by, area[:6])
        draft = Draft(name, text, area, tuple(category or ()), tuple(stage or ()), sex, words, when)
        campaign = await draft_campaign(work, load_catalogue(), draft, author.id)
        return campaign.id, campaign.people

    number, people = _once(use)
    typer.echo(f"已建草稿 {number}，会发给 {people} 人；先看 fanxiao campaigns preview {number}")
    typer.echo(f"Draft {number} for {people} persons; look at `fanxiao campaigns preview {number}` first")


@app.command()
def preview(number: Number, as_json: AsJson = False) -> None:
    """预览：发给谁、多少、费用、不发给谁和原因、各渠道样文 · Who, how many, SMS parts, cost, who is left out and why, samples."""

    async def use(work: Work, plan: Plan) -> Any:
        campaign = await lock_campaign(work, number)
        areas = await area_names(work.session, [campaign.area_code])
        return campaign, plan, await preview_campaign(work, plan, await _outbox(work), campaign), areas

    campaign, plan, found, areas = _once(use)
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"cost": found.cost}, ensure_ascii=False, default=str, indent=1))
    else:
        lines.print_preview(campaign, plan, found, areas.get(campaign.area_code, campaign.area_code))


@app.command()
def test(number: Number) -> None:
    """试发给作者 · Send it to its author only."""

    async def use(work: Work, _: Plan) -> None:
        test_to_author(work, await lock_campaign(work, number))

    _once(use)
    _said("已试发给作者", "Sent to its author")


@app.command()
def start(number: Number, by: By) -> None:
    """开始（人多的先送审）· Let it go at its time; above the plan's number it first waits for a second person."""

    _tell_state(number, by, campaigns.start_campaign)


@app.command()
def approve(
    number: Number,
    by: By,
    reject: Annotated[str, typer.Option("--reject", help="不同意及理由 · refuse, with the reason")] = "",
) -> None:
    """审批（作者本人不能批）· A second person agrees, or sends it back with a reason."""

    async def decide(work: Work, campaign: Campaign, person: int) -> None:
        await decide_campaign(work, campaign, person, approved=not reject, note_of=reject)

    _tell_state(number, by, decide)


@app.command()
def pause(number: Number, by: By) -> None:
    """暂停：没发出的先停住 · What has not left is held."""
    campaign, _, held = _acted(number, by, campaigns.pause_campaign)
    waiting = held if campaign.started_at else campaign.people
    _said(f"已暂停，{waiting} 人还没发", f"Paused; {waiting} persons wait")


@app.command()
def resume(number: Number, by: By) -> None:
    """继续 · Go on with a paused one."""
    held = _acted(number, by, campaigns.resume_campaign)[2]
    _said(f"已继续，{held} 人待发", f"Goes on; {held} persons to go")


@app.command()
def cancel(number: Number, by: By) -> None:
    """取消：没发出的撤回 · What has not left is taken back, for good."""
    taken = _acted(number, by, campaigns.cancel_campaign)[2]
    _said(f"已取消，撤回 {taken} 人", f"Cancelled; taken back from {taken} persons")


@app.command()
def resend(number: Number, by: By) -> None:
    """只给没送到的人重发 · Once more to those whom it did not reach, never to others."""

    _tell_state(number, by, campaigns.resend_campaign)


@app.command()
def outcome(
    number: Number,
    only: Annotated[str | None, typer.Option("--only", help="只列这一种结果 · list the persons of one outcome, as failed")] = None,
    most: Annotated[int, typer.Option("--most", help="最多列几人 · at most so many persons")] = 0,
    export: Annotated[Path | None, typer.Option("--export", help="写成 xlsx · write a workbook")] = None,
    as_json: AsJson = False,
) -> None:
    """结果：每人一行，加合计 · What became of it, person by person, with totals."""
    listed = most or (lines.ALL if export is not None else lines.LISTED if only else 0)

    async def use(work: Work, plan: Plan) -> tuple[Campaign, Plan, Outcome, list[Recipient], dict[str, str]]:
        campaign = await lock_campaign(work, number)
        if only is not None and only not in library().labels["outcomes"]:
            refuse(f"没有“{only}”这种结果", f"Unknown outcome {only!r}; known: {', '.join(library().labels['outcomes'])}")
        people = await recipients(work, campaign, only, listed) if listed else []
        areas = await area_names(work.session, {one.area_code for one in people})
        return campaign, plan, await outcome_of(work, campaign), people, areas

    campaign, plan, found, people, areas = _once(use)
    if export is not None:
        export.write_bytes(outcome_book(campaign, plan, found, people, areas))
        _said(f"已写入 {export}", f"Written to {export}")
    elif as_json:
        typer.echo(json.dumps({"totals": found.totals, "cost": str(found.cost), "people": list(map(asdict, people))}, default=str))
    else:
        lines.print_outcome(campaign, plan, found, people, areas)
        if only is not None and not people:
            _said("没有这种结果的人", "Nobody has this outcome")


@app.command()
def contacts(
    file: Annotated[Path, typer.Argument(help="xlsx、xls 或 csv，列：单位 类型 联系人 手机 地区 来源", exists=True, dir_okay=False)],
    by: By,
) -> None:
    """列入用人单位、网吧的联系人 · List employers and internet cafés, each with its purpose and from where the number is."""

    async def go(work: Work, storage: Storage) -> tuple[int, int]:
        try:
            return await import_listed(work, storage.cipher, file, (await acting(work, by)).id)
        except ListRefused as fault:
            said = library().labels["list_faults"][fault.reason]
            words = {"row": fault.row, "column": fault.column, "said": fault.said}
            refuse(said["zh"].format(**words), said["en"].format(**words))

    new_ones, rows = once(go)
    _said(f"共 {rows} 行，新增 {new_ones}", f"{rows} rows, {new_ones} new")


@app.command("list")
def list_(area: Annotated[str, typer.Option("--area", help="区划代码 · area code")] = "", as_json: AsJson = False) -> None:
    """活动列表 · Campaigns, the newest first."""

    async def use(work: Work, plan: Plan) -> tuple[Plan, list[Any], dict[str, str]]:
        found = await campaigns.list_campaigns(work, area)
        return plan, found, await area_names(work.session, {one.area_code for one in found})

    plan, found, areas = _once(use)
    lines.print_list(plan, found, areas, as_json=as_json)


def _said(zh: str, en: str) -> None:
    typer.echo(zh)
    typer.echo(en)
