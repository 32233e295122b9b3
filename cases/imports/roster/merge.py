"""Merging a staged roster into the register, set by set."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncSession

STALE_FOR = timedelta(days=180)
MATCH = (
    """
    update incoming i set student_id = found.id from (
        select distinct on (i.line) i.line, s.id from incoming i
        cross join lateral unnest(i.keys) with ordinality as candidate(key, place) join student s on s.register_index = candidate.key
        order by i.line, candidate.place
    ) found where found.line = i.line
    """,
    """
    update incoming i set student_id = found.id from (
        select i.line, min(s.id) as id from incoming i join student s on s.id_number_index = i.id_index
        where i.student_id is null group by i.line having count(*) = 1
    ) found where found.line = i.line
    """,
    # Without any number: the same name and birthday in the school, then the same name in the class, where only one child fits.
    """
    with fits as (
        select i.line, s.id from incoming i join student s on s.school_id = i.school_id and s.name = i.name and s.birth_date = i.birth_date
        where i.by_place and i.student_id is null and not exists (select from present p where p.student_id = s.id)
        and not exists (select from incoming o where o.student_id = s.id)
    ) update incoming i set student_id = fits.id from fits where fits.line = i.line
    and (select count(*) from fits f where f.line = fits.line) = 1 and (select count(*) from fits f where f.id = fits.id) = 1
    """,
    """
    with fits as (
        select i.line, s.id from incoming i join student s on s.class_id = i.class_id and s.name = i.name
        where i.by_place and i.student_id is null and (i.birth_date is null or s.birth_date is null)
        and not exists (select from present p where p.student_id = s.id) and not exists (select from incoming o where o.student_id = s.id)
    ) update incoming i set student_id = fits.id from fits where fits.line = i.line
    and (select count(*) from fits f where f.line = fits.line) = 1 and (select count(*) from fits f where f.id = fits.id) = 1
    """,
    # Two rows cannot be one child: the row that carries the child's own key keeps it.
    """
    update incoming set student_id = null where line in (
        select line from (
            select i.line, row_number() over (partition by i.student_id order by (i.key = s.register_index) desc, i.line) as turn,
                exists (select from present p where p.student_id = i.student_id) as taken
            from incoming i join student s on s.id = i.student_id
        ) rows where turn > 1 or taken
    )
    """,
)
# The list of the school that a child has left may name it for months: it does not bring the child back.
STALE = """
    with stale as (
        delete from incoming i using enrolment_gap g, school_class c
        where g.student_id = i.student_id and g.from_school_id = i.school_id and c.id = i.class_id
        and g.to_school_id is distinct from g.from_school_id and (g.kind = 'transfer' or (g.kind = 'leaver' and c.grade < g.grade))
        and (g.closed_at is null or (g.outcome = 'arrived' and g.closed_at > :since)) returning i.student_id
    ) insert into present select student_id from stale on conflict do nothing
"""
UNCHANGED = """
    with same as (
        delete from incoming i using student s where s.id = i.student_id and s.row_digest = i.digest returning i.student_id
    ) insert into present select student_id from same
"""
MOVES = """
    insert into enrolment_event (student_id, kind, at, facts)
    select s.id, case when s.school_id is distinct from i.school_id then 'school_changed' else 'class_changed' end, :now,
        jsonb_build_object('source', 'roster', 'from_school_id', s.school_id, 'from_class_id', s.class_id,
            'to_school_id', i.school_id, 'to_class_id', i.class_id)
    from incoming i join student s on s.id = i.student_id
    where s.class_id is distinct from i.class_id or s.school_id is distinct from i.school_id
"""
UPDATE = """
    update student s set
        register_index = case when i.by_place then s.register_index else i.key end,
        register_number_encrypted = case when i.by_place then s.register_number_encrypted else i.number_encrypted end,
        id_number_encrypted = coalesce(i.id_encrypted, s.id_number_encrypted), id_number_index = coalesce(i.id_index, s.id_number_index),
        name = i.name, name_pinyin = i.pinyin, sex = coalesce(i.sex, s.sex), birth_date = coalesce(i.birth_date, s.birth_date),
        ethnicity = coalesce(i.ethnicity, s.ethnicity), seat_number = coalesce(i.seat, s.seat_number),
        status = case when s.school_id is distinct from i.school_id
                and s.status in ('transferred', 'transferring', 'graduated', 'moved_abroad', 'unenrolled')
            or exists (select from enrolment_gap g where g.student_id = s.id and g.kind = 'leaver' and g.closed_at is null)
            then 'enrolled' else s.status end,
        school_id = i.school_id, class_id = i.class_id,
        address_encrypted = coalesce(i.address_encrypted, s.address_encrypted),
        boarder = coalesce(i.boarder, s.boarder), aided = coalesce(i.aided, s.aided), area_code = i.area_code,
        school_area_code = i.school_area_code, row_digest = i.digest
    from incoming i where i.student_id = s.id
