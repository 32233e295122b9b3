"""`fanxiao notices`: the written return notices of an area: listed, issued by name, printed, delivered with their proof."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy import select

from bot.rendering.documents import DocumentBook
from bot.rendering.letters import Batch
from bot.rendering.notice_prints import print_notices
from cases.calendar_days import find_place
from cases.delivering import decline_by_name, issue_by_name, record_delivery
from cases.finishing import Refusal
from cases.notice_papers import STATES, NoticePaper, State, notice_papers
from cases.proofs import Told
from cases.words import words
from fanxiao.commands import notice_letters
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.notice_letters import write
from fanxiao.commands.once import once, refuse
from fanxiao.commands.tables import print_table
from fanxiao.engine import load_catalogue
from fanxiao.files import TEMPLATES
from fanxiao.settings import Settings
from fanxiao.wiring import Storage
from storage.tables import Notice
from storage.work import Work

app = typer.Typer(help="返校通知书 · Written return notices: list, print, issue, decline, deliver, receipts.", no_args_is_help=True)
Area = Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")]
Numbers = Annotated[list[int], typer.Argument(help="fanxiao notices list 里的序号 · ids as `fanxiao notices list` shows them")]
notice_letters.register(app)
By = Annotated[str, typer.Option("--by", help=BY)]
AsJson = Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")]
HEADERS = (
    "序号\nid",
    "文书编号\nnumber",
    "状态\nstate",
    "学生\nchild",
    "学校\nschool",
    "村\nvillage",
    "签发\nissued",
    "期限\ndeadline",
    "送达人\ndelivers",
)
SAID = {
    "draft": "待签发 draft", "declined": "未签发 declined", "issued": "待送达 issued", "delivered": "已送达 delivered",
    "withdrawn": "已撤销 withdrawn",
}  # fmt: skip
REFUSED = {
    "unknown": ("没有这份通知书", "there is no such notice"),
    "not_issued": ("还没有签发，不能登记送达", "it has not been issued: nothing to deliver"),
    "withdrawn": ("已经撤销", "it has been withdrawn"),
    "delivered": ("已经登记过送达", "its delivery is on record already"),
    "wrong_day": ("送达日期要在签发日和今天之间", "the day of delivery must lie between issue and today"),
    "long_ago": ("送达日期太早，超过方案允许的天数", "the day of delivery lies further back than the plan allows"),
    "not_allowed": ("这位责任人的岗位或区域无权办理", "this person's role or area does not allow it"),
    "notice_gone": ("没有等待签发的待办，可能已签发或已撤销", "no task waits to issue it: issued already, or withdrawn"),
    "say_why_not_issued": ("不签发要写理由：--why 孩子已转到县城小学", "say why it is not issued, as --why 孩子已转到县城小学"),
    "say_issue": ("理由不要写成问句：--why 孩子已转到县城小学", "a reason is no question: write it as --why 孩子已转到县城小学"),
    "say_signer": ("当面送达要写谁签收：--signed 父亲", "in person: say who signed, as --signed 父亲"),
    "say_witness": ("留置送达要写见证人姓名：--witness 马国强", "left with the village: the witness's name, as --witness 马国强"),
    "say_posting": ("邮寄送达要写邮件号：--posting XA12345678901", "posted: the posting number, as --posting XA12345678901"),
    "say_other_way": (
        "方案不认这种送达方式，或者它只能以家长的回复为证",
        "the plan knows no such way, or only the family's answer proves it",
    ),
}


@app.command("list")
def list_(area: Area = "", state: Annotated[str, typer.Option(help="、".join(STATES))] = "all", as_json: AsJson = False) -> None:
    """列出通知书 · The notices of an area. Holds children's names: print it for those who may see them."""
    wanted = _state(state)

    async def use(work: Work, _: Storage) -> list[NoticePaper]:
        return await _papers(work, area, wanted)

    found = once(use)
    if as_json:
        typer.echo(json.dumps([asdict(paper) for paper in found], ensure_ascii=False, default=str, indent=1))
        return
    print_table(HEADERS, (_row(paper) for paper in found))


@app.command("print")
def print_(
    out: Annotated[Path, typer.Option("--out", help="写到这个PDF文件 · the PDF file to write")],
    area: Area = "",
    state: Annotated[str, typer.Option(help="、".join(STATES))] = "issued",
    by: Annotated[str, typer.Option("--by", help=BY)] = "",
    only: Annotated[list[int] | None, typer.Option("--id", help="只印这些序号 · only these ids")] = None,
) -> None:
    """打印 · All notices of an area in one PDF, village by village, behind the list of who delivers which."""
    wanted, settings, book = _state(state), Settings(), DocumentBook.load(load_catalogue(), TEMPLATES)

    async def use(work: Work, storage: Storage) -> tuple[Batch, list[NoticePaper]]:
        person = await acting(work, by, area) if by else None
        papers = await _papers(work, area, wanted, only)
        if not papers:
            refuse("没有符合条件的通知书。", "There is no such notice.")
        batch = await print_notices(work, storage.cipher, book, papers, settings.public_url, person.id if person else None)
        write(out, batch.pdf)
        return batch, papers

    batch, papers = once(use)
    typer.echo(f"{out}: {len(papers)}份通知书 / {len(papers)} notices")
    for paper in papers:
        if signs := batch.gaps.get(paper.notice_id):
            typer.echo(
                f"{paper.number or paper.notice_id}: 字库没有“{signs}”，请用笔补写 / not in the font, write by hand: {signs}", err=True
            )
    if not settings.public_url:
        typer.echo("没有设置 FANXIAO_PUBLIC_URL，回执上没有二维码。 / Without FANXIAO_PUBLIC_URL no QR code is printed.", err=True)


