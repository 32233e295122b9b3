"""How disabled children are taught, as a roster says it: where nobody has decided it, the roster does."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text

from cases.imports.intake import Intake
from cases.imports.roster.merge import run
from cases.imports.texts import table
from cases.registers import end_arrangement

SAID = "unnest(cast(:lines as int[]), cast(:kinds as text[])) as said(line, kind) join incoming i using (line)"
DISABLED = "exists (select from student_category c where c.student_id = i.student_id and c.category = 'disabled' and c.until is null)"
OVER = f"""
    select a.student_id from arrangement a join incoming i on i.student_id = a.student_id
    left join (select i.student_id, said.kind from {SAID}) told on told.student_id = a.student_id
    where a.until is null and (not {DISABLED} or (a.decided_by is null and told.kind <> a.kind))
"""
BEGUN = f"""
    insert into arrangement (student_id, kind, since, evidence)
    select i.student_id, said.kind, :today, :evidence from {SAID}
    where {DISABLED} and not exists (select from arrangement a where a.student_id = i.student_id and a.until is null)
"""


async def merge_arrangements(intake: Intake, told: Mapping[int, str]) -> None:
    """`told`: line → arrangement. One that a person has decided stays; none stays of a child that is no longer registered as disabled."""
    registers = intake.plan.registers
    known = {line: kind for line, kind in told.items() if registers is not None and kind in registers.arrangements}
    values = {"lines": list(known), "kinds": list(known.values())}
    for student_id in list(await intake.work.session.scalars(text(OVER), values)):
        await end_arrangement(intake.work, student_id, intake.today)
    evidence = table("words")["arrangement_evidence"]["roster"]
    await run(intake.work.session, BEGUN, **values, today=intake.today, evidence=evidence)
