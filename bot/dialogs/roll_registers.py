"""What somebody says of a child's registers: groups, arrangement, card, pairing, visits of teaching at home."""

from __future__ import annotations

from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.roll_said import Roll, child_meant, person_meant
from bot.replies.dates import find_days
from bot.replies.roll import read_card, read_leaving, read_teacher
from cases.enrolment_words import NotTaken
from cases.home_teaching import plan_lessons
from cases.pairing import pair, unpair
from cases.registers import (
    arrange,
    category_named,
    kind_named,
    register_rules,
    set_agent_parent,
    set_category,
    write_card,
)
from storage.tables import Person


async def category(roll: Roll) -> str:
    """Which group stays unsaid where its name may hurt on a shared phone."""
    student = await child_meant(roll)
    leaves, named = read_leaving(roll.reading.rest)
    rules = register_rules(roll.speaker.plan)
    key = category_named(rules, named)
    await set_category(roll.work, roll.said, student, key, present=not leaves, detail=kind_named(rules, key, named))
    if rules.categories[key].confidential:
        return phrase("roll.register", child=student.name)
    return phrase("roll.category_off" if leaves else "roll.category_on", child=student.name, category=rules.categories[key].zh)


async def arrangement(roll: Roll) -> str:
    student = await child_meant(roll)
    await arrange(roll.work, roll.said, student, roll.reading.rest)
    return phrase("roll.register", child=student.name)


async def paired(roll: Roll) -> str:
    student = await child_meant(roll)
    person = await person_meant(roll, roll.reading.rest)
    await pair(roll.work, roll.said, student, person)
    return phrase("roll.paired", child=student.name, person=person.name)


async def unpaired(roll: Roll) -> str:
    student = await child_meant(roll)
    return phrase("roll.unpaired", child=student.name, person=await unpair(roll.work, roll.said, student))


async def agent_parent(roll: Roll) -> str:
    student = await child_meant(roll)
    person = await person_meant(roll, roll.reading.rest)
    await set_agent_parent(roll.work, roll.said, student, person)
    return phrase("roll.agent_parent", child=student.name, person=person.name)


async def card(roll: Roll) -> str:
    """The words themselves are not repeated: they tell how a family lives."""
    student = await child_meant(roll)
    told = read_card(roll.reading.rest)
    if not told:
        raise NotTaken("say_card", child=student.name)
    await write_card(roll.work, roll.said, student, **told)
    return phrase("roll.register", child=student.name)


async def lessons(roll: Roll) -> str:
    student = await child_meant(roll)
    named, left = read_teacher(roll.reading.rest)
    teacher = await person_meant(roll, named) if named else await roll.work.session.get_one(Person, roll.speaker.staff_id)
    days = [day.on for day in find_days(left, roll.speaker.today) if day.on is not None]
    made = await plan_lessons(roll.work, roll.said, student, teacher, days)
    return phrase("roll.lessons", child=student.name, person=teacher.name, days="、".join(spoken_day(day) for day in made))
