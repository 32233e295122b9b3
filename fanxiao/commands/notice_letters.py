"""`fanxiao notices criticism`, `notices receipts`: the letter after a notice that was not heeded, and the receipts for the file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.rendering.documents import DocumentBook
from bot.rendering.letters import Head, kept_facts, letter, letter_pdf, receipt_pdf, said_of
from bot.rendering.notice_prints import Delivered, deliveries_of, proof_said, receipt_rows
from cases.criticism import KIND, Criticism, issue_criticism
from cases.documents import Making, keep_documents
from cases.finishing import Refusal
from cases.notice_papers import notice_papers
from fanxiao.commands.acting import BY, acting
from fanxiao.commands.once import once, refuse
from fanxiao.commands.tables import print_table
from fanxiao.engine import load_catalogue
from fanxiao.files import TEMPLATES
from fanxiao.wiring import Storage
from storage.work import Work

REFUSED = {
    "no_case": ("没有这个台账编号", "there is no such case number"),
    "back_or_closed": ("学生已经返校或者已经销号", "the child is back, or the case is closed"),
    "no_deadline_passed": ("还没有已送达并且过了期限的通知书", "no delivered notice whose deadline has passed"),
    "has_reason": ("家长已说明理由，在有效期内不能批评教育", "the family has given a reason that still stands"),
    "not_allowed": ("这位责任人的岗位或区域无权办理", "this person's role or area does not allow it"),
}


def criticism(
    case: Annotated[str, typer.Argument(help="台账编号 · the case's number")],
    by: Annotated[str, typer.Option("--by", help=BY)],
    out: Annotated[Path, typer.Option("--out", help="写到这个PDF文件 · the PDF file to write")],
) -> None:
    """批评教育书 · A named officer issues the criticism letter. Only after a delivered notice whose deadline has passed."""
    book = DocumentBook.load(load_catalogue(), TEMPLATES)

    async def use(work: Work, _: Storage) -> tuple[str, str]:
        person = await acting(work, by)
        found = await issue_criticism(work, case, person.id)
        if isinstance(found, Refusal):
            zh, en = REFUSED[found.reason]
            refuse(f"台账 {case}：{zh}。什么都没有改动。", f"Case {case}: {en}. Nothing was changed.")
        made = _criticism_letter(book, found)
        data, gaps = letter_pdf(book, [made])
        about = found.paper
        making = Making(KIND, found.subject, about.area_code, kept_facts(made), found.number, about.case_id, about.student_id)
        await keep_documents(work, [making], person.id)
        write(out, data)
        return found.number, gaps[0]

    number, gaps = once(use)
    typer.echo(f"{out}: {number}")
    if gaps:
        typer.echo(f"字库没有“{gaps}”，请用笔补写 / not in the font, write by hand: {gaps}", err=True)


def _criticism_letter(book: DocumentBook, found: Criticism) -> dict[str, Any]:
    paper = found.paper
    facts = {**said_of(book, paper), "notices": "、".join(found.notices)}
    return letter(book, KIND, facts, Head(paper.issuer, found.number, found.signed_by, found.issued_on), is_girl=paper.is_girl)


def receipts(
    area: Annotated[str, typer.Option("--area", help="区划代码，不写为全部 · area code; all without it")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="供程序读取 · for programs")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="写成PDF存档 · a PDF for the file, a page each")] = None,
) -> None:
    """送达回执 · Every delivery with its way and proof."""
    book = DocumentBook.load(load_catalogue(), TEMPLATES)

    async def use(work: Work, _: Storage) -> list[Delivered]:
        found = await deliveries_of(work, area)
        if out is not None:
            if not found:
                refuse("没有送达回执。", "There are no receipts.")
            papers = await notice_papers(work, state="all", ids=[one.notice_id for one in found])
            write(out, receipt_pdf(book, receipt_rows(book, found, {paper.notice_id: paper for paper in papers})))
        return found

    found = once(use)
    if out is not None:
        typer.echo(f"{out}: {len(found)}份回执 / {len(found)} receipts")
    elif as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    else:
        headers = ("文书编号\nnumber", "送达方式\nway", "送达日期\ndelivered", "登记时间\nrecorded", "登记人\nby", "证明\nproof")
        rows = [(one.number, one.way, one.delivered, one.recorded, one.recorded_by, proof_said(book, one.proof)) for one in found]
        print_table(headers, rows)


def write(out: Path, data: bytes) -> None:
    """Writes the file, or refuses: then nothing of the command has happened."""
    try:
        out.write_bytes(data)
    except OSError as error:
        refuse(f"写不了文件 {out}：{error.strerror}", f"Cannot write {out}: {error.strerror}")


def register(notices: typer.Typer) -> None:
    """Puts both commands into the group `notices`."""
    notices.command("criticism")(criticism)
    notices.command("receipts")(receipts)
