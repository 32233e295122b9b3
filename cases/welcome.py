"""The plain notice to each guardian, once, after their child was first on the roll: what is kept and why (个人信息保护法 30, 35)."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from plan.model import Plan
from storage.work import Work

LIFE = timedelta(days=2)

# The oldest link of each guardian names the child; who is barred from one child hears of another. Whoever has no contact yet waits.
WELCOME = text("""
with chosen as (
    select link.person_id, min(link.student_id) as student_id
    from guardianship link
    join student on student.id = link.student_id
    join person on person.id = link.person_id
    where person.welcomed_at is null and person.anonymised_at is null and link.is_guardian and not link.no_contact
        and student.status in ('enrolled', 'resumed') and student.anonymised_at is null
        and exists (select from person_contact way join contact on contact.id = way.contact_id
            where way.person_id = link.person_id and way.retired_reason is null and contact.state = 'usable')
    group by link.person_id order by link.person_id limit :most
), marked as (
    update person set welcomed_at = :now from chosen where person.id = chosen.person_id returning chosen.person_id, chosen.student_id
)
insert into intent (dedupe_key, person_id, template, urgency, facts, area_code, student_id, created_at, due_at, expires_at)
select 'welcome:' || marked.person_id, marked.person_id, 'consent_welcome', 'duty', '{}', student.area_code, student.id,
    :now, :now, :expires_at
from marked join student on student.id = marked.student_id
on conflict (dedupe_key) do nothing
""")


async def welcome_guardians(work: Work, plan: Plan, day: date) -> None:
    """As many as the plan allows in a day; the others on the days after."""
    rules = plan.publicity.welcome
    if rules is None:
        return
    asked = {"most": rules.most_per_day, "now": work.now, "expires_at": work.now + LIFE}
    written = await work.session.execute(WELCOME, asked)
    work.record("guardians_welcomed", "guardians", area_code="", on=day.isoformat(), people=int(written.rowcount))  # type: ignore[attr-defined]
