"""Two letters of the county bureau as their form prints them: words filled in, the law cited by its keys."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.rendering.free_text import never_in_letters
from bot.rendering.law import LawBook
from cases.aid_register import AidDecision
from cases.referral_letters import ReferralLetter
from cases.support_words import support_words
from papers.typesetting import pdf, with_gaps

AID_LAW = ("CE-44",)


class NotToBeSaid(ValueError):
    """Somebody's own words hold what must never be said; the text names them and what to say instead."""


def judged(book: LawBook, text: str, *, to_families: bool) -> str:
    """An officer's own words, which are judged like ours. Raises NotToBeSaid."""
    if (fault := never_in_letters(book, text, to_families=to_families)) is not None:
        raise NotToBeSaid(f"{fault.said} → {fault.instead}")
    return text


def _spoken(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def referral_pdf(book: LawBook, letter: ReferralLetter) -> bytes:
    """The letter to the department. QuotationError when nobody has verified a quotation that the plan names; NotToBeSaid."""
    words = support_words().data["letters"]["referral"]
    rows = [[words["case"], letter.case_number], *([label, value] for label, value in letter.facts)]
    return pdf("referral_letter", with_gaps({
        "issuer": letter.issuer, "number": letter.number, "title": words["title"], "on": letter.approved_on,
        "salutation": words["salutation"].format(department=letter.department), "before": [words["opening"].format(kind=letter.kind)],
        "rows": [*rows, [words["reason"], judged(book, letter.reason, to_families=False)]] if letter.reason else rows,
        "after": [words["asks"].format(asks=letter.asks, answer_by=_spoken(letter.answer_by)), words["secrecy"]],
        "basis": words["basis"], "citations": [book.quote(key) for key in letter.law], "seal": words["seal"],
        "contact": words["contact"].format(contact=letter.contact, approved_by=letter.approved_by),
    }))  # fmt: skip


def aid_pdf(book: LawBook, decision: AidDecision) -> bytes:
    """The decision on a request for aid, for the family: help comes first, whatever was decided. NotToBeSaid."""
    words = support_words().data["letters"]["aid"]
    guardians = decision.guardians or words["of_child"].format(child=decision.child)
    opening = words["opening"].format(
        requested_on=_spoken(decision.requested_on), school=decision.school, class_name=decision.class_name, child=decision.child
    )
    return pdf("aid_decision", with_gaps({
        "issuer": decision.issuer, "number": decision.number, "title": words["title"], "on": decision.decided_on,
        "salutation": words["salutation"].format(guardians=guardians), "before": [opening, _decided(words, decision, book)],
        "rows": _rows(words, decision), "after": [] if decision.granted else [words["again"]], "basis": words["basis"],
        "citations": [book.quote(key) for key in AID_LAW], "seal": words["seal"],
        "contact": words["contact" if decision.school_phone else "contact_office"].format(
            school_phone=decision.school_phone, issuer=decision.issuer, decided_by=decision.decided_by
        ),
    }))  # fmt: skip


def _decided(words: dict[str, Any], decision: AidDecision, book: LawBook) -> str:
    if decision.granted:
        return str(words["granted"])
    if not decision.reason:
        return str(words["refused"])
    return str(words["refused_why"].format(reason=judged(book, decision.reason, to_families=True)))


def _rows(words: dict[str, Any], decision: AidDecision) -> list[list[str]]:
    if not decision.granted:
        return []
    paid_by = words["before"].format(day=_spoken(decision.paid_by)) if decision.paid_by else None
    values = {"kind": decision.kind, "amount": decision.amount, "paid_by": paid_by, "documents": "、".join(decision.documents)}
    return [[label, text] for name, label in words["fields"].items() if (text := values[name])]
