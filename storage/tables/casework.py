"""Cases, the levels they climb, the tasks they cause, what families answer, and holes in the chain."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import AREA_CODE, Base, Facts, Numbered, Sight, Within


class PlanVersion(Numbered, Base):
    """A plan file as it was when cases began under it; the one installed last is in force for new cases."""

    __tablename__ = "plan_version"
    sight = Sight.PUBLIC
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]
    loaded_at: Mapped[datetime]


class CaseFile(Numbered, Base):
    """One child's absence or dropout, from opening to strike-off (控辍台账条目).

    An *episode* begins when the case opens and again at each relapse; a level is entered at most once in an episode.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        Index("uq_case_file_open", "student_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_case_file_due", "next_at", postgresql_where=text("state = 'open'")),
    )
    sight = Sight.PLACE
    within = Within.OWN
    number: Mapped[str] = mapped_column(unique=True)
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"), index=True)  # the present or last one; none: never enrolled
    class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))  # none: in no class at present
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    school_area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    plan_version_id: Mapped[int] = mapped_column(ForeignKey("plan_version.id"))
    state: Mapped[str]  # open, closed
    level: Mapped[int]
    episode: Mapped[int] = mapped_column(server_default=text("1"))
    opened_at: Mapped[datetime]
    first_absent_on: Mapped[date]  # of this episode
    answered_until: Mapped[datetime | None]  # an accepted answer holds the teacher's step until then
    paused_until: Mapped[datetime | None]
    promised_on: Mapped[date | None]
    cause: Mapped[str | None]
    back_on: Mapped[date | None]  # first day attended again; empty while the child is away
    guardian_confirmed_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    exit: Mapped[str | None]  # returned, transferred, suspended, graduated, deceased, moved_abroad
    exit_facts: Mapped[Facts | None]  # who, when, evidence


class CaseLevel(Numbered, Base):
    """The case stood at this level; why it came and why it left. `at` is the plan's time, `recorded_at` ours."""

    __tablename__ = "case_level"
    __table_args__ = (UniqueConstraint("case_id", "episode", "level"),)
    sight = Sight.GUARDED
    parent = ("case_id", "case_file.id")
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    episode: Mapped[int]
    level: Mapped[int]
    entered_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    reason: Mapped[str]
    left_at: Mapped[datetime | None]
    left_reason: Mapped[str | None]


class CaseStep(Base):
    """A step of the plan that has been taken (a task opened, people told) in this episode: never taken twice."""

    __tablename__ = "case_step"
    sight = Sight.GUARDED
    parent = ("case_id", "case_file.id")
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    episode: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Task(Numbered, Base):
    """One step owed by one responsible person, with a due time (待办).

    `state`: open, acknowledged, done, missed (the case climbed past it), cancelled (no longer needed).
    `code` is the two characters by which its holder names it in an answer.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_due", "next_at", postgresql_where=text("state in ('open', 'acknowledged')")),
        Index("ix_task_due_at", "due_at", "id", postgresql_where=text("state in ('open', 'acknowledged')")),
    )
    sight = Sight.AREA
    within = Within.OWN
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    role: Mapped[str]
    level: Mapped[int | None]
    code: Mapped[str]
    area_code: Mapped[str] = mapped_column(AREA_CODE, index=True)
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("school_class.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"), index=True)
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("attendance_sheet.id"))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    referral_id: Mapped[int | None] = mapped_column(ForeignKey("referral.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"))
    plan_version_id: Mapped[int] = mapped_column(ForeignKey("plan_version.id"))
    facts: Mapped[Facts] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default="open")
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    alerted_at: Mapped[datetime]  # since when the present holders have been waited for
    alert_stage: Mapped[int] = mapped_column(server_default=text("0"))  # 0 holders, 1 substitutes, 2+ levels above
    reminder: Mapped[str | None]  # the last reminder that went out
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    progress_at: Mapped[datetime | None]
    postponed: Mapped[int] = mapped_column(server_default=text("0"))
    postponed_reason: Mapped[str | None]  # the holder's own words for the last time
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    result: Mapped[str | None]
    next_at: Mapped[datetime | None]


class TaskHolder(Base):
    """Who is asked for a task, and why they are: holder, substitute, above, delegate, copy."""

    __tablename__ = "task_holder"
    sight = Sight.GUARDED
    parent = ("task_id", "task.id")
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    why: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]  # handed on


class GuardianAnswer(Numbered, Base):
    """What a family's reply was understood to mean for one child, and what it changed (so that it can be undone)."""

    __tablename__ = "guardian_answer"
    sight = Sight.GUARDED
    parent = ("student_id", "student.id")
    unseen = "intent = 'complaint'"
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id"), index=True)
    question_id: Mapped[int | None] = mapped_column(ForeignKey("question.id"))
    intent: Mapped[str]
    promised_on: Mapped[date | None]
    at: Mapped[datetime]
    effects: Mapped[Facts]
    undone_at: Mapped[datetime | None]


class ReplyCorrection(Numbered, Base):
    """Staff say that a reply meant something else than was read: material for the next lexicon, nothing else changes.

    `read_as`, `read_on`: what the reader made of it; `meant`, `meant_on`: what it meant.
    """

    __tablename__ = "reply_correction"
    sight = Sight.AREA
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound.id"), index=True)
    student_id: Mapped[int | None] = mapped_column(ForeignKey("student.id"))
    read_as: Mapped[str]
    read_on: Mapped[date | None]
    meant: Mapped[str]
    meant_on: Mapped[date | None]
    by_person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    area_code: Mapped[str] = mapped_column(AREA_CODE)


class Hole(Numbered, Base):
    """A place in the chain where nobody could be found or reached. `key` keeps one hole from being told twice."""

    __tablename__ = "hole"
    sight = Sight.AREA
    key: Mapped[str] = mapped_column(unique=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    role: Mapped[str]
    reason: Mapped[str]  # nobody_reachable, no_contact, no_acknowledgement
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    task_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"))
    opened_at: Mapped[datetime]
