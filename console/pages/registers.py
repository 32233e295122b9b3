"""The registers of the special groups, and the card of a child; what is confidential only for those whom the plan lets write in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from bot.rendering.register_rows import register_row
from cases.aid_received import aid_told
from cases.care_cards import card_of
from cases.register_lists import InRegister, count_members, entries, groups_of, register, some_members
from console.pages.ledger import XLSX, areas_beneath
from console.progress import Tell, with_progress
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone
from papers.registers import care_card, register_workbook
from plan.registers import Category
from storage.tables import Student
from storage.work import Work

router = APIRouter(prefix="/registers")
PER_PAGE = 100


class Filters(BaseModel):
    """Which register, and whom in it."""

    category: str = Field(default="", max_length=40)
    area: str = Field(default="", max_length=12)
    former: bool = False
    page: int = Field(default=1, ge=1, le=10_000)

    def kept(self) -> dict[str, str]:
        return {name: str(value).lower() for name, value in self.model_dump().items() if value and name != "page"}


Looking = Annotated[Filters, Query()]


def may_write(visit: Visit) -> bool:
    """Whether the post's role may change a register."""
    return visit.plan.registers is not None and visit.me.post.role in visit.plan.registers.by


def categories_for(visit: Visit) -> Mapping[str, Category]:
    """The groups of which this post may know: what is confidential only where its role writes in the registers."""
    known = visit.plan.registers.categories if visit.plan.registers is not None else {}
    return {name: one for name, one in known.items() if may_write(visit) or not one.confidential}


@router.get("")
async def show(visit: Visiting, looking: Looking) -> Response:
    known = categories_for(visit)
    chosen = looking.category if looking.category in known else next(iter(known), "")
    async with visit.acting() as work:  # counted over the whole register; the rows themselves are read as this post
        first = (looking.page - 1) * PER_PAGE
        wanted, within = _wanted(visit, looking, chosen), visit.within(Student)
        counts, at = await groups_of(work, visit.me.scope.area, within)
        ids = await some_members(work, wanted, within, most=PER_PAGE + 1, after=first)
        total = counts.get(chosen, 0) if wanted == InRegister(chosen) else await count_members(work, wanted, within)
    return await visit.show(
        "registers", rows=await entries(Work(visit.session, visit.now), ids[:PER_PAGE]), total=total,
        pages=max(looking.page + (len(ids) > PER_PAGE), -(-total // PER_PAGE)), looking=looking,
        kept=visit.kept({**looking.kept(), "category": chosen}), chosen=chosen, categories=known, counts=counts, counted_at=at,
        areas=await areas_beneath(visit), may_write=may_write(visit), rules=visit.plan.registers, aided=aid_told,
    )  # fmt: skip


def _wanted(visit: Visit, looking: Filters, chosen: str) -> InRegister:
    return InRegister(chosen, looking.area, visit.sought.q, looking.former)


@router.get("/export.xlsx")
async def export(visit: Visiting, looking: Looking) -> Response:
    if looking.category not in categories_for(visit):
        raise gone()

    async def exporting(tell: Tell) -> Response:
        return await _export(visit, looking, tell)

    return await with_progress(visit.request, exporting)


async def _export(visit: Visit, looking: Filters, tell: Tell) -> Response:
    category = looking.category
    async with visit.acting() as work:
        rows = await register(work, _wanted(visit, looking, category), visit.within(Student), tell)
    lines = [register_row(one, visit.plan) for one in rows]
    body = await asyncio.to_thread(register_workbook, categories_for(visit)[category].zh, lines, visit.today)
    async with visit.acting() as work:
        work.record("list_exported", "list:register", area_code=visit.area, actor=visit.actor, count=len(rows), category=category)
    return _file(body, XLSX, f"register-{category}-{visit.today:%Y%m%d}.xlsx", "attachment")


@router.post("/cards/{student_id}", dependencies=[Depends(require_csrf_form)])
async def card(visit: Visiting, student_id: int) -> Response:
    """The card bears the family's numbers in full: a printing is recorded, and only those who write in the registers get it."""
    child = await visit.session.get(Student, student_id)
    if child is None or not may_write(visit):
        raise gone()
    async with visit.acting() as work:
        own = await work.session.get_one(Student, student_id)
        facts: dict[str, Any] = asdict(await card_of(work, visit.plan, visit.parts.cipher, own, visit.today))
        work.record("card_printed", f"student:{student_id}", area_code=own.area_code, actor=visit.actor)
    return _file(await asyncio.to_thread(care_card, facts, visit.today), "application/pdf", f"card-{student_id}.pdf", "inline")


def _file(body: bytes, kind: str, name: str, how: str) -> Response:
    return Response(body, media_type=kind, headers={"Content-Disposition": f'{how}; filename="{quote(name)}"'})
