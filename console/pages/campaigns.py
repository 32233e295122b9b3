"""Publicity to many: drafted from the library, previewed, agreed to by a second person, held, sent once more; what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from sqlalchemy import select
from starlette.responses import Response

from bot.outbox.wording import county_signatures
from bot.publicity import Outbox, Preview, draft_campaign, preview_campaign, test_to_author
from bot.publicity_book import outcome_book
from cases import campaigns
from cases.audience import CATEGORIES, Counted
from cases.campaign_approval import decide_campaign, who_is_asked
from cases.campaign_counts import AHEAD, audience_of, result_of, written_of
from cases.campaign_drafts import MOST_NAME, Draft
from cases.campaign_outcome import outcome_of, recipients, some_recipients
from cases.campaign_rows import CampaignRefused, covers, lock_campaign, text_of
from cases.names import area_names
from cases.publicity_texts import library
from console.pages.ledger import XLSX
from console.paging import After, piece
from console.security import require_csrf_form
from console.visit import Visit, Visiting, gone, see_other
from plan.targets import STAGES
from storage.tables import Area, Campaign, Person
from storage.work import Work

router = APIRouter(prefix="/campaigns")
ACTING = [Depends(require_csrf_form)]
LISTED = 100
MOST_EXPORTED = 1_000_000
Short = Annotated[str, Form(max_length=60)]
Words = Annotated[str, Form(max_length=400)]
Ticked = Annotated[list[str], Form()]


@router.get("")
async def show(visit: Visiting, after: After = "") -> Response:
    query = select(Campaign).where(Campaign.area_code.startswith(visit.area))
    found = await piece(visit.session, query, (Campaign.id,), after, newest=True)
    return await visit.show(
        "campaigns", piece=found, rows=found.rows, library=library(), may_make=await _may(visit, visit.plan.publicity.made_by)
    )


async def _may(visit: Visit, roles: list[str]) -> bool:
    """Whether this person has one of these roles for the post's area."""
    if visit.me.post.school_id is not None:
        return False
    async with visit.acting() as work:
        return await covers(work, visit.me.person_id, roles, visit.area)


@router.get("/new")
async def blank(visit: Visiting) -> Response:
    return await _form(visit, dict.fromkeys(("name", "text", "area", "sex", "words", "when", "category", "stage")))


async def _form(visit: Visit, typed: dict[str, Any], refused: CampaignRefused | None = None) -> Response:
    t = visit.speech("campaign_new")
    areas = select(Area).where(Area.code.startswith(visit.area), Area.level.in_(("prefecture", "county", "township"))).order_by(Area.code)
    return await visit.show(
        "campaign_new", status=409 if refused else 200, library=library(), areas=(await visit.session.scalars(areas)).all(), typed=typed,
        categories=CATEGORIES, stages=tuple(STAGES), most_name=MOST_NAME, why=_said(visit, refused),
        may_make=await _may(visit, visit.plan.publicity.made_by),
        roles="、".join(t.in_dict(visit.plan.roles, name) for name in visit.plan.publicity.made_by),
    )  # fmt: skip


def _said(visit: Visit, refused: CampaignRefused | None) -> str:
    """The refusal in the visitor's language."""
    return refused.told(visit.me.language) if refused is not None else ""


@router.post("", dependencies=ACTING)
async def draft(
    visit: Visiting, name: Short = "", text: Short = "", area: Short = "", sex: Short = "", words: Words = "", when: Short = "",
    category: Ticked = [], stage: Ticked = [],  # noqa: B006 - FastAPI copies them
) -> Response:  # fmt: skip
    """A draft; checked and counted, sends nothing."""
    typed = {"name": name, "text": text, "area": area, "sex": sex, "words": words, "when": when, "category": category, "stage": stage}
    if not area.startswith(visit.area) or await visit.session.get(Area, area) is None:
        return await _form(visit, typed, CampaignRefused("no_area", said=area))
    asked = Draft(name, text, area, tuple(category), tuple(stage), sex or None, words.strip() or None, when.replace("T", " "))
    try:
        async with visit.acting() as work:
            campaign = await draft_campaign(work, visit.parts.catalogue, asked, visit.me.person_id)
            number = campaign.id
            await audience_of(work, campaign, anew=True)
    except CampaignRefused as refused:
        return await _form(visit, typed, refused)
    return see_other(f"/campaigns/{number}", said="drafted")


async def _seen(visit: Visit, campaign_id: int) -> Campaign:
    found = await visit.session.get(Campaign, campaign_id)
    if found is None:
        raise gone()
    return found


@router.get("/{campaign_id}")
async def one(visit: Visiting, campaign_id: int, only: Annotated[str, Query(max_length=20)] = "", anew: bool = False) -> Response:
    return await _page(visit, campaign_id, only=only, anew=anew)


