"""Every table, by duty. Import them from here."""

from storage.tables.attendance import Absence, AttendanceSheet, Leave
from storage.tables.base import Base, Facts, Sight
from storage.tables.casework import (
    AidRequest,
    CaseFile,
    CaseLevel,
    CaseStep,
    Event,
    EventSeal,
    GuardianAnswer,
    Hole,
    Notice,
    NoticeCounter,
    PlanVersion,
    Receipt,
    Referral,
    Task,
    TaskHolder,
)
from storage.tables.messaging import Attempt, DeliveryStatus, Inbound, Intent, Message, Question, Sender
from storage.tables.operations import AuditRun, ClockSetting, ImportRun, KeyCheck, Lease, TickRun
from storage.tables.people import Consent, Contact, Person, PersonContact, Responsibility, StandIn
from storage.tables.places import Area, CalendarDay, School, SchoolClass
from storage.tables.students import EnrolmentCheck, EnrolmentEvent, Guardianship, Student, StudentCategory

__all__ = [
    "Absence", "AidRequest", "Area", "Attempt", "AttendanceSheet", "AuditRun", "Base", "CalendarDay", "CaseFile",
    "CaseLevel", "CaseStep", "ClockSetting", "Consent", "Contact", "DeliveryStatus", "EnrolmentCheck",
    "EnrolmentEvent", "Event", "EventSeal", "Facts", "Guardianship", "GuardianAnswer", "Hole", "ImportRun", "Inbound",
    "Intent", "KeyCheck", "Leave", "Lease", "Message", "Notice", "NoticeCounter", "Person", "PersonContact", "PlanVersion",
    "Question", "Receipt", "Referral", "Responsibility", "School", "SchoolClass", "Sender", "Sight", "StandIn",
    "Student", "StudentCategory", "Task", "TaskHolder", "TickRun",
]
