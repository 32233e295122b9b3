"""A case in a few words for a phone: whose it is, where it stands, the last that was done and found, and what is due next."""

from __future__ import annotations

from bot.dialogs.phrases import law_book, phrase, spoken_day
from bot.rendering.free_text import is_sensitive
from cases.case_told import CaseTold, Happened, told_of
from cases.plans import plan_of
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import CaseFile
from storage.work import Work

LONGEST = 172
"""Characters: with the longest signature it makes three parts of an SMS."""
LONGEST_SAID = 40


async def case_story(work: Work, case: CaseFile) -> str:
    """The newest of what happened has its place before older things; it is told in the order of the days."""
    plan = await plan_of(work.session, case.plan_version_id)
    told = await told_of(work, plan, case)
    head, last = _head(plan, case, told), _last(plan, case, told)
    room = LONGEST - len(head) - len(last)
    shown: list[str] = []
    for happened in reversed(told.happened):
        words = _happened(plan, happened)
        room -= len(words) + 1
        if room < 0 and shown:
            break
        shown.insert(0, words)
    return "；".join(one for one in (head, *shown, last) if one)


def _head(plan: Plan, case: CaseFile, told: CaseTold) -> str:
    of_whom = phrase("case.of", number=case.number, child=told.child, class_name=told.class_name)
    if case.state == "closed" and case.exit is not None and case.closed_at is not None:
        return of_whom + phrase("case.closed", on=spoken_day(Calendar(plan).day_of(case.closed_at)), exit=plan.exits[case.exit].zh)
    words = {"absent": spoken_day(case.first_absent_on), "level": str(case.level), "name": plan.at_level(case.level).name.zh}
    return of_whom + phrase("case.stands", **words, since=spoken_day(told.since) if told.since else "")


def _happened(plan: Plan, happened: Happened) -> str:
    stem, _, which = happened.what.partition(":")
    if stem == "referral":
        words = phrase("case.referral", department=plan.departments[which].zh if which in plan.departments else which)
    elif which:
        words = phrase(f"case.{stem}")
    else:
        words = plan.task_name(happened.what).zh
    return spoken_day(happened.on) + words + (f"：{_said(happened.said)}" if happened.said else "")


def _said(words: str) -> str:
    """In short; words that must not stand on a phone which others use are left to the system's pages."""
    if is_sensitive(law_book(), words):
        return phrase("case.unsaid")
    return words if len(words) <= LONGEST_SAID else words[: LONGEST_SAID - 1] + "…"


def _last(plan: Plan, case: CaseFile, told: CaseTold) -> str:
    """What the family promised, or that the child is back, and what is owed."""
    if case.state == "closed":
        return ""
    said = []
    if case.back_on is not None:
        said.append(phrase("case.back", on=spoken_day(case.back_on)))
    elif case.promised_on is not None:
        said.append(phrase("case.promised", on=spoken_day(case.promised_on)))
    if told.owed is not None:
        words = {"role": plan.role_name(told.owed.role), "task": plan.task_name(told.owed.kind).zh}
        said.append(phrase("case.owed", **words, by=spoken_day(Calendar(plan).day_of(told.owed.due_at))))
    return "；".join(said)
