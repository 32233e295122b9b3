"""What did they mean: replies of guardians, teachers and officers, read by rules that can be explained."""

from bot.replies.action import action, parted
from bot.replies.correction import Correction, correction_in
from bot.replies.guardian import read_guardian
from bot.replies.hints import (
    choice_in,
    is_acknowledgement,
    is_danger,
    is_danger_from_staff,
    kind_chosen,
    may_accuse_school,
    tells_of_absence,
)
from bot.replies.kinds import Child, Doubt, OfficerReading, Pupil, Reading, SheetEntry, SheetReading
from bot.replies.likeliest import likeliest
from bot.replies.meant import Meant, read_meant
from bot.replies.officer import read_officer
from bot.replies.on_task import Told, told_of_task
from bot.replies.school_year import SchoolYear, school_year_of
from bot.replies.sheet import read_sheet, says_every_class
from bot.replies.unread import unread_words

__all__ = [
    "Child",
    "Correction",
    "Doubt",
    "Meant",
    "OfficerReading",
    "Pupil",
    "Reading",
    "SchoolYear",
    "SheetEntry",
    "SheetReading",
    "Told",
    "action",
    "choice_in",
    "correction_in",
    "is_acknowledgement",
    "is_danger",
    "is_danger_from_staff",
    "kind_chosen",
    "likeliest",
    "may_accuse_school",
    "parted",
    "read_guardian",
    "read_meant",
    "read_officer",
    "read_sheet",
    "says_every_class",
    "school_year_of",
    "tells_of_absence",
    "told_of_task",
    "unread_words",
]
