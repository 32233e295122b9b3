"""A household list: children of school age who stand on no roll anywhere become cases (义务教育法 art. 11, plan art. 2.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select

from cases.contact_tasks import open_find_contacts
from cases.gaps import open_gap, open_gap_case
from cases.imports.area_tree import AreaTree, Place, load_tree
from cases.imports.classes import school_year
from cases.imports.dates import read_date
from cases.imports.headers import Vocabulary, vocabulary
from cases.imports.household_family import keep_guardian
from cases.imports.intake import Intake, common_area, pinyin, student_key
from cases.imports.lines import Line, RowRefused, Table, lines
from cases.imports.numbers import has_valid_check_digit, read_number, sex_in
from cases.imports.phones import read_phones
from cases.imports.report import Finding
from cases.imports.texts import Unreadable, meaningful, squeezed, table
from cases.imports.words import read_sex
from plan.calendar import Calendar
from plan.enrolment import SchoolAge, day_in
from storage.tables import EnrolmentEvent, Student

NEEDED = (("姓名",), ("出生日期",), ("村", "区划代码"))
NOON = time(12)
OLDEST = date(1990, 1, 1)
LAST_GRADE = 9
COUNTY = 6
"""Digits of a county's area code."""


@dataclass(frozen=True)
class Household:
    """A child as a row names it. `id_number` empty where the family has no paper; `phones` in E.164."""

    name: str
    born: date
    home: Place
    id_number: str | None
    sex: str | None
    guardian: str
    relation: str
    phones: tuple[str, ...]


def household_words() -> Vocabulary:
    """Headings of a household list."""
    return vocabulary(table("columns")["households"], NEEDED)


async def import_households(intake: Intake, tables: Sequence[Table]) -> None:
    """Takes the list in: who is on a roll is counted, who is not of age too; the others are followed until they are."""
    reader = _Reader(await load_tree(intake.work.session), intake.today)
    rules = intake.plan.enrolment
    if rules is None:
        intake.report.errors.append(Finding("plan_without_section", value="enrolment"))
        return
    taken: list[str] = []
    for line in lines(tables, intake.report, "姓名", intake.progress):
        try:
            child = reader.read(line)
            if await _take(intake, rules.school_age, line, child):
                taken.append(child.home.code)
        except RowRefused:
            continue
    if taken:
        area = common_area(taken)
        intake.work.record("households_imported", "households", area_code=area, actor="operator", count=len(taken))


class _Reader:
    def __init__(self, tree: AreaTree, today: date) -> None:
        self._tree = tree
        self._today = today
        self._seen: set[tuple[str, ...]] = set()

    def read(self, line: Line) -> Household:
        """Raises RowRefused after writing the error."""
        name = squeezed(meaningful(line.cell("姓名")))
        if not name:
            raise line.refuse("name_missing", "姓名")
        born, home = self._born(line), self._home(line)
        number = _id_number(line)
        sex = line.read("性别", read_sex) or (sex_in(number) if number and has_valid_check_digit(number) else None)
        child = Household(name, born, home, number, sex, line.text("监护人"), line.text("关系"), _phones(line))
        key = (child.id_number,) if child.id_number else (name, born.isoformat(), home.code)
        if key in self._seen:
            raise line.refuse("twice_in_list", "姓名")
        self._seen.add(key)
        return child

    def _born(self, line: Line) -> date:
        try:
            born = read_date(line.cell("出生日期"))
        except Unreadable as error:
            raise line.refuse("born_unreadable", "出生日期") from error
        if born is None:
            raise line.refuse("born_missing", "出生日期")
        if not OLDEST <= born <= self._today:
            raise line.refuse("born_implausible", "出生日期")
        return born

    def _home(self, line: Line) -> Place:
        """The village, by code or by its names; a township alone is enough where the village is not known."""
        code, village, township = line.text("区划代码"), line.text("村"), line.text("乡镇")
        place = self._tree.by_code(code) if code else None
        if place is None:
            try:
                place = self._tree.by_names(f"{township}{village}", levels=("village",) if village else ("township",))
            except Unreadable as error:
                raise line.refuse(error.code, "村" if village else "区划代码") from error
        if place.level not in ("village", "township"):
            raise line.refuse("area_not_fine", "区划代码" if code else "村")
        return place


