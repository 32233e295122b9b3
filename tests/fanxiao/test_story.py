"""`fanxiao demo --story` as a user runs it, with the database killed in the middle: the month still keeps its promises."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.homes import temporary_home

LAST_LINE = re.compile(r"^story: (\d+) messages, (\d+) replies, (\d+) cases, (\d+) closed, 0 lost, 0 twice$")


def postmaster(home: Path) -> int | None:
    """The process id of the story's database, once it runs."""
    found = list(home.glob("**/postmaster.pid"))
    return int(found[0].read_text().splitlines()[0]) if found and found[0].stat().st_size else None


def wait_for_first_day(out: Path, patience: float = 60) -> None:
    ends = time.monotonic() + patience
    while time.monotonic() < ends and "2026" not in out.read_text(encoding="utf-8"):
        time.sleep(0.2)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_month_keeps_its_promises_though_the_database_is_killed() -> None:
    with temporary_home() as home:
        home.mkdir(parents=True, exist_ok=True)
        out = home / "story.txt"
        with out.open("w", encoding="utf-8") as sink:
            command = [sys.executable, "-m", "fanxiao", "demo", "--story", "--lang", "en", "--home", str(home / "demo")]
            story = subprocess.Popen(command, stdout=sink, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"})
            wait_for_first_day(out)
            pid = postmaster(home)
            assert pid is not None
            assert psutil.pid_exists(pid)
            os.kill(pid, signal.SIGKILL)
            _, errors = story.communicate(timeout=500)
        told = out.read_text(encoding="utf-8")
    assert story.returncode == 0, told[-3000:] + errors.decode()[-2000:]
    counted = LAST_LINE.match(told.strip().splitlines()[-1])
    assert counted is not None
    messages, replies, cases, closed = map(int, counted.groups())
    assert (cases, closed) == (5, 5)
    assert messages > replies > 100
    for words in ("Level 5", "Case closed: transferred", "granted aid", "Away again", "The ledger"):
        assert words in told
