"""Notices, measures, referrals and campaigns: what a named person decides, or has done."""

from __future__ import annotations

from cases.campaign_approval import decide_campaign
from cases.campaign_rows import CampaignRefused, lock_campaign
from cases.declining import decline_notice
from cases.desk import desk_of_case
from cases.endings.said import CONFIRM, Finish, Refusal, case_of, plain
from cases.notices import deliver_notice, issue_notice, notice_of_case
from cases.proofs import Lacking, delivery_told
from cases.referrals import answer_referral, decide_referral, not_to_be_proposed, propose_referral, read_proposal
from storage.tables import Notice


async def notice_issued(finish: Finish) -> Refusal | None:
    """Only "done" alone, words that say it is issued, or that it is not and why: anything else is no decision."""
    why_not = finish.words.why_not_issued(finish.result)
    if why_not == "":
        return Refusal("say_why_not_issued")
    if why_not is None and not finish.words.is_issued(finish.result):
        return Refusal("say_issue")
    notice, case = await finish.work.session.get(Notice, finish.task.notice_id), await case_of(finish)
    if notice is None:
        return Refusal("notice_gone")
    if why_not is None:
        is_decided = await issue_notice(finish.work, case, notice, finish.by)
    else:
        is_decided = await decline_notice(finish.work, case, notice, finish.by, why_not)
    return None if is_decided else Refusal("notice_gone")


async def notice_delivered(finish: Finish) -> Refusal | None:
    case = await case_of(finish)
    notice = await finish.work.session.get(Notice, finish.task.notice_id) or await notice_of_case(finish.work, case)
    if notice is None:
        return Refusal("notice_gone")
    told = await delivery_told(finish.work, finish.task, finish.result)
    if isinstance(told, Lacking):
        return Refusal(told.reason)
    await deliver_notice(finish.work, case, notice, told.way, by=finish.by, facts={"task_id": finish.task.id, **told.proof})
    return None


async def decide_measures(finish: Finish) -> Refusal | None:
    """Either more support in their own words, or "移送" and the department: that is only a proposal until it is approved."""
    named = finish.words.referral(finish.result)
    if named is None:
        return await plain(finish)
    case = await case_of(finish)
    desk = await desk_of_case(finish.work, case)
    told = read_proposal(desk.plan, named)
    if told is None or not told.reason:
        return Refusal("say_department")
    if len(told.kinds) > 1:
        return Refusal("say_kind", "、".join(desk.plan.referrals[kind].zh for kind in told.kinds))
    kind = next(iter(told.kinds), "")
    fault = await not_to_be_proposed(finish.work, case, department=told.department, kind=kind, by=finish.by)
    if fault is not None:
        return Refusal(f"referral_{fault}")
    await propose_referral(finish.work, case, department=told.department, by=finish.by, reason=told.reason, kind=kind)
    return None


async def approve_referral(finish: Finish) -> Refusal | None:
    """Only a plain yes that is said twice, or a no with its reason, decides."""
    verdict = finish.words.verdict(finish.result)
    if verdict is None or finish.task.referral_id is None:
        return Refusal("say_verdict")
    if verdict and not finish.is_confirmed:
        return CONFIRM
    if not verdict and not finish.words.reason(finish.result):
        return Refusal("say_why_not")
    await decide_referral(finish.work, finish.task.referral_id, approved=verdict, by=finish.by, note=finish.result)
    return None


async def approve_campaign(finish: Finish) -> Refusal | None:
    """Only a plain yes, or a no with its reason, decides."""
    verdict = finish.words.verdict(finish.result)
    if verdict is None or finish.task.campaign_id is None:
        return Refusal("say_verdict")
    if not verdict and not finish.words.reason(finish.result):
        return Refusal("say_why_not")
    campaign = await lock_campaign(finish.work, finish.task.campaign_id)
    try:
        await decide_campaign(finish.work, campaign, finish.by, approved=verdict, note_of=finish.result)
    except CampaignRefused:
        return Refusal("not_allowed")
    return None


async def act_by_law(finish: Finish) -> Refusal | None:
    if not finish.result:
        return Refusal("say_what")
    await answer_referral(finish.work, finish.task, by=finish.by, answer=finish.result)
    return None