async def _page(
    visit: Visit, campaign_id: int, *, only: str = "", anew: bool = False, refused: CampaignRefused | None = None, typed: str = ""
) -> Response:
    """One campaign: ahead of its start whom it would reach, afterwards what became of it. `only`: list the persons of one outcome.

    `anew`: a large one is counted now, and not shown as it was counted last.
    """
    campaign = await _seen(visit, campaign_id)
    listed = only if only in library().labels["outcomes"] else None
    async with visit.acting() as work:  # the web role's policies would hide some of those that are counted
        preview, outcome = None, None
        if campaign.state in AHEAD:
            counted, at = await audience_of(work, campaign, anew=anew)
            preview = await _preview(visit, work, campaign, counted)
        else:
            outcome, at = await result_of(work, campaign, anew=anew)
        written = await written_of(work, campaign)
        people = await some_recipients(work, campaign, listed, LISTED) if listed and outcome else []
        names = dict((await work.session.execute(select(Person.id, Person.name).where(Person.id.in_(_people(campaign))))).all())
        made, agrees = visit.plan.publicity.made_by, visit.plan.publicity.approved_by
        own = campaign.created_by == visit.me.person_id
        may_act = own or await covers(work, visit.me.person_id, [*made, *agrees], campaign.area_code)
        asked = await who_is_asked(work, campaign)
        may_agree = not own and await covers(work, visit.me.person_id, agrees, campaign.area_code)
    return await visit.show(
        "campaign", status=409 if refused else 200, one=campaign, text=text_of(campaign), preview=preview, outcome=outcome,
        written=written, people=people, counted_at=at, names=names, only=listed, most=LISTED, library=library(), may_act=may_act,
        may_agree=may_agree, asked=asked, own=own, why=_said(visit, refused), typed=typed,
        area=await visit.session.get(Area, campaign.area_code),
    )  # fmt: skip


def _people(campaign: Campaign) -> list[int]:
    return [person_id for person_id in (campaign.created_by, campaign.approved_by) if person_id is not None]


async def _preview(visit: Visit, work: Work, campaign: Campaign, counted: Counted) -> Preview:
    outbox = Outbox(visit.parts.catalogue, visit.parts.channels, await county_signatures(work.session, visit.parts.catalogue))
    return await preview_campaign(work, visit.plan, outbox, campaign, counted)


async def _act(visit: Visit, campaign_id: int, act: Callable[[Work, Campaign], Awaitable[Any]], done: str, typed: str = "") -> Response:
    """Carried out on the locked row, all of it or nothing. `done`: what is said of it; "{state}" in it is the state it is in then."""
    await _seen(visit, campaign_id)
    try:
        async with visit.acting() as work:
            campaign = await lock_campaign(work, campaign_id)
            await act(work, campaign)
            done = done.format(state=campaign.state)
    except CampaignRefused as refused:
        return await _page(visit, campaign_id, refused=refused, typed=typed)
    return see_other(f"/campaigns/{campaign_id}", said=done)


ACTS: dict[str, Callable[[Work, Campaign, int], Awaitable[Any]]] = {
    "start": campaigns.start_campaign, "pause": campaigns.pause_campaign, "resume": campaigns.resume_campaign,
    "cancel": campaigns.cancel_campaign, "resend": campaigns.resend_campaign,
}  # fmt: skip


@router.post("/{campaign_id}/test", dependencies=ACTING)
async def test(visit: Visiting, campaign_id: int) -> Response:
    """Its author reads it on their own phone."""

    async def act(work: Work, campaign: Campaign) -> None:
        if campaign.created_by != visit.me.person_id:
            raise CampaignRefused("not_author")
        test_to_author(work, campaign)

    return await _act(visit, campaign_id, act, "tested")


@router.post("/{campaign_id}/agree", dependencies=ACTING)
async def agree(visit: Visiting, campaign_id: int) -> Response:
    return await _act(visit, campaign_id, lambda work, one: decide_campaign(work, one, visit.me.person_id, approved=True), "agreed")


@router.post("/{campaign_id}/send-back", dependencies=ACTING)
async def send_back(visit: Visiting, campaign_id: int, said: Words = "") -> Response:
    async def act(work: Work, campaign: Campaign) -> None:
        if not said.strip():
            raise CampaignRefused("say_why")
        await decide_campaign(work, campaign, visit.me.person_id, approved=False, note_of=said.strip())

    return await _act(visit, campaign_id, act, "sent_back", said)


@router.post("/{campaign_id}/{act}", dependencies=ACTING)
async def act(visit: Visiting, campaign_id: int, act: str) -> Response:
    """start, pause, resume, cancel, resend."""
    if act not in ACTS:
        raise gone()
    done = "campaign_{state}" if act == "start" else f"campaign_{act}"  # it begins, or waits for a second person
    return await _act(visit, campaign_id, lambda work, one: ACTS[act](work, one, visit.me.person_id), done)


@router.get("/{campaign_id}/outcome.xlsx")
async def export(visit: Visiting, campaign_id: int) -> Response:
    campaign = await _seen(visit, campaign_id)
    async with visit.acting() as work:
        people = await recipients(work, campaign, None, MOST_EXPORTED)
        totals = await outcome_of(work, campaign)
        areas = await area_names(work.session, {one.area_code for one in people})
        body = await asyncio.to_thread(outcome_book, campaign, visit.plan, totals, people, areas)
        work.record("list_exported", f"campaign:{campaign_id}", area_code=campaign.area_code, actor=visit.actor, count=len(people))
    name = f"campaign-{campaign_id}.xlsx"
    return Response(body, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})
