"""Taking in a roster: rows stream into temporary tables, and the whole is merged at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from cases.consents import keep_refusals
from cases.contact_tasks import open_find_contacts
from cases.enrolment import open_roster_checks
from cases.gaps import see_arrivals
from cases.imports.area_tree import load_tree
from cases.imports.classes import school_year
from cases.imports.directory import SchoolDirectory, load_directory
from cases.imports.headers import Header
from cases.imports.intake import Intake, common_area
from cases.imports.lines import Line, RowRefused, Table, lines
from cases.imports.roster.arrangements import merge_arrangements
from cases.imports.roster.child import Child
from cases.imports.roster.columns import MemberColumns, member_columns
from cases.imports.roster.family_merge import merge_families
from cases.imports.roster.home import HomeFinder
from cases.imports.roster.merge import check_missing, match_children, merge_children
from cases.imports.roster.rows import RowReader
from cases.imports.roster.staging import Stager, make_tables
from storage.tables import Student

BATCH = 4000
TASK_BATCH = 1000


class RosterImport:
    """One roster on its way in."""

    def __init__(self, intake: Intake, directory: SchoolDirectory, homes: HomeFinder) -> None:
        self._intake = intake
        self._session: AsyncSession = intake.work.session
        self._directory = directory
        self._reader = RowReader(directory, homes, intake.today, school_year(intake.today))
        self._stager = Stager(intake.cipher, directory)
        self._members: dict[int, list[MemberColumns]] = {}
        self._schools: dict[int, str] = {}
        self._taught: dict[int, str] = {}
        self._serial = 0

    async def take(self, rows: Iterator[Line]) -> None:
        """Everything: reads, stages, merges, reports."""
        await make_tables(self._session)
        while batch := list(islice(rows, BATCH)):
            await self._take_batch(batch)
        await self._merge()

    async def _take_batch(self, batch: Sequence[Line]) -> None:
        children: list[Child] = []
        refused: list[bytes] = []
        for line in batch:
            numbers, id_number = self._reader.numbers(line)
            try:
                children.append(self._reader.read(line, numbers, id_number, self._columns(line.header)))
            except RowRefused:
                refused += [self._stager.number_key(number) for number in (*numbers, id_number) if number]
        self._schools.update({child.school.id: child.school.area_code for child in children})
        wanted = {(child.school.id, child.class_name) for child in children}
        self._intake.report.counters["new_classes"] += await self._directory.add_classes(self._session, wanted)
        fresh = [(self._next_line(), child) for child in await self._set_unchanged_aside(children, refused)]
        self._taught.update({line: child.arrangement for line, child in fresh if child.arrangement is not None})
        await self._stager.copy(self._session, fresh)

    def _columns(self, header: Header) -> list[MemberColumns]:
        if id(header) not in self._members:
            self._members[id(header)] = member_columns(header)
        return self._members[id(header)]

    def _next_line(self) -> int:
        self._serial += 1
        return self._serial

    async def _set_unchanged_aside(self, children: list[Child], refused: list[bytes]) -> list[Child]:
        """The children whose rows say something new. The others, and those of refused rows, are noted as present."""
        keys = [self._stager.keys(child)[0] for child in children]
        columns = (Student.register_index, Student.id, Student.row_digest)
        found = await self._session.execute(select(*columns).where(Student.register_index == text("any(:keys)")), {"keys": keys + refused})
        known = {index: (id_, digest) for index, id_, digest in found}
        present = [known[key][0] for key in refused if key in known]
        fresh: list[Child] = []
        for key, child in zip(keys, children, strict=True):
            if key in known and known[key][1] == self._stager.digest(child):
                present.append(known[key][0])
                self._intake.report.unchanged += 1
            else:
                fresh.append(child)
        note = "insert into present select unnest(cast(:ids as bigint[])) on conflict do nothing"
        await self._session.execute(text(note), {"ids": present})
        return fresh

    async def _merge(self) -> None:
        intake, report = self._intake, self._intake.report
        stale, unchanged = await match_children(self._session, intake.work.now)
        report.unchanged += unchanged + stale
        report.new, report.changed, moved = await merge_children(self._session, intake.work.now, intake.today)
        await merge_arrangements(intake, self._taught)
        await merge_families(self._session, intake.today)
        await keep_refusals(intake.work)
        arrived = await see_arrivals(intake.work)
        left, came_back, missing = await check_missing(self._session, intake.work.now, list(self._schools))
        report.left = left
        if left:
            await open_roster_checks(intake.work)
        report.counters.update(
            arrived=arrived, stale=stale, moved=moved, came_back=came_back, missing=missing, find_contact=await self._find_contacts()
        )
        if report.changed_anything:
            area = common_area(list(self._schools.values()))
            intake.work.record(
                "roster_imported", "roster", area_code=area, actor="operator",
                new=report.new, changed=report.changed, left=left, came_back=came_back, moved=moved,
            )  # fmt: skip

    async def _find_contacts(self) -> int:
        query = text("select student_id from incoming where needs_contact and student_id is not null order by student_id")
        ids = list(await self._session.scalars(query))
        for start in range(0, len(ids), TASK_BATCH):
            await open_find_contacts(self._intake.work, ids[start : start + TASK_BATCH])
        return len(ids)


async def import_roster(intake: Intake, tables: Sequence[Table]) -> None:
    """Takes the register in."""
    directory = await load_directory(intake.work.session)
    homes = HomeFinder(await load_tree(intake.work.session))
    rows = lines(tables, intake.report, "姓名", intake.progress)
    await RosterImport(intake, directory, homes).take(rows)
