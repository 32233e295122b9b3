"""Every table, by duty. Import them from here."""

from storage.tables.access import AccessLimit, ConsoleSession, LoginCode, SavedView, SecondFactor
from storage.tables.api import ApiCall, ApiHook, ApiKey, HookDelivery
from storage.tables.attendance import Absence, AttendanceSheet, BoardingCheck, Leave, MissingBoarder
from storage.tables.base import Base, Facts, Sight, Within
from storage.tables.casework import (
    CaseFile,
    CaseLevel,
    CaseStep,
    GuardianAnswer,
    Hole,
    PlanVersion,
    ReplyCorrection,
    Task,
    TaskHolder,
)
from storage.tables.counts import AwayCount, KeptCount
from storage.tables.documents import Document, Notice, NoticeCounter, Receipt, ReceiptClaim, ReceiptLink
from storage.tables.enrolment import EnrolmentGap
from storage.tables.messaging import Attempt, DeliveryStatus, Inbound, Intent, Message, Question, Recording, Sender, is_waiting
from storage.tables.operations import AuditRun, ClockSetting, ImportJob, ImportRun, KeyCheck, Lease, TickRun
from storage.tables.people import Consent, Contact, LinkCode, Person, PersonContact, Responsibility, StandIn
from storage.tables.places import Area, CalendarDay, Closure, School, SchoolClass
from storage.tables.publicity import Activity, ActivityPlan, Campaign, ListedContact
from storage.tables.record import Event, EventSeal
from storage.tables.registers import Arrangement, CareCard, HomeLesson, PairContact, Pairing
from storage.tables.reporting import PostCheck, Report, ReportVersion
from storage.tables.students import EnrolmentCheck, EnrolmentEvent, Guardianship, Student, StudentCategory
from storage.tables.supervising import Assessment, Difference, InspectionItem, InspectionSample, OfficialFigure
from storage.tables.support import AidRequest, Complaint, LetterCounter, Referral
from storage.tables.visits import Photo, Visit

__all__ = [
    "Absence",
    "AccessLimit",
    "Activity",
    "ActivityPlan",
    "AidRequest",
    "ApiCall",
    "ApiHook",
    "ApiKey",
    "Area",
    "Arrangement",
    "Assessment",
    "Attempt",
    "AttendanceSheet",
    "AuditRun",
    "AwayCount",
    "Base",
    "BoardingCheck",
    "CalendarDay",
    "Campaign",
    "CareCard",
    "CaseFile",
    "CaseLevel",
    "CaseStep",
    "ClockSetting",
    "Closure",
    "Complaint",
    "Consent",
    "ConsoleSession",
    "Contact",
    "DeliveryStatus",
    "Difference",
    "Document",
    "EnrolmentCheck",
    "EnrolmentEvent",
    "EnrolmentGap",
    "Event",
    "EventSeal",
    "Facts",
    "GuardianAnswer",
    "Guardianship",
    "Hole",
    "HomeLesson",
    "HookDelivery",
    "ImportJob",
    "ImportRun",
    "Inbound",
    "InspectionItem",
    "InspectionSample",
    "Intent",
    "KeptCount",
    "KeyCheck",
    "Lease",
    "Leave",
    "LetterCounter",
    "LinkCode",
    "ListedContact",
    "LoginCode",
    "Message",
    "MissingBoarder",
    "Notice",
    "NoticeCounter",
    "OfficialFigure",
    "PairContact",
    "Pairing",
    "Person",
    "PersonContact",
    "Photo",
    "PlanVersion",
    "PostCheck",
    "Question",
    "Receipt",
    "ReceiptClaim",
    "ReceiptLink",
    "Recording",
    "Referral",
    "ReplyCorrection",
    "Report",
    "ReportVersion",
    "Responsibility",
    "SavedView",
    "School",
    "SchoolClass",
    "SecondFactor",
    "Sender",
    "Sight",
    "StandIn",
    "Student",
    "StudentCategory",
    "Task",
    "TaskHolder",
    "TickRun",
    "Visit",
    "Within",
    "is_waiting",
]
