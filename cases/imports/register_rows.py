"""A list of changes in the registers: child, category, from when, or no longer; studies and living for the card (art. 2.7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from cases.enrolment_words import NotTaken
from cases.imports.dates import read_date
from cases.imports.headers import Vocabulary, vocabulary
from cases.imports.intake import Intake, common_area, student_key
from cases.imports.lines import Line, RowRefused, Table, lines
from cases.imports.numbers import read_number
from cases.imports.report import Finding
from cases.imports.texts import Unreadable, meaningful, squeezed, table
from cases.imports.words import read_arrangement, read_yes
from cases.registers import arrangement_of, category_named, end_arrangement, kind_named, register_rules
from storage.tables import Arrangement, CareCard, Student, StudentCategory

DISABLED = "disabled"
NEEDED = (("姓名",), ("学籍号", "身份证件号"), ("类别",))


def register_words() -> Vocabulary:
    """Headings of a list of changes."""
    return vocabulary(table("columns")["registers"], NEEDED)


async def import_registers(intake: Intake, tables: Sequence[Table]) -> None:
    """Takes the changes in, each on the day that its row names (today without one); what is so already changes nothing."""
    if intake.plan.registers is None:
        intake.report.errors.append(Finding("plan_without_section", value="registers"))
        return
    taken: list[str] = []
    for line in lines(tables, intake.report, "姓名", intake.progress):
        try:
            student = await _child(intake, line)
            if await _take(intake, line, student):
                taken.append(student.area_code)
        except RowRefused:
            continue
    if taken:
        area = common_area(taken)
        intake.work.record("registers_imported", "registers", area_code=area, actor="operator", count=len(taken))


async def _child(intake: Intake, line: Line) -> Student:
    numbers = [number for column in ("学籍号", "身份证件号") if (number := line.read(column, read_number))]
    if not numbers:
        raise line.refuse("number_missing", "学籍号")
    keys = [student_key(intake.cipher, number) for number in numbers]
    indexes = [intake.cipher.index(number) for number in numbers]
    known = Student.register_index.in_(keys) | Student.id_number_index.in_(indexes)
    found = list(await intake.work.session.scalars(select(Student).where(known).limit(2)))
    if len(found) != 1:
        raise line.refuse("child_unknown", "学籍号")
    if found[0].name != squeezed(meaningful(line.cell("姓名"))):
        raise line.refuse("name_differs", "姓名")
    return found[0]


async def _take(intake: Intake, line: Line, student: Student) -> bool:
    """Everything is checked before anything changes."""
    category, detail = _category(intake, line)
    since = _since(intake, line, student)
    present = line.read("状态", read_yes) is not False
    arrangement = _arrangement(intake, line, category) if present else None
    fresh = await _set(intake, line, student, category, detail if present else None, since, present)
    if category == DISABLED:
        fresh = await _arrange(intake, student, arrangement, since, present) or fresh
    fresh = await _card(intake, line, student) or fresh
    report = intake.report
    report.changed, report.unchanged = report.changed + fresh, report.unchanged + (not fresh)
    return fresh


def _category(intake: Intake, line: Line) -> tuple[str, str | None]:
    rules = register_rules(intake.plan)
    try:
        key = category_named(rules, line.text("类别"))
    except NotTaken as unknown:
        raise line.refuse("category_unknown", "类别") from unknown
    named = line.text("细类") or line.text("类别")
    try:
        return key, None if key == DISABLED and read_arrangement(named) else kind_named(rules, key, named)
    except NotTaken as unknown:
        raise line.refuse("kind_unknown", "细类") from unknown


def _since(intake: Intake, line: Line, student: Student) -> date:
    try:
        since = read_date(line.cell("起始日期")) or intake.today
    except Unreadable as error:
        raise line.refuse("since_unreadable", "起始日期") from error
    if since > intake.today or (student.birth_date is not None and since < student.birth_date):
        raise line.refuse("since_implausible", "起始日期")
    return since


async def _now(intake: Intake, student: Student, category: str) -> StudentCategory | None:
    open_rows = select(StudentCategory).where(
        StudentCategory.student_id == student.id, StudentCategory.category == category, StudentCategory.until.is_(None)
    )  # fmt: skip
    return await intake.work.session.scalar(open_rows)


async def _set(intake: Intake, line: Line, student: Student, category: str, detail: str | None, since: date, present: bool) -> bool:
    session, now = intake.work.session, await _now(intake, student, category)
    if present == (now is not None) and (not present or detail is None or (now is not None and now.detail == detail)):
        return False
    if now is not None and since < now.since:
        raise line.refuse("since_before", "起始日期")
    if now is not None:
        now.until = since
    if present:
        session.add(StudentCategory(student_id=student.id, category=category, detail=detail, since=since))
    await session.flush()
    return True


def _arrangement(intake: Intake, line: Line, category: str) -> str | None:
    """How a disabled child is taught: in a column of its own, or where its kind stands."""
    if category != DISABLED:
        return None
    said = line.text("安置方式")
    found = read_arrangement(said) or read_arrangement(line.text("细类"))
    if (said and found is None) or (found and found not in register_rules(intake.plan).arrangements):
        raise line.refuse("arrangement_unknown", "安置方式")
    return found


async def _arrange(intake: Intake, student: Student, kind: str | None, since: date, present: bool) -> bool:
    """The office's own list says it, whoever had said otherwise; a child that is no longer registered has none."""
    now = await arrangement_of(intake.work, student.id)
    if present and (kind is None or (now is not None and now.kind == kind)):
        return False
    if now is not None:
        await end_arrangement(intake.work, student.id, max(since, now.since))
    if present and kind is not None:
        evidence = table("words")["arrangement_evidence"]["registers"]
        intake.work.session.add(Arrangement(student_id=student.id, kind=kind, since=since, evidence=evidence))
        await intake.work.session.flush()
    return present or now is not None


async def _card(intake: Intake, line: Line, student: Student) -> bool:
    studies, living = (meaningful(line.cell(column)) or None for column in ("学习情况", "生活状况"))
    if studies is None and living is None:
        return False
    card = await intake.work.session.get(CareCard, student.id)
    if card is None:
        card = CareCard(student_id=student.id, updated_at=intake.work.now)
        intake.work.session.add(card)
    elif (studies or card.studies, living or card.living) == (card.studies, card.living):
        return False
    card.studies, card.living, card.updated_at = studies or card.studies, living or card.living, intake.work.now
    return True
