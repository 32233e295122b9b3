"""What people want of publicity. What the law or the plan makes us say asks nobody's consent."""

from __future__ import annotations

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from cases.contacts import people_at
from storage.tables import Consent, Contact, Person
from storage.work import Work

PUBLICITY = "publicity"
"""The kind that people can refuse and ask for again (`consent.kind`); with ":" and a topic of the library, that topic alone."""

KEEP = text("""
insert into consent (person_id, kind, given, at, source)
select distinct on (link.person_id) link.person_id, :kind, false, contact.refused_at, 'reply'
from contact join person_contact link on link.contact_id = contact.id and link.retired_reason is null
where contact.refused_at is not null order by link.person_id, contact.refused_at
on conflict (person_id, kind) do nothing
""")


async def choose_topic_at(work: Work, contact: Contact, topic: str, *, wanted: bool) -> None:
    """One topic of publicity, for everybody who shares this contact."""
    for person_id in await people_at(work, contact.id):
        person = await work.session.get_one(Person, person_id)
        await choose_publicity(work, person_id, wanted=wanted, source="reply", area_code=person.area_code, kind=f"{PUBLICITY}:{topic}")


async def choose_at(work: Work, contact: Contact, *, wanted: bool, source: str) -> None:
    """For everybody who shares this contact: nobody can tell which of them wrote. Where nobody is known, for whoever turns out to be."""
    people = await people_at(work, contact.id)
    for person_id in people:
        person = await work.session.get_one(Person, person_id)
        await choose_publicity(work, person_id, wanted=wanted, source=source, area_code=person.area_code)
    if not people:
        work.record("opted_in" if wanted else "opted_out", f"contact:{contact.id}", area_code="", kind=PUBLICITY)
    contact.refused_at = None if wanted or people else work.now


async def keep_refusals(work: Work) -> None:
    """Who is known by now where publicity was refused before has refused it."""
    await work.flush()
    await work.session.execute(KEEP, {"kind": PUBLICITY})


async def choose_publicity(work: Work, person_id: int, *, wanted: bool, source: str, area_code: str, kind: str = PUBLICITY) -> None:
    """Only an explicit word counts; the newest one stands: whoever wants publicity again wants every topic. `source`: reply, provider."""
    chosen = {"given": wanted, "at": work.now, "source": source}
    if wanted and kind == PUBLICITY:
        topics = update(Consent).where(Consent.person_id == person_id, Consent.kind.startswith(f"{PUBLICITY}:"))
        await work.session.execute(topics.values(chosen))
    row = insert(Consent).values({"person_id": person_id, "kind": kind, **chosen})
    await work.session.execute(row.on_conflict_do_update(index_elements=["person_id", "kind"], set_=chosen))
    work.record("opted_in" if wanted else "opted_out", f"person:{person_id}", area_code=area_code, kind=kind)
