"""What a use case needs at hand for one place: the plan it follows, the calendar, and who answers there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cases.calendars import calendar_for
from cases.plans import plan_in_force, plan_of
from cases.responsible import Place
from plan.calendar import Calendar
from plan.model import Plan
from storage.tables import AttendanceSheet, CaseFile, School, Student
from storage.work import Work


@dataclass(frozen=True)
class Desk:
    """Plan, calendar and place of one matter; `today` is the local day."""

    plan_version_id: int
    plan: Plan
    calendar: Calendar
    place: Place
    today: date


async def desk_of_case(work: Work, case: CaseFile) -> Desk:
    """The desk of a running case, under the plan that it began with."""
    plan = await plan_of(work.session, case.plan_version_id)
    place = Place(case.area_code, case.school_area_code, case.school_id, case.class_id)
    return await _desk(work, case.plan_version_id, plan, place)


async def desk_of_student(work: Work, student: Student) -> Desk:
    """The desk for a child without a case, under the plan in force."""
    version_id, plan = await plan_in_force(work.session)
    return await _desk(work, version_id, plan, Place(student.area_code, student.school_area_code, student.school_id, student.class_id))


async def desk_of_sheet(work: Work, sheet: AttendanceSheet) -> Desk:
    """The desk of a class's sheet, under the plan in force."""
    version_id, plan = await plan_in_force(work.session)
    return await _desk(work, version_id, plan, Place(sheet.area_code, sheet.area_code, sheet.school_id, sheet.class_id))


async def desk_of_school(work: Work, school: School) -> Desk:
    """The desk of a whole school."""
    version_id, plan = await plan_in_force(work.session)
    return await _desk(work, version_id, plan, Place(school.area_code, school.area_code, school.id))


async def desk_of_area(work: Work, area_code: str) -> Desk:
    """The desk of an area, for what belongs to no school."""
    version_id, plan = await plan_in_force(work.session)
    return await _desk(work, version_id, plan, Place(area_code, area_code))


async def _desk(work: Work, version_id: int, plan: Plan, place: Place) -> Desk:
    calendar = await calendar_for(work.session, plan, place.school_id, place.school_area_code, place.class_id)
    return Desk(version_id, plan, calendar, place, calendar.day_of(work.now))
