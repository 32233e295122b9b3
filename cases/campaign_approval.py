"""A second person agrees to a campaign that reaches many, or sends it back; its author never agrees to it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from cases.campaign_rows import CampaignRefused, approvers, covers, note, roles_told, schedule_campaign, tell_author
from cases.desk import desk_of_area
from cases.plans import plan_in_force
from cases.publicity_texts import library
from cases.tasks import LIVING, NewTask, end_task, open_task
from plan.model import Plan
from storage.tables import Campaign, Person, Task, TaskHolder
from storage.work import Work


async def ask_for_approval(work: Work, plan: Plan, campaign: Campaign) -> None:
    """Puts it before those who may agree, never before its author. Raises CampaignRefused where there is nobody else."""
    people = await approvers(work, plan, campaign)
    if not people:
        raise CampaignRefused("no_approver", roles=roles_told(plan, plan.publicity.approved_by))
    campaign.state, campaign.next_at = "waiting_approval", None
    await work.session.flush()
    desk = await desk_of_area(work, campaign.area_code)
    duty = plan.duties.get("approve_campaign")
    if duty is None:  # a plan from before there were campaigns: by command only
        return
    author = await work.session.get_one(Person, campaign.created_by)
    asked = await work.session.scalar(select(func.count()).select_from(Task).where(Task.campaign_id == campaign.id))
    facts = {"campaign": campaign.name, "people": campaign.people, "author": author.name, "number": campaign.id}
    await open_task(
        work, desk,
        NewTask(
            f"campaign:{campaign.id}:approve:{asked}", "approve_campaign", duty.role, desk.calendar.after(work.now, duty.due),
            duty.template, holder_ids=tuple(people), about={"campaign_id": campaign.id}, facts=facts,
        ),
    )  # fmt: skip


async def decide_campaign(work: Work, campaign: Campaign, by: int, *, approved: bool, note_of: str = "") -> None:
    """A second person agrees, or sends it back to its author. Raises CampaignRefused for the author, and for who may not."""
    plan = (await plan_in_force(work.session))[1]
    if campaign.state != "waiting_approval":
        raise CampaignRefused("state", state=library().labels["states"][campaign.state])
    if by == campaign.created_by:
        raise CampaignRefused("own_campaign")
    if not await covers(work, by, plan.publicity.approved_by, campaign.area_code):
        raise CampaignRefused("not_approver", roles=roles_told(plan, plan.publicity.approved_by))
    if approved:
        campaign.approved_by, campaign.approved_at = by, work.now
        schedule_campaign(work, plan, campaign)
    else:
        campaign.state, campaign.reason = "draft", note_of or "refused"
    await end_asking(work, campaign, by, note_of)
    note(work, campaign, "campaign_approved" if approved else "campaign_refused", by, people=campaign.people)
    tell_author(work, campaign, "approved" if approved else "refused")


async def who_is_asked(work: Work, campaign: Campaign) -> Sequence[str]:
    """Names of those before whom it lies."""
    held = select(Person.name).join(TaskHolder, TaskHolder.person_id == Person.id).join(Task, Task.id == TaskHolder.task_id)
    living = held.where(Task.campaign_id == campaign.id, Task.state.in_(LIVING), TaskHolder.until.is_(None), TaskHolder.why != "copy")
    return (await work.session.scalars(living.distinct().order_by(Person.name))).all()


async def end_asking(work: Work, campaign: Campaign, by: int | None, result: str) -> None:
    """Nobody is asked any more."""
    asked = select(Task).where(Task.campaign_id == campaign.id, Task.state.in_(LIVING))
    for task in await work.session.scalars(asked):
        end_task(work, task, "done" if by else "cancelled", by=by, result=result or None)