"""
CASES_FOLLOW = """
    update case_file c set school_id = s.school_id, class_id = s.class_id, area_code = s.area_code, school_area_code = s.school_area_code
    from incoming i join student s on s.id = i.student_id
    where c.student_id = s.id and c.state = 'open' and (c.class_id is distinct from s.class_id or c.area_code <> s.area_code)
"""
INSERT = """
    insert into student (register_index, register_number_encrypted, id_number_encrypted, id_number_index, name, name_pinyin, sex,
        birth_date, ethnicity, seat_number, school_id, class_id, address_encrypted, boarder, aided, area_code, school_area_code, row_digest)
    select key, number_encrypted, id_encrypted, id_index, name, pinyin, sex, birth_date, ethnicity, seat, school_id, class_id,
        address_encrypted, boarder, aided, area_code, school_area_code, digest
    from incoming where student_id is null order by line
"""
NUMBER_NEW = """
    update incoming i set student_id = s.id, is_new = true from student s where i.student_id is null and s.register_index = i.key
"""
CLOSE_GROUPS = """
    update student_category c set until = :today from incoming_group g join incoming i using (line)
    where c.student_id = i.student_id and c.category = g.category and c.until is null
    and (not g.present or (g.detail is not null and c.detail is distinct from g.detail))
"""
OPEN_GROUPS = """
    insert into student_category (student_id, category, detail, since)
    select i.student_id, g.category, g.detail, :today from incoming_group g join incoming i using (line)
    where g.present and not exists (
        select from student_category c where c.student_id = i.student_id and c.category = g.category and c.until is null
    ) order by g.line
"""
PRESENT = "insert into present select student_id from incoming where student_id is not null on conflict do nothing"
LEFT = """
    insert into enrolment_check (student_id, reason, opened_at)
    select s.id, 'missing_from_roster', :now from student s
    where s.school_id = any(:schools) and s.status in ('enrolled', 'resumed', 'suspended') and s.anonymised_at is null
    and not exists (select from present p where p.student_id = s.id)
    on conflict (student_id, reason) where closed_at is null do nothing
"""
CAME_BACK = """
    update enrolment_check c set closed_at = :now, outcome = 'back_in_roster' from present p
    where p.student_id = c.student_id and c.reason = 'missing_from_roster' and c.closed_at is null
"""
STILL_MISSING = """
    select count(*) from enrolment_check c join student s on s.id = c.student_id
    where c.reason = 'missing_from_roster' and c.closed_at is null and s.school_id = any(:schools)
"""


async def run(session: AsyncSession, statement: str, **values: Any) -> int:
    """Gives how many rows it touched."""
    result = await session.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})
    return result.rowcount if isinstance(result, CursorResult) else 0


async def match_children(session: AsyncSession, now: datetime) -> tuple[int, int]:
    """Finds the children that are already known, and sets aside the rows that say nothing new.

    Gives (rows of schools that the child has left, unchanged rows).
    """
    for table in ("incoming", "incoming_group", "incoming_member", "incoming_phone", "present"):
        await session.execute(text(f"analyze {table}"))
    for statement in MATCH:
        await run(session, statement)
    stale = await run(session, STALE, since=now - STALE_FOR)
    return stale, await run(session, UNCHANGED)


async def merge_children(session: AsyncSession, now: Any, today: date) -> tuple[int, int, int]:
    """(new, changed, moved between classes or schools)."""
    moved = await run(session, MOVES, now=now)
    changed = await run(session, UPDATE)
    await run(session, CASES_FOLLOW)
    new = await run(session, INSERT)
    await run(session, NUMBER_NEW)
    await run(session, CLOSE_GROUPS, today=today)
    await run(session, OPEN_GROUPS, today=today)
    await run(session, PRESENT)
    return new, changed, moved


async def check_missing(session: AsyncSession, now: Any, schools: list[int]) -> tuple[int, int, int]:
    """(newly missing children, children who came back, all who are missing now) of the schools in the file."""
    came_back = await run(session, CAME_BACK, now=now)
    left = await run(session, LEFT, now=now, schools=schools)
    missing = await session.scalar(text(STILL_MISSING), {"schools": schools})
    return left, came_back, missing or 0
