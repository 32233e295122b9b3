"""Cases, the levels they climb, the tasks they cause, notices, referrals, aid, and the record."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
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
    __table_args__ = (Index("ix_task_due", "next_at", postgresql_where=text("state in ('open', 'acknowledged')")),)
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


class NoticeCounter(Base):
    """The last number given in a township in a year; the row's lock makes numbers gapless."""

    __tablename__ = "notice_counter"
    sight = Sight.AREA
    area_code: Mapped[str] = mapped_column(AREA_CODE, primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Notice(Numbered, Base):
    """A numbered written return notice with a deadline (返校通知书). `kind`: first, second. `area_code`: the township."""

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("case_id", "episode", "kind"), UniqueConstraint("area_code", "year", "sequence"))
    sight = Sight.GUARDED
    parent = ("case_id", "case_file.id")  # also for the village that delivers it: the number is its township's
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    episode: Mapped[int]
    kind: Mapped[str]
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    year: Mapped[int | None]
    sequence: Mapped[int | None]
    number: Mapped[str | None] = mapped_column(index=True)  # given when it is issued; two counties may have townships of one name
    drafted_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    delivered_at: Mapped[datetime | None]
    deadline_on: Mapped[date | None]  # last day to return; runs from delivery
    withdrawn_at: Mapped[datetime | None]


class Receipt(Numbered, Base):
    """Proof that a notice reached the guardian. `way`: message_answered, in_person, left_with_village, posted.

    `facts`: the proof, and `on`, the local day of delivery that was told (missing in the oldest, where it is the day of `at`).
    """

    __tablename__ = "receipt"
    sight = Sight.GUARDED
    parent = ("notice_id", "notice.id")
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), index=True)
    way: Mapped[str]
    at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    facts: Mapped[Facts]


class Referral(Numbered, Base):
    """A proposal to a department that a person approves. `state`: proposed, approved, refused, answered, withdrawn."""

    __tablename__ = "referral"
    sight = Sight.AREA
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    department: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    number: Mapped[str | None] = mapped_column(unique=True)  # of the letter, given at approval
    note: Mapped[str | None]  # the words of the decision
    due_at: Mapped[datetime | None]  # by when the department answers
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_reason: Mapped[str | None]


class AidRequest(Numbered, Base):
    """A family asked for help. `state`: requested, granted, listed (to be paid), paid, refused, withdrawn (taken back)."""

    __tablename__ = "aid_request"
    sight = Sight.AREA
    within = Within.STUDENT
    student_id: Mapped[int] = mapped_column(ForeignKey("student.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    state: Mapped[str]
    kind: Mapped[str | None]  # which help, a key of the plan's follow_ups.help
    requested_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None]
    number: Mapped[str | None] = mapped_column(unique=True)  # of the decision
    aid_kind: Mapped[str | None]  # what was granted, a key of the plan's aid.kinds
    amount: Mapped[Decimal | None]  # granted, CNY
    per: Mapped[str | None]  # of the amount: term, year, day, once
    due_at: Mapped[datetime | None]  # by when it is paid
    list_number: Mapped[str | None] = mapped_column(index=True)  # of the payment list
    listed_at: Mapped[datetime | None]
    listed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    paid_on: Mapped[date | None]
    paid_amount: Mapped[Decimal | None]  # CNY
    paid_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    proof: Mapped[str | None]  # the payer's own words: receipt, bank list


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


class Event(Base):
    """The append-only record: actor, action, subject, facts, time. Holds ids, never names or numbers."""

    __tablename__ = "event"
    sight = Sight.AREA
    within = Within.CASE_AND_TASK
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]  # "system", "person:12", "guardian:7", "operator"
    action: Mapped[str]
    subject: Mapped[str]  # "case:5", "sheet:9" …
    area_code: Mapped[str] = mapped_column(AREA_CODE)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    facts: Mapped[Facts]


class EventSeal(Numbered, Base):
    """A batch of events, chained by hash to the batch before it."""

    __tablename__ = "event_seal"
    sight = Sight.PUBLIC
    first_event_id: Mapped[int] = mapped_column(BigInteger)
    last_event_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    digest: Mapped[str]
    at: Mapped[datetime]
