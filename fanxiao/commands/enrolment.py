"""`fanxiao enrolment`: what happens to a child's enrolment, who said so, and whom no school has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from sqlalchemy import select

from cases.enrolment_words import NotTaken, event_name, state_name
from cases.new_child import new_child
from cases.rooms import room_named
from cases.said import Said
from cases.school_roll import enter, enter_new, graduate_class, leave_for_good, resume, suspend
from cases.transfers import Destination, arrive, transfer_out
from fanxiao.commands.acting import BY
from fanxiao.commands.children import CHILD, EVIDENCE, ON, carry_out, day, plan_today, said, the_child, the_school
from fanxiao.commands.tables import print_table
from fanxiao.wiring import Storage
from plan.calendar import Calendar
from storage.tables import CaseFile, EnrolmentEvent, EnrolmentGap, Person, School, SchoolClass, Student
from storage.work import Work

app = typer.Typer(help="学籍 · enrolment: enter, leave, arrive, suspend, resume, graduate; who is nowhere", no_args_is_help=True)
Child = Annotated[str, typer.Argument(help=CHILD)]
By = Annotated[str, typer.Option("--by", help=BY)]
On = Annotated[str, typer.Option("--on", help=ON)]
Evidence = Annotated[str, typer.Option("--evidence", help=EVIDENCE)]
SchoolName = Annotated[str, typer.Option("--school", help="学校标识码或名称 · the school's code or name")]
ClassName = Annotated[str, typer.Option("--class", help="班级，如 三(2)班 · the class")]
NUMBER = "学籍号或身份证号：系统里还没有这个孩子时 · register or identity number of a child not known yet"
TOLD = {"to": "转往 to ", "school": "学校 school ", "receiving_school": "学校 school ", "until": "至 until "}
KINDS = {
    "transfer": "转学 transfer", "leaver": "小学毕业 primary leaver", "suspension": "休学 suspension", "unenrolled": "未入学 never enrolled"
}  # fmt: skip


@app.command("enter")
def enter_child(
    child: Child, school: SchoolName, room: ClassName, by: By, evidence: Evidence, on: On = "",
    number: Annotated[str, typer.Option("--number", help=NUMBER)] = "",
    born: Annotated[str, typer.Option("--born", help="出生日期 · date of birth, of a child not known yet")] = "",
) -> None:  # fmt: skip
    """入学 · A child enters a school: one that is known and on no roll, or (with --number) a new one."""

    async def use(work: Work, storage: Storage) -> str:
        place = await the_school(work, school)
        word = await said(work, by, on, evidence)
        klass = await room_named(work, word.plan, room, [place])
        if number:
            new = new_child(storage.cipher, child, number, day(born) if born else None)
            return _done(await enter_new(work, word, new, klass), "entered")
        student = await the_child(work, child)
        await enter(work, word, student, klass)
        return _done(student, "entered")

    typer.echo(carry_out(use))


def _done(student: Student, kind: str) -> str:
    state = f"{state_name(student.status)} {state_name(student.status, 'en')}"
    return f"{student.id} {student.name}：{event_name(kind)} {event_name(kind, 'en')} · {state}"


@app.command("suspend")
def suspend_child(
    child: Child, until: Annotated[str, typer.Option("--until", help="休学到哪天 · last day")], by: By, evidence: Evidence, on: On = ""
) -> None:
    """休学 · The bureau suspends a child until a day; not back after it, the child becomes a case."""

    async def use(work: Work, _: Storage) -> str:
        student = await the_child(work, child)
        await suspend(work, await said(work, by, on, evidence), student, day(until))
        return _done(student, "suspended")

    typer.echo(carry_out(use))


@app.command("resume")
def resume_child(child: Child, by: By, evidence: Evidence, room: ClassName = "", on: On = "") -> None:
    """复学 · A suspended child is back, in its class or (with --class) another one of its school."""

    async def use(work: Work, _: Storage) -> str:
        student = await the_child(work, child)
        word = await said(work, by, on, evidence)
        await resume(work, word, student, await _room_of(work, word, student, room) if room else None)
        return _done(student, "resumed")

    typer.echo(carry_out(use))


async def _room_of(work: Work, word: Said, student: Student, named: str) -> SchoolClass:
    school = await work.session.get(School, student.school_id) if student.school_id is not None else None
    return await room_named(work, word.plan, named, [school] if school is not None else [])


@app.command("transfer")
def transfer_child(
    child: Child, to: Annotated[str, typer.Option("--to", help="转入学校 · the other school")], by: By, evidence: Evidence, on: On = ""
) -> None:
    """转出 · The child has left for another school, which is asked to confirm; without arrival it becomes a case."""

    async def use(work: Work, _: Storage) -> str:
        student = await the_child(work, child)
        try:
            school = await the_school(work, to)
            destination = Destination(school.name, school)
        except NotTaken:
            destination = Destination(to)
        gap = await transfer_out(work, await said(work, by, on, evidence), student, destination)
        plan, _today = await plan_today(work)
        outside = "" if destination.school else "（外地学校，由县学籍管理员核实 / not one of ours: the county's enrolment manager looks)"
        return f"{_done(student, 'transferred_out')} → {destination.name}{outside}，{Calendar(plan).local(gap.due_at):%Y-%m-%d %H:%M}"

    typer.echo(carry_out(use))


@app.command("arrive")
def child_arrives(child: Child, school: SchoolName, room: ClassName, by: By, evidence: Evidence, on: On = "") -> None:
    """转入 · The receiving school has the child in a class; the former school is asked to confirm where it has not."""

    async def use(work: Work, _: Storage) -> str:
        student = await the_child(work, child)
        word = await said(work, by, on, evidence)
        await arrive(work, word, student, await room_named(work, word.plan, room, [await the_school(work, school)]))
        return _done(student, "arrived")

    typer.echo(carry_out(use))


@app.command("graduate")
def class_graduates(school: SchoolName, room: ClassName, by: By, evidence: Evidence, on: On = "") -> None:
    """毕业 · A class of the last grade finishes; primary leavers are expected on a junior school's roll."""

    async def use(work: Work, _: Storage) -> str:
        word = await said(work, by, on, evidence)
        klass = await room_named(work, word.plan, room, [await the_school(work, school)])
        leaving = await graduate_class(work, word, klass)
        return f"{klass.name}：{len(leaving)} 名学生毕业 · {len(leaving)} graduated"

    typer.echo(carry_out(use))


