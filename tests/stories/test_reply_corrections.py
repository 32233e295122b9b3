"""A teacher reads what the bot could not, and says what it meant: kept, and nothing is read otherwise for it."""

from __future__ import annotations

import pytest

from cases.reply_corrections import Corrected, corrections
from storage.work import working
from tests.stories.county import County

UNREADABLE = "老汉眼麻了"


@pytest.fixture
async def triaged(county: County) -> County:
    """The father wrote twice what nobody but a person can read; the class teacher has the task."""
    await county.begin("2026-11-02 07:00")
    await county.student("马小龙", guardians=["father"])
    await county.others(5)
    await county.to("2026-11-02 08:31")
    await county.phones["class_teacher"].replies("1")
    await county.stage.advance(minutes=4)
    for _ in range(2):
        await county.phones["father"].replies(UNREADABLE)
        await county.stage.advance(minutes=2)
    return county


async def kept(county: County) -> list[Corrected]:
    async with working(county.database, await county.stage.clock.now()) as work:
        return await corrections(work)


async def code(county: County) -> str:
    return next(task.code for task in await county.tasks() if task.kind == "triage")


@pytest.mark.parametrize(
    ("words", "meant", "day"),
    [("意思是 生病", "sick", None), ("意思 明天来", "will_return", "2026-11-03"), ("意思：学经", "religious_study", None)],
)
async def test_the_meaning_is_kept_with_what_was_read(triaged: County, words: str, meant: str, day: str | None) -> None:
    await triaged.phones["class_teacher"].replies(f"{await code(triaged)} {words}")
    (one,) = await kept(triaged)
    assert (one.text, one.read_as, one.meant, str(one.meant_on) if one.meant_on else None) == (UNREADABLE, "unknown", meant, day)
    assert not [task for task in await triaged.tasks("open", "acknowledged") if task.kind == "triage"]


async def test_words_that_name_no_meaning_only_end_the_task(triaged: County) -> None:
    await triaged.phones["class_teacher"].replies(f"{await code(triaged)} 已打电话问过家长")
    assert await kept(triaged) == []
    assert not [task for task in await triaged.tasks("open", "acknowledged") if task.kind == "triage"]


async def test_a_task_that_is_not_theirs_keeps_nothing(triaged: County) -> None:
    await triaged.phones["principal"].replies(f"{await code(triaged)} 意思是 生病")
    assert await kept(triaged) == []
