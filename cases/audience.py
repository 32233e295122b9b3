"""Whom a campaign reaches, whom it leaves out and why: one choice for the preview and for the writing of intents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from cases.consents import PUBLICITY
from cases.publicity_texts import Audience
from plan.publicity import Publicity
from plan.targets import STAGES
from storage.work import Work

CATEGORIES = ("left_behind", "migrant", "disabled", "orphan", "single_parent", "poor")
MONTH = timedelta(days=30)
LAST_ID = 2**62


@dataclass(frozen=True)
class Choice:
    """`categories`: children in any of them; `stages`: primary, junior; `sex`: of the child. Empty: everybody in the area."""

    audience: Audience
    area_code: str
    topic: str | None = None
    categories: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    sex: str | None = None

    def as_facts(self) -> dict[str, Any]:
        """The groups, as `campaign.filters` keeps them."""
        given = {"categories": list(self.categories), "stages": list(self.stages), "sex": self.sex}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Counted:
    """How many persons: `by_channel` of those who are reached (kind of contact → persons, contacts), `left_out` by reason."""

    by_channel: Mapping[str, tuple[int, int]]
    left_out: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(people for people, _ in self.by_channel.values())


def _families(choice: Choice) -> str:
    grades = " and room.grade = any(:grades)" if choice.stages else ""
    room = " join school_class room on room.id = student.class_id" if choice.stages else ""
    sex = " and student.sex = :sex" if choice.sex else ""
    category = (
        " and exists (select from student_category category where category.student_id = student.id"
        " and category.category = any(:categories) and category.since <= :today and coalesce(category.until, :today) >= :today)"
        if choice.categories
        else ""
    )
    return f"""
    select link.person_id, min(student.area_code) as area_code, bool_and(link.no_contact) as barred
    from guardianship link join student on student.id = link.student_id{room}
    where link.person_id > :after and link.person_id <= :upto and link.is_guardian and starts_with(student.area_code, :area_code)
        and student.status in ('enrolled', 'resumed') and student.anonymised_at is null{grades}{sex}{category}
    group by link.person_id"""


_STAFF = """
    select post.person_id, min(post.area_code) as area_code, false as barred
    from responsibility post
    where post.person_id > :after and post.person_id <= :upto and post.role = any(:roles) and starts_with(post.area_code, :area_code)
        and post.valid_from <= :today and coalesce(post.valid_until, :today) >= :today
    group by post.person_id"""
_LISTED = """
    select listed.person_id, min(listed.area_code) as area_code, false as barred
    from listed_contact listed
    where listed.person_id > :after and listed.person_id <= :upto and listed.purpose = :purpose and listed.ended_at is null
        and starts_with(listed.area_code, :area_code)
    group by listed.person_id"""

_USABLE = """contact.state = 'usable' and link.retired_reason is null
        and coalesce(link.valid_from, :today) <= :today and coalesce(link.valid_until, :today) >= :today"""

# Why somebody is left out, the first reason that holds; `kind` is the contact that is tried first.
_JUDGED = f"""
with candidate as ({{candidates}}),
way as (
    select distinct on (link.person_id) link.person_id, contact.id as contact_id, contact.kind
    from person_contact link join contact on contact.id = link.contact_id
    where link.person_id > :after and link.person_id <= :upto and {_USABLE}
    order by link.person_id, link.preference, contact.id
),
had as (
    select intent.person_id, max(campaign.started_at) as last_at, count(distinct intent.campaign_id) as campaigns
    from intent join campaign on campaign.id = intent.campaign_id left join message on message.id = intent.message_id
    where intent.campaign_id = any(:lately) and intent.person_id > :after and intent.person_id <= :upto
        and (intent.state in ('pending', 'held', 'queued') or intent.reason = 'in_doubt') and message.state is distinct from 'failed'
    group by intent.person_id
),
judged as (
    select candidate.person_id, candidate.area_code, way.contact_id, way.kind, case
        when person.anonymised_at is not null then 'anonymised'
        when candidate.barred then 'no_contact'
        when refusal.person_id is not null then 'refused'
        when way.person_id is null then 'unreachable'
        when had.last_at > :rest_since then 'recent'
        when had.campaigns >= :most then 'enough'
    end as reason
    from candidate
    join person on person.id = candidate.person_id
    left join (select distinct person_id from consent where not given and kind = any(:kinds)) refusal
        on refusal.person_id = candidate.person_id
    left join way on way.person_id = candidate.person_id
    left join had on had.person_id = candidate.person_id
)
"""
_CANDIDATES = {"staff": _STAFF, "listed": _LISTED}


def judged(choice: Choice) -> str:
    """The beginning of a statement: everybody who is meant between two ids of persons, with the reason why not in `judged.reason`."""
    return _JUDGED.format(candidates=_CANDIDATES.get(choice.audience.source) or _families(choice))


async def values(work: Work, choice: Choice, rules: Publicity, today: date, *, campaign_id: int | None = None) -> dict[str, Any]:
    """What `judged` is asked with; another campaign than this one counts as had."""
    grades = [grade for stage in choice.stages for grade in STAGES[stage]]
    return {
        "area_code": choice.area_code, "today": today, "categories": list(choice.categories), "grades": grades, "sex": choice.sex,
        "roles": list(choice.audience.roles), "purpose": choice.audience.purpose,
        "kinds": [PUBLICITY, f"{PUBLICITY}:{choice.topic}"],
        "rest_since": work.now - timedelta(days=rules.rest_days), "most": rules.most_per_month,
        "lately": await _lately(work, work.now - MONTH, campaign_id), "after": 0, "upto": LAST_ID,
    }  # fmt: skip


async def _lately(work: Work, since: datetime, campaign_id: int | None) -> list[int]:
    begun = text("select id from campaign where started_at > :since and id is distinct from :own")
    return list(await work.session.scalars(begun, {"since": since, "own": campaign_id}))


async def count_audience(work: Work, choice: Choice, rules: Publicity, today: date, campaign_id: int | None = None) -> Counted:
    """How many are reached by which kind of contact, and how many are left out for which reason."""
    asked = await values(work, choice, rules, today, campaign_id=campaign_id)
    query = text(judged(choice) + "select reason, kind, count(*), count(distinct contact_id) from judged group by reason, kind")
    rows = (await work.session.execute(query, asked)).all()
    left_out: dict[str, int] = {}
    for reason, _, people, _ in rows:
        if reason is not None:
            left_out[reason] = left_out.get(reason, 0) + people
    return Counted({kind: (people, contacts) for reason, kind, people, contacts in rows if reason is None}, left_out)