@app.command("leave")
def child_leaves(
    child: Child, kind: Annotated[str, typer.Argument(help="deceased 死亡 · abroad 出国(境)")], by: By, evidence: Evidence, on: On = ""
) -> None:
    """注销 · Deceased, or moved abroad, with the paper that proves it."""

    async def use(work: Work, _: Storage) -> str:
        kinds = {"deceased": "deceased", "abroad": "moved_abroad", "moved_abroad": "moved_abroad"}
        if kind not in kinds:
            raise NotTaken("kind_unknown", said=kind, known="deceased、abroad")
        student = await the_child(work, child)
        await leave_for_good(work, await said(work, by, on, evidence), student, kinds[kind])
        return _done(student, kinds[kind])

    typer.echo(carry_out(use))


@app.command("history")
def history(child: Child) -> None:
    """沿革 · What happened to a child's enrolment: when, who said so, on what evidence."""

    async def use(work: Work, _: Storage) -> tuple[Student, list[tuple[str, ...]]]:
        student = await the_child(work, child)
        plan, _today = await plan_today(work)
        query = select(EnrolmentEvent, Person.name).outerjoin(Person, Person.id == EnrolmentEvent.by_person_id)
        query = query.where(EnrolmentEvent.student_id == student.id).order_by(EnrolmentEvent.id)
        found = (await work.session.execute(query)).all()
        schools = await _schools_named(work, [event for event, _ in found])
        return student, [_event(event, name, schools, Calendar(plan)) for event, name in found]

    student, rows = carry_out(use)
    typer.echo(f"{student.id} {student.name} · {state_name(student.status)} {state_name(student.status, 'en')}")
    print_table(("日期 day", "事项 event", "经办 by", "依据 evidence"), rows)


async def _schools_named(work: Work, events: Sequence[EnrolmentEvent]) -> dict[str, str]:
    """Code → name of the schools that these events name."""
    codes = {str(event.facts[key]) for event in events for key in ("to", "school") if event.facts.get(key)}
    return dict((await work.session.execute(select(School.code, School.name).where(School.code.in_(codes)))).all())


def _event(event: EnrolmentEvent, name: str | None, schools: Mapping[str, str], calendar: Calendar) -> tuple[str, ...]:
    facts = event.facts
    on = str(facts.get("on") or calendar.day_of(event.at))
    told = " ".join(f"{label}{schools.get(facts[key], facts[key])}" for key, label in TOLD.items() if facts.get(key))
    evidence = str(facts.get("evidence") or facts.get("source") or "")
    return on, f"{event_name(event.kind)} {event_name(event.kind, 'en')}", name or "—", " ".join(part for part in (evidence, told) if part)


@app.command("check")
def check(
    area: Annotated[str, typer.Option("--area", help="区划代码 · area code")] = "",
    late: Annotated[bool, typer.Option("--late", help="只看已逾期 · only those whose time is over")] = False,
) -> None:
    """去向核查 · Children between two enrolments or on no roll at all: since when, expected where and when, and their case."""

    async def use(work: Work, _: Storage) -> list[tuple[str, ...]]:
        plan, _today = await plan_today(work)
        return [_waiting(row, Calendar(plan)) for row in await _open_gaps(work, area, late=late)]

    rows = carry_out(use)
    print_table(("编号 id", "学生 child", "情形 kind", "原学校 from", "去向 to", "期限 due", "台账 case"), rows)
    typer.echo(f"共 {len(rows)} 人 · {len(rows)} children")


Waiting = tuple[EnrolmentGap, Student, str | None, str | None]


async def _open_gaps(work: Work, area: str, *, late: bool) -> Sequence[Waiting]:
    within = Student.area_code.startswith(area) | Student.school_area_code.startswith(area)
    query = (
        select(EnrolmentGap, Student, School.name, CaseFile.number)
        .join(Student, Student.id == EnrolmentGap.student_id)
        .outerjoin(School, School.id == EnrolmentGap.from_school_id)
        .outerjoin(CaseFile, CaseFile.id == EnrolmentGap.case_id)
        .where(EnrolmentGap.closed_at.is_(None), within)
        .order_by(EnrolmentGap.due_at, EnrolmentGap.id)
    )
    if late:
        query = query.where(EnrolmentGap.due_at <= work.now)
    return [(gap, student, school, number) for gap, student, school, number in (await work.session.execute(query)).all()]


def _waiting(row: Waiting, calendar: Calendar) -> tuple[str, ...]:
    gap, student, school, number = row
    return (
        str(student.id), student.name, KINDS.get(gap.kind, gap.kind), school or "—", gap.to_name or "—",
        f"{calendar.local(gap.due_at):%Y-%m-%d %H:%M}", number or "—",
    )  # fmt: skip
