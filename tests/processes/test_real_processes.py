"""Web, workers, database and provider as they run in a county, and what is left when one of them is killed."""

from __future__ import annotations

import signal
import time
from collections import Counter

import psutil
import pytest

from tests.fakes.twilio import Refuse
from tests.processes.installation import ClassRoom, Installation

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = 20  # seconds; a tick is due every five, and the machine may be busy
TAKEN_OVER = 15


async def _absent(town: Installation, room: ClassRoom, count: int) -> list[str]:
    """The teacher names so many children; gives their families' numbers."""
    await town.until("the sheet", lambda: town.twilio.sent_to(room.teacher), SOON)
    chosen = room.children[:count]
    assert await town.texts(room.teacher, " ".join(str(child.seat) for child in chosen)) == 200
    return [child.family for child in chosen]


def _asked(town: Installation, families: list[str]) -> Counter[str]:
    """How many texts each family has got."""
    return Counter({family: len(town.twilio.sent_to(family)) for family in families if town.twilio.sent_to(family)})


def _sender(town: Installation) -> int:
    """The process that sends at present."""
    held = town.rows("select lease_holder from sender where lease_until > clock_timestamp()")
    return int(held[0][0].split("-")[-2]) if held else 0


async def test_a_morning_from_the_sheet_to_the_familys_answer(town: Installation) -> None:
    room = town.rooms[0]
    (family,) = await _absent(town, room, 1)
    await town.until("the receipt", lambda: len(town.twilio.sent_to(room.teacher)) == 2)
    assert room.children[0].name in town.twilio.sent_to(room.teacher)[1]
    await town.until("the question", lambda: town.twilio.sent_to(family))
    assert await town.texts(family, "1") == 200
    await town.until("the answer", lambda: len(town.twilio.sent_to(family)) == 2)

    sid = next(message["sid"] for message in town.twilio.messages if message["to"] == family)
    assert await town.twilio.report(sid, "delivered") == 204
    state = "select state, delivered_at is not null from message where provider_id = %s"
    await town.until("the report", lambda: town.rows(state, sid)[0][1])
    assert town.rows(state, sid) == [("answered", True)]


async def test_two_workers_send_every_sheet_once(town: Installation) -> None:
    await town.until("the sheets", lambda: all(town.twilio.sent_to(room.teacher) for room in town.rooms), SOON)
    sheets = [message["to"] for message in town.twilio.messages if "全到回0" in message["body"]]
    assert sorted(sheets) == sorted(room.teacher for room in town.rooms)


async def test_a_killed_worker_loses_and_repeats_nothing(town: Installation) -> None:
    families = await _absent(town, town.rooms[1], 12)
    await town.until("the first questions", lambda: _asked(town, families))
    sender = _sender(town)
    next(one for one in town.processes if one.process.pid == sender).kill()
    begun = time.monotonic()
    town.worker()
    await town.until("another sender", lambda: _sender(town) not in (0, sender), TAKEN_OVER)
    await town.until("all questions", lambda: len(_asked(town, families)) == len(families), TAKEN_OVER + 20)
    assert time.monotonic() - begun < TAKEN_OVER + 20
    assert set(_asked(town, families).values()) == {1}


async def test_a_killed_database_comes_back_by_itself(town: Installation) -> None:
    room = town.rooms[2]
    await town.until("the sheet", lambda: town.twilio.sent_to(room.teacher), SOON)
    psutil.Process(int((town.home / "postgres" / "postmaster.pid").read_text().split()[0])).send_signal(signal.SIGKILL)
    families = await _absent(town, room, 3)  # written while it is down
    await town.until("the questions", lambda: len(_asked(town, families)) == 3, 30)
    assert set(_asked(town, families).values()) == {1}


async def test_a_repeated_and_a_forged_call(town: Installation) -> None:
    room = town.rooms[3]
    await town.until("the sheet", lambda: town.twilio.sent_to(room.teacher), SOON)
    family, sid = room.children[0].family, "SM" + "7" * 32
    for _ in range(2):
        assert await town.texts(room.teacher, str(room.children[0].seat), sid) == 200
    await town.until("question and receipt", lambda: town.twilio.sent_to(family) and len(town.twilio.sent_to(room.teacher)) == 2)
    form = {"MessageSid": "SM" + "8" * 32, "From": family, "To": "+15005550006", "Body": "1"}
    assert await town.twilio.post(f"{town.url}/hooks/twilio_sms/main/inbound", form, signature="forged") == 403
    assert town.rows("select count(*) from inbound where provider_id in (%s, %s)", sid, form["MessageSid"]) == [(1,)]
    assert (len(town.twilio.sent_to(family)), len(town.twilio.sent_to(room.teacher))) == (1, 2)


async def test_a_web_process_that_is_started_again_goes_on(town: Installation) -> None:
    web = next(one for one in town.processes if one.name == "web" and one.process.poll() is None)
    assert web.stop() == 0
    assert not await town.healthy()
    town.web()
    await town.until_healthy()
    assert await town.texts(town.rooms[3].teacher, "0", "SM" + "7" * 32) == 200


async def test_a_worker_without_a_provider_says_so_and_ends_quickly(town: Installation) -> None:
    spare = town.worker(TWILIO_ACCOUNT_SID="")
    await town.until("a worker", lambda: "the worker runs" in spare.said(), SOON)
    assert "No channel can send yet" in spare.said()
    begun = time.monotonic()
    assert spare.stop() == 0
    assert time.monotonic() - begun < 8


async def test_a_provider_that_refuses_our_token_stops_the_sender_and_the_log_says_so(town: Installation) -> None:
    room = town.rooms[3]
    await town.until("the sheet", lambda: town.twilio.sent_to(room.teacher), SOON)
    child = room.children[-1]
    town.twilio.by_number[child.family] = Refuse(401, 20003)
    await town.texts(room.teacher, str(child.seat))
    await town.until("the stop", lambda: town.rows("select state, stopped_reason from sender") == [("stopped", "20003")])
    assert any("sender_stopped" in one.said() for one in town.processes)
    assert town.rows("update sender set state = 'open', stopped_reason = null returning id")
    del town.twilio.by_number[child.family]
    await town.until("the question after all", lambda: town.twilio.sent_to(child.family), SOON)
    assert len(town.twilio.sent_to(child.family)) == 1


async def test_a_port_that_somebody_has(town: Installation) -> None:
    refused = town.command("web", "--port", str(town.port))
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 2
    assert "is taken" in refused.stderr
