"""What each process of a bench has used of the processors."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import psutil


def used(home: Path) -> dict[str, float]:
    """Seconds so far of this process, of those that it started (by their module), and of the database under `home`."""
    mine = psutil.Process()
    found: defaultdict[str, float] = defaultdict(float)
    found["this process"] = _seconds(mine)
    for process in mine.children():
        words = process.cmdline()
        if "-m" in words:
            found[words[words.index("-m") + 1].rpartition(".")[2].strip("_")] += _seconds(process)
    for path in home.rglob("postmaster.pid"):
        postmaster = psutil.Process(int(path.read_text().split()[0]))
        ended = postmaster.cpu_times()
        found["database"] = sum(map(_seconds, [postmaster, *postmaster.children()])) + ended.children_user + ended.children_system
    return dict(found)


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it has just ended
        return 0.0
    return float(times.user + times.system)
