"""Publicity to many families at once: one statement writes an intent for each person, however many there are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import text

from storage.work import Work

CAMPAIGN_LIFE = timedelta(days=3)
"""How long a campaign may take to leave."""

# A person with several children reads it once, in the area of the first of them. Who refused publicity is left out when it is sent,
# so that a refusal still counts that comes while the campaign is under way.
COMPOSE = text("""
insert into intent (dedupe_key, person_id, template, urgency, facts, area_code, created_at, due_at, expires_at)
select 'campaign:' || :campaign || ':' || person_id, person_id, :template, 'bulk', facts, area_code, :now, :due_at, :expires_at
from (
    select guardianship.person_id, min(student.area_code) as area_code
    from guardianship join student on student.id = guardianship.student_id
    where starts_with(student.area_code, :area_code) and student.status = 'enrolled'
        and guardianship.is_guardian and not guardianship.no_contact
    group by guardianship.person_id
) family, cast(:facts as jsonb) facts
order by person_id
on conflict (dedupe_key) do nothing
""")


async def compose(
    work: Work, campaign: str, template: str, facts: dict[str, str], *, area_code: str, due_at: datetime | None = None
) -> int:
    """Writes what every guardian of the enrolled children under `area_code` is told; gives to how many.

    The same campaign again reaches only those who were not there before.
    """
    due = due_at or work.now
    told = {"campaign": campaign, "template": template, "facts": json.dumps(facts, ensure_ascii=False), "area_code": area_code}
    written = await work.session.execute(COMPOSE, told | {"now": work.now, "due_at": due, "expires_at": due + CAMPAIGN_LIFE})
    number = int(written.rowcount)  # type: ignore[attr-defined]
    work.record("campaign_composed", f"campaign:{campaign}", area_code=area_code, template=template, intents=number)
    return number
