"""Merging the families of a staged roster: persons, their numbers, and whose guardians they are."""

from __future__ import annotations

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from cases.imports.roster.merge import run

KNOWN_BY_KEY = "update incoming_member m set person_id = p.id from person p where m.person_id is null and p.identity_index = m.key"
PERSONS = (
    "delete from incoming_member m where not exists (select from incoming i where i.line = m.line)",
    "delete from incoming_phone m where not exists (select from incoming i where i.line = m.line)",
    KNOWN_BY_KEY,
    # The guardian of that name whom the child already has: only the number is new.
    """
    update incoming_member m set person_id = found.id from (
        select distinct on (m.line, m.rank) m.line, m.rank, p.id from incoming_member m join incoming i using (line)
        join guardianship g on g.student_id = i.student_id join person p on p.id = g.person_id and p.name = m.name
        where m.person_id is null order by m.line, m.rank, p.id
    ) found where found.line = m.line and found.rank = m.rank
    """,
    # Brothers and sisters whose rows name the same person.
    """
    update incoming_member m set person_id = same.id from (
        select key, min(person_id) as id from incoming_member where person_id is not null group by key
    ) same where same.key = m.key and m.person_id is distinct from same.id
    """,
    """
    insert into person (name, name_pinyin, identity_index, area_code)
    select distinct on (m.key) m.name, m.pinyin, m.key, i.area_code from incoming_member m join incoming i using (line)
    where m.person_id is null order by m.key, m.line, m.rank
    """,
    KNOWN_BY_KEY,
    """
    update person p set identity_index = newest.key from (
        select distinct on (person_id) person_id, key from incoming_member where has_phone order by person_id, line, rank
    ) newest where newest.person_id = p.id and p.identity_index is distinct from newest.key
    and not exists (select from person other where other.identity_index = newest.key)
    """,
    """
    update person p set area_code = child.area_code from (
        select distinct on (m.person_id) m.person_id, i.area_code from incoming_member m join incoming i using (line)
        order by m.person_id, m.line
    ) child where child.person_id = p.id and p.area_code <> child.area_code
    and not exists (select from responsibility r where r.person_id = p.id)
    """,
)
GUARDIANSHIPS = """
    insert into guardianship (student_id, person_id, relation, is_guardian, rank, no_contact)
    select distinct on (i.student_id, m.person_id) i.student_id, m.person_id, m.relation, m.is_guardian, m.rank, exists (
        select from guardianship o where o.student_id = i.student_id and o.relation = m.relation and o.no_contact)
    from incoming_member m join incoming i using (line) order by i.student_id, m.person_id, m.rank
    on conflict (student_id, person_id) do update
    set relation = excluded.relation, is_guardian = excluded.is_guardian, rank = excluded.rank
"""
# A child has one father and one mother: another name in their place replaces them. Who is barred stays on record as barred.
REPLACED = """
    delete from guardianship g using incoming_member m join incoming i using (line)
    where g.student_id = i.student_id and g.relation = m.relation and m.relation in ('father', 'mother') and not g.no_contact
    and not exists (select from incoming_member other where other.line = m.line and other.person_id = g.person_id)
"""
CONTACTS = """
    insert into contact (kind, address_encrypted, address_index)
    select distinct on (key) 'phone', encrypted, key from incoming_phone order by key, line
    on conflict (kind, address_index) do nothing
"""
LINKS = """
    create temporary table incoming_link on commit drop as
    select m.person_id, c.id as contact_id, min(p.preference) as preference,
        coalesce(bool_or(known.retired_reason is null and known.person_id is not null), false) as held,
        coalesce(bool_or(known.retired_reason <> 'replaced'), false) as barred
    from incoming_phone p join incoming_member m using (line, rank) join contact c on c.kind = 'phone' and c.address_index = p.key
    left join person_contact known on known.person_id = m.person_id and known.contact_id = c.id
    group by m.person_id, c.id
"""
# A number that came new from the roster takes the place of the old ones; officers keep the number of their office.
RETIRE = """
    update person_contact pc set valid_until = :today, retired_reason = 'replaced'
    from contact c where c.id = pc.contact_id and c.kind = 'phone' and pc.retired_reason is null
    and exists (select from incoming_link l where l.person_id = pc.person_id and not l.held and not l.barred)
    and not exists (select from incoming_link l where l.person_id = pc.person_id and l.contact_id = pc.contact_id)
    and not exists (select from responsibility r where r.person_id = pc.person_id)
"""
ADD_LINKS = """
    insert into person_contact (person_id, contact_id, preference, valid_from)
    select person_id, contact_id, preference, :today from incoming_link where not held and not barred order by person_id, preference
    on conflict (person_id, contact_id) do update set retired_reason = null, valid_until = null, preference = excluded.preference
"""


async def merge_families(session: AsyncSession, today: date) -> None:
    """Persons, contacts and guardianships of the rows that are new or changed."""
    for statement in PERSONS:
        await run(session, statement)
    await run(session, REPLACED)
    await run(session, GUARDIANSHIPS)
    await run(session, CONTACTS)
    await run(session, LINKS)
    await run(session, RETIRE, today=today)
    await run(session, ADD_LINKS, today=today)
