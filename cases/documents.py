"""Which written document was made for what, when and by whom: every version is kept, every printing is in the record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from storage.tables import Document
from storage.work import Work


@dataclass(frozen=True)
class Making:
    """A document about to be printed. `subject`: "notice:5"; `facts`: all that it says; nothing that JSON has no word for."""

    kind: str
    subject: str
    area_code: str
    facts: Mapping[str, Any]
    number: str | None = None
    case_id: int | None = None
    student_id: int | None = None


async def keep_documents(work: Work, makings: Sequence[Making], by: int | None) -> list[Document]:
    """Keeps what is printed: the version there is where nothing changed, else a new one. Each printing is recorded."""
    known = await _latest(work, makings)
    kept: list[Document] = []
    for making in makings:
        latest, facts = known.get((making.subject, making.kind)), json.loads(json.dumps(making.facts))
        if latest is None or latest.facts != facts:
            latest = _version(work, making, facts, by, latest.version + 1 if latest else 1)
        kept.append(latest)
    await work.session.flush()
    for document in kept:
        work.record(
            "document_printed", f"document:{document.id}", area_code=document.area_code, case_id=document.case_id,
            actor=f"person:{by}" if by else "operator", kind=document.kind, of=document.subject, version=document.version,
        )  # fmt: skip
    return kept


async def _latest(work: Work, makings: Sequence[Making]) -> dict[tuple[str, str], Document]:
    query = (
        select(Document)
        .where(Document.subject.in_({making.subject for making in makings}))
        .ext(distinct_on(Document.subject, Document.kind))
        .order_by(Document.subject, Document.kind, Document.version.desc())
    )
    return {(document.subject, document.kind): document for document in await work.session.scalars(query)}


def _version(work: Work, making: Making, facts: dict[str, Any], by: int | None, version: int) -> Document:
    made = Document(
        kind=making.kind, subject=making.subject, version=version, number=making.number, area_code=making.area_code,
        case_id=making.case_id, student_id=making.student_id, facts=facts, made_at=work.now, made_by=by,
    )  # fmt: skip
    work.session.add(made)
    return made