def _id_number(line: Line) -> str | None:
    number = line.read("身份证件号", read_number)
    if number is None or has_valid_check_digit(number):
        return number
    line.warn("id_number_wrong", "身份证件号")
    return None


def _phones(line: Line) -> tuple[str, ...]:
    phones = read_phones(line.cell("联系电话"))
    if phones.bad:
        line.warn("phone_wrong", "联系电话")
    return phones.good


async def _take(intake: Intake, ages: SchoolAge, line: Line, child: Household) -> bool:
    """Whether the row says something new."""
    report = intake.report
    known = await _known(intake, line, child)
    digest = intake.cipher.index(f"household:{child!r}")
    if known is not None and known.status != "unenrolled":
        report.counters["on_rolls"] += 1
        report.unchanged += 1
        return False
    if known is not None:
        return await _renew(intake, known, child, digest)
    year = school_year(intake.today)
    if ages.is_over(child.born, intake.today) or ages.first_year(child.born, child.home.code) > year + (intake.today >= _summer(year)):
        report.counters["not_of_age"] += 1
        report.unchanged += 1
        return False
    await _follow(intake, ages, child, digest)
    report.new += 1
    return True


def _summer(year: int) -> date:
    """From here on the list is about the children of the coming school year, too."""
    return date(year + 1, 6, 1)


async def _known(intake: Intake, line: Line, child: Household) -> Student | None:
    """By identity number, else by name and birthday in the county; where several fit, the row waits for a person."""
    session = intake.work.session
    if child.id_number:
        keys = Student.register_index == student_key(intake.cipher, child.id_number)
        found = await session.scalar(
            select(Student).where((Student.id_number_index == intake.cipher.index(child.id_number)) | keys).limit(1)
        )
        if found is not None:
            return found
    county = child.home.code[:COUNTY]
    here = Student.area_code.startswith(county) | Student.school_area_code.startswith(county)
    query = select(Student).where(Student.name == child.name, Student.birth_date == child.born, here).order_by(Student.id).limit(3)
    fitting = [one for one in await session.scalars(query) if not (child.id_number and one.id_number_index)]
    if len(fitting) > 1:
        raise line.refuse("child_ambiguous", "姓名")
    if fitting and fitting[0].status != "unenrolled":
        line.warn("known_by_name", "姓名")
    return fitting[0] if fitting else None


async def _renew(intake: Intake, student: Student, child: Household, digest: bytes) -> bool:
    if student.row_digest == digest:
        intake.report.unchanged += 1
        return False
    student.row_digest, student.area_code = digest, child.home.code
    student.school_area_code, student.sex = child.home.code, child.sex or student.sex
    await keep_guardian(intake, student, child.guardian, child.relation, child.phones)
    intake.report.changed += 1
    return True


async def _follow(intake: Intake, ages: SchoolAge, child: Household, digest: bytes) -> None:
    """The child gets a row of its own, without school and class, and is expected on a roll by the plan's day."""
    cipher, home = intake.cipher, child.home.code
    number = child.id_number or f"household:{home}:{child.name}:{child.born}"
    student = Student(
        register_index=student_key(cipher, number), register_number_encrypted=cipher.encrypt(number),
        id_number_encrypted=cipher.encrypt(child.id_number) if child.id_number else None,
        id_number_index=cipher.index(child.id_number) if child.id_number else None, name=child.name, name_pinyin=pinyin(child.name),
        birth_date=child.born, sex=child.sex, status="unenrolled", area_code=home, school_area_code=home, row_digest=digest,
    )  # fmt: skip
    intake.work.session.add(student)
    await intake.work.session.flush()
    found = EnrolmentEvent(student_id=student.id, kind="found", at=intake.work.now, facts={"source": "household_list"})
    intake.work.session.add(found)
    await keep_guardian(intake, student, child.guardian, child.relation, child.phones)
    first = ages.first_year(child.born, home)
    year = max(first, school_year(intake.today))
    await _open(intake, student, Calendar(intake.plan).at(day_in(year, ages.due), NOON), min(year - first + 1, LAST_GRADE))
    if not child.phones:
        await open_find_contacts(intake.work, [student.id])


async def _open(intake: Intake, student: Student, due: datetime, grade: int) -> None:
    gap = await open_gap(intake.work, student, "unenrolled", max(due, intake.work.now), by=None, grade=grade)
    if gap.due_at <= intake.work.now:
        await open_gap_case(intake.work, gap)
        intake.report.counters["cases"] += 1
