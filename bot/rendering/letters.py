"""Official letters as the form prints them: words filled in, days written out, a batch of notices with its list of who delivers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

from bot.rendering.documents import DocumentBook
from cases.notice_papers import NoticePaper
from papers.typesetting import GAP, missing_signs, pdf, qr, with_gaps

FORM = "letters"


@dataclass(frozen=True)
class Head:
    """What stands around a letter's words. `issued_on` None: a draft's day is left open; `signed_by`: who issued it, by name."""

    issuer: str
    number: str
    signed_by: str
    issued_on: date | None


@dataclass(frozen=True)
class Batch:
    """A file to be printed. `letters`: notice → all that its letter says; `gaps`: notice → signs to be written in by hand."""

    pdf: bytes
    letters: Mapping[int, dict[str, Any]]
    gaps: Mapping[int, str]


def spoken(day: date) -> str:
    """2026年9月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def letter(book: DocumentBook, name: str, facts: Mapping[str, Any], head: Head, *, is_girl: bool = False) -> dict[str, Any]:
    """One letter without a receipt, as the form reads it. RenderingError when a fact is missing or may not be said."""
    words = asdict(book.letter(name, {"issuer": head.issuer, **facts}, is_girl=is_girl))
    return {
        "letter": words, "issuer": head.issuer, "number": head.number or book.form["no_number"], "signed_by": head.signed_by,
        "issued_on": head.issued_on.isoformat() if head.issued_on else None, "draft": head.issued_on is None, "gaps": False, "stub": None,
    }  # fmt: skip


def letter_pdf(book: DocumentBook, letters: Sequence[Mapping[str, Any]], cover: Mapping[str, Any] | None = None) -> tuple[bytes, list[str]]:
    """The file, and for each letter the signs that the font has not: a gap stands for each, to be written in by hand."""
    gaps = [missing_signs(one) for one in letters]
    shown = [{**with_gaps(one), "gaps": bool(missing)} for one, missing in zip(letters, gaps, strict=True)]
    return pdf(FORM, {"form": book.form, "cover": with_gaps(cover) if cover else None, "letters": shown}), gaps


def notice_letter(book: DocumentBook, paper: NoticePaper, *, address: str | None = None, code: str = "") -> dict[str, Any]:
    """A return notice with its receipt. `address`: where its QR code leads; None: none is printed."""
    head = Head(paper.issuer, paper.number or "", paper.signed_by, paper.issued_on)
    made = letter(book, paper.document, said_of(book, paper), head, is_girl=paper.is_girl)
    made["stub"] = {
        "child": paper.child, "guardians": people_of(book, paper), "deliverer": paper.deliverer, "code": code if address else "",
        "deadline": _deadline(book, paper, "deadline_rule"), "qr": qr(address) if address else "",
    }  # fmt: skip
    return made


def receipt_pdf(book: DocumentBook, rows: Sequence[Sequence[str]]) -> bytes:
    """Receipts for the file, a page each; each row in the order of the form's `evidence_fields`."""
    return pdf("receipts", with_gaps({"title": book.form["evidence"], "labels": book.form["evidence_fields"], "rows": rows}))


def kept_facts(made: Mapping[str, Any]) -> dict[str, Any]:
    """What a letter says, without the address and code of its receipt, which only the paper bears."""
    stub = made["stub"]
    return {**made, "stub": {name: value for name, value in stub.items() if name not in {"qr", "code"}} if stub else None}


def notice_batch(
    book: DocumentBook, papers: Sequence[NoticePaper], printed_on: date, receipt: Callable[[int], tuple[str | None, str]],
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Batch:  # fmt: skip
    """All notices in one file, village by village, behind the list of who delivers which. `receipt`: notice → address and code.

    `tell`: how many letters are written, and of how many; the file is set after the last.
    """
    letters = {}
    for number, paper in enumerate(papers, start=1):
        address, code = receipt(paper.notice_id)
        letters[paper.notice_id] = notice_letter(book, paper, address=address, code=code)
        tell(number, len(papers))
    made = [letters[paper.notice_id] for paper in papers]
    missing = [missing_signs(one) for one in made]
    data, _ = letter_pdf(book, made, _cover(book, papers, missing, printed_on))
    gaps = {paper.notice_id: signs for paper, signs in zip(papers, missing, strict=True) if signs}
    return Batch(data, letters, gaps)


def said_of(book: DocumentBook, paper: NoticePaper) -> dict[str, Any]:
    """The facts by the names that the words use; what is not known is left out."""
    form = book.form
    known = {
        "guardians": people_of(book, paper),
        "child": paper.child,
        "school": paper.school,
        "class_name": paper.class_name,
        "school_phone": paper.school_phone or form["no_phone"],
        "since": spoken(paper.since),
        "born": spoken(paper.born) if paper.born else None,
        "contacts": _contacts(paper),
        "deadline": _deadline(book, paper, "deadline_meant"),
        "first_number": paper.first_number,
        "first_on": spoken(paper.first_on) if paper.first_on else None,
    }
    return {name: value for name, value in known.items() if value}


def _deadline(book: DocumentBook, paper: NoticePaper, rule: str) -> str:
    """The day once it runs; before that a gap, with the form's words for how it is counted."""
    if paper.deadline_on is not None:
        return spoken(paper.deadline_on)
    return f"{book.form['date_gap']}{book.form[rule].format(days=paper.deadline_days)}"


def people_of(book: DocumentBook, paper: NoticePaper) -> str:
    """The guardians with what they are to the child; where none is known, "the guardian of …"."""
    return _people(paper) or str(book.form["of_child"].format(child=paper.child))


def _people(paper: NoticePaper) -> str:
    return "、".join(f"{name}（{relation}）" if relation else name for name, relation in paper.guardians)


def _contacts(paper: NoticePaper) -> str:
    """11月3日班主任、11月4日校长和村委会."""
    days = groupby(paper.contacts, key=lambda contact: contact[0])
    return "、".join(f"{day.month}月{day.day}日{'和'.join(dict.fromkeys(role for _, role in steps))}" for day, steps in days)


def _cover(book: DocumentBook, papers: Sequence[NoticePaper], missing: Sequence[str], printed_on: date) -> dict[str, Any]:
    rows = [
        [
            str(place), paper.number or book.form["no_number"], paper.child, people_of(book, paper), paper.village, paper.deliverer,
            f"{book.form['cover_gap']}{GAP}" if signs else "",
        ]
        for place, (paper, signs) in enumerate(zip(papers, missing, strict=True), start=1)
    ]  # fmt: skip
    issuers = "、".join(dict.fromkeys(paper.issuer for paper in papers))
    return {"place": issuers, "count": book.form["cover_count"].format(count=len(papers), day=spoken(printed_on)), "rows": rows}