@app.command("issue")
def issue(ids: Numbers, by: By) -> None:
    """签发 · A person who may issue them does so: each gets its number and goes to the family. All or none."""

    async def use(work: Work, _: Storage) -> list[str]:
        person = await acting(work, by)
        for notice_id in ids:
            _stop(notice_id, await issue_by_name(work, notice_id, person.id))
        return [number or "" for number in await work.session.scalars(select(Notice.number).where(Notice.id.in_(ids)).order_by(Notice.id))]

    for number in once(use):
        typer.echo(f"已签发 issued: {number}")


@app.command("decline")
def decline(ids: Numbers, by: By, why: Annotated[str, typer.Option("--why", help="不签发的理由 · why they are not issued")]) -> None:
    """不签发 · A person who may issue them does not, for a reason; those around hear so, and the cases go on. All or none."""

    async def use(work: Work, _: Storage) -> None:
        person = await acting(work, by)
        for notice_id in ids:
            _stop(notice_id, await decline_by_name(work, notice_id, person.id, why.strip()))

    once(use)
    for notice_id in ids:
        typer.echo(f"未签发 declined: {notice_id}")


@app.command("deliver")
def deliver(
    ids: Numbers,
    way: Annotated[str, typer.Option("--way", help="in_person, left_with_village, posted")],
    by: By,
    signed: Annotated[str, typer.Option("--signed", help="谁签收 · who signed")] = "",
    witness: Annotated[str, typer.Option("--witness", help="见证人姓名 · the witness's name")] = "",
    posting: Annotated[str, typer.Option("--posting", help="邮件号 · posting number")] = "",
    on: Annotated[str, typer.Option("--on", help="送达日期，不写为今天 · day of delivery; today without it: YYYY-MM-DD")] = "",
) -> None:
    """登记送达 · Records how notices reached the families, with the proof; the deadline runs from that day. All or none."""
    day = _day(on) if on else None
    proof = {name: value for name, value in {"signed": signed, "witness": witness, "number": posting.upper()}.items() if value}

    async def use(work: Work, _: Storage) -> list[tuple[str, date | None]]:
        person = await acting(work, by)
        for notice_id in ids:
            _stop(notice_id, await record_delivery(work, notice_id, Told(way, dict(proof)), by=person.id, on=day))
        found = await work.session.execute(select(Notice.number, Notice.deadline_on).where(Notice.id.in_(ids)).order_by(Notice.id))
        return [(number or "", deadline) for number, deadline in found]

    for number, deadline in once(use):
        typer.echo(f"{number}: 已登记送达，返校期限 {deadline} / delivered, to be back by {deadline}")


async def _papers(work: Work, area: str, state: State, only: list[int] | None = None) -> list[NoticePaper]:
    await _place(work, area)
    return await notice_papers(work, area, state="all" if only else state, ids=only)


async def _place(work: Work, area: str) -> None:
    if area and await find_place(work, area=area) is None:
        refuse(f"没有这个区划代码：{area}", f"There is no such area code: {area}")


def _state(said: str) -> State:
    known = next((state for state in STATES if state == said), None)
    if known is None:
        _unknown_state(said)
    return known


def _unknown_state(said: str) -> NoReturn:
    refuse(f"--state “{said}”不认识，可用：{'、'.join(STATES)}", f"--state is unknown; there are {', '.join(STATES)}")


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        refuse(f"--on “{said}”不是日期，应为 2026-11-24 的形式。", "--on is no day; write it like 2026-11-24.")


def _stop(notice_id: int, refusal: Refusal | None) -> None:
    if refusal is not None:
        _refused(notice_id, refusal.reason)


def _refused(notice_id: int, reason: str) -> NoReturn:
    zh, en = REFUSED.get(reason) or words().refused(reason, code=notice_id)
    refuse(f"通知书 {notice_id}：{zh}。什么都没有改动。", f"Notice {notice_id}: {en}. Nothing was changed.")


def _row(paper: NoticePaper) -> tuple[str, ...]:
    return (
        str(paper.notice_id), paper.number or "", SAID[paper.state], paper.child, f"{paper.school}{paper.class_name}", paper.village,
        f"{paper.issued_on or ''} {paper.signed_by}".strip(), str(paper.deadline_on or ""), paper.deliverer,
    )  # fmt: skip
