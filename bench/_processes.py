"""An installation's own processes, killed without a word and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from bench._county import County

WORKERS = 2


@dataclass
class Processes:
    """Two workers, the web process and the database. `module`: whose command line it is."""

    county: County
    folder: Path
    port: int
    environment: Mapping[str, str]
    module: str = "fanxiao"
    random: Random = field(default_factory=lambda: Random(1))
    kills: int = 0
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def begin(self) -> None:
        for name in [*(f"worker{number}" for number in range(WORKERS)), "web"]:
            self._start(name)

    def _start(self, name: str) -> None:
        words = ["web", "--port", str(self.port)] if name == "web" else ["worker"]
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", self.module, *words]
            self._running[name] = subprocess.Popen(command, env=os.environ | self.environment, stdout=log, stderr=subprocess.STDOUT)

    def kill_one(self) -> None:
        """Any of them; a watchdog starts it again. The database is started again by those that use it."""
        name = self.random.choice([*self._running, "database"])
        self.kills += 1
        if name == "database":
            with suppress(OSError, psutil.NoSuchProcess):
                self.postmaster().kill()
        else:
            self._running[name].kill()
            self._running[name].wait()
            self._start(name)

    def freeze_database(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        """It answers nobody for so long, and `meanwhile` is done at once."""
        postmaster = self.postmaster()
        frozen = [postmaster, *postmaster.children()]
        for process in frozen:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        meanwhile()
        time.sleep(seconds)
        for process in frozen:
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def postmaster(self) -> psutil.Process:
        path = next(self.county.home.rglob("postmaster.pid"))
        return psutil.Process(int(path.read_text().split()[0]))

    def doubts(self) -> int:
        """How many calls in doubt were looked into."""
        logs = (path.read_text(encoding="utf-8", errors="replace") for path in self.folder.glob("worker*.log"))
        return sum(log.count("doubt settled") for log in logs)

    def restart_dead(self) -> None:
        """A process that was started while the database was down may have given up: a watchdog starts it again."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self._start(name)

    def end(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()

    def until(self, what: str, done: Callable[[], bool], seconds: float) -> None:
        """Waits, with a watchdog's eye on the processes. Raises TimeoutError."""
        ends = time.monotonic() + seconds
        while not self._is_so(done):
            if time.monotonic() > ends:
                raise TimeoutError(what)
            self.restart_dead()
            time.sleep(0.5)

    def _is_so(self, done: Callable[[], bool]) -> bool:
        try:
            return done()
        except Exception:  # noqa: BLE001 - the database may be down
            return False
