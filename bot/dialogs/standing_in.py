"""Who takes a teacher's sheets over for some days: kept, or asked back with numbers where several may be meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.dialogs.answering import answer
from bot.dialogs.phrases import phrase, spoken_day
from bot.dialogs.speaker import Speaker
from cases.absence_of_staff import set_away
from cases.colleagues import Colleague
from cases.desk import desk_of_area
from storage.tables import Inbound, Person
from storage.work import Work

STAND_IN = "stand_in"
"""What the number that is asked back for is about (`what` among the question's facts)."""


def spoken_span(first: date, last: date) -> str:
    """One day, or from one to the other."""
    return spoken_day(first) if first == last else phrase("school.span", first=spoken_day(first), last=spoken_day(last))


def numbered_colleagues(speaker: Speaker, people: Sequence[Colleague]) -> str:
    """ "1马秀兰(班主任) 2马秀英(校长)"."""
    return " ".join(f"{number}{one.name}({speaker.plan.role_name(one.role)})" for number, one in enumerate(people, start=1))


def ask_which_stand_in(
    work: Work, inbound: Inbound, speaker: Speaker, area_code: str, people: Sequence[Colleague], since: date, until: date
) -> str:
    """Several may be meant."""
    expires = work.now + timedelta(minutes=speaker.plan.dialogs.ask_back_minutes)
    answer(
        work, inbound, speaker, "which_colleague", area_code=area_code, person_id=speaker.staff_id, question="colleague",
        facts={
            "listed": numbered_colleagues(speaker, people), "options": [one.person_id for one in people], "what": STAND_IN,
            "since": since.isoformat(), "until": until.isoformat(), "question_expires": expires.isoformat(),
        },
    )  # fmt: skip
    return "which_colleague"


async def keep_stand_in(work: Work, inbound: Inbound, speaker: Speaker, area_code: str, colleague: int, since: date, until: date) -> str:
    """From the first day on the colleague is asked instead."""
    await set_away(work, await desk_of_area(work, area_code), speaker.staff_id, until, colleague, since)
    name = (await work.session.get_one(Person, colleague)).name
    answer(
        work, inbound, speaker, "stand_in_noted", area_code=area_code, person_id=speaker.staff_id,
        facts={"days": spoken_span(since, until), "substitute": name},
    )  # fmt: skip
    return "stand_in_noted"
