"""Calls that the database cannot take wait here, encrypted, on disk; they are brought to it as soon as it answers.

Every process writes a file of its own, which it holds by a lock; whoever finds a file without a holder brings what is in it. A call may
be brought twice (the process dies in between): the provider's own ids make that harmless.
"""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import fasteners
import structlog

from bot.gathering import Gathering
from bot.inbox.receive import Brought
from storage.crypto import Cipher, Undecipherable
from storage.database import is_away
from storage.rows import as_json

log = structlog.get_logger("inbox")
FOLDER = "spool"
LARGEST = 16 * 1024 * 1024
"""Bytes after which another file is begun, so that none is too large to be read at once."""
AT_ONCE = 500
LOOK_SECONDS = 1.0
FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
Store = Callable[[Brought], Awaitable[None]]


class Spool:
    """One for each process that is called. `store` writes a call into the database, and raises what that says."""

    def __init__(self, folder: Path, cipher: Cipher, store: Store) -> None:
        self._folder = folder
        self._cipher = cipher
        self._store = store
        self._mine: _File | None = None
        self._turn = asyncio.Lock()
        self._gathering = Gathering(self._write)
        self.is_holding = False

    async def keep(self, call: Brought) -> None:
        """Returns once it is safe on disk. Raises OSError when it cannot be."""
        await self._gathering.give(self._cipher.encrypt(as_json([asdict(call)])) + b"\n")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Inside, what waits is brought to the database, also what other processes have left."""
        bringing = asyncio.create_task(self._keep_bringing())
        try:
            yield
        finally:
            bringing.cancel()
            await asyncio.gather(bringing, return_exceptions=True)
            await self._let_go()

    async def bring(self) -> int:
        """Stores what waits in files that nobody else holds; gives how many calls. Raises what the database said."""
        if not await asyncio.to_thread(self._files):
            return 0
        await self._store(Brought([], []))  # before anything is moved: it may still be away
        stored = 0
        for path in await self._let_go():
            stored += await self._bring_file(path)
        self.is_holding = self._mine is not None
        return stored

    async def _write(self, lines: Sequence[bytes]) -> None:
        async with self._turn:
            await asyncio.to_thread(self._append, b"".join(lines))
            self.is_holding = True
        log.warning("calls spooled", action="calls_spooled", calls=len(lines))

    def _append(self, lines: bytes) -> None:
        try:
            if self._mine is None:
                self._mine = _File(self._folder)
            size = self._mine.append(lines)
        except OSError:  # its last line may be torn: what comes next goes into another file
            self._close()
            raise
        if size > LARGEST:
            self._close()

    async def _let_go(self) -> list[Path]:
        """Gives the files that are there while we write none: a lock of ours would not keep ourselves out."""
        async with self._turn:
            await asyncio.to_thread(self._close)
            return await asyncio.to_thread(self._files)

    def _close(self) -> None:
        mine, self._mine = self._mine, None
        if mine is not None:
            mine.close()

    def _files(self) -> list[Path]:
        """The oldest first. One may have gone by the time it is looked at."""
        found = []
        for path in self._folder.glob("*.calls"):
            with suppress(FileNotFoundError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found)]

    async def _keep_bringing(self) -> None:
        while True:
            try:
                if stored := await self.bring():
                    log.info("spooled calls stored", action="spool_emptied", calls=stored)
            except Exception as error:  # noqa: BLE001 - tried again for as long as the process lives
                if not is_away(error):
                    log.error("spool not emptied", action="spool_failed", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _bring_file(self, path: Path) -> int:
        lock = await asyncio.to_thread(_held, path)
        if lock is None:
            return 0
        try:
            calls, unread = await asyncio.to_thread(self._read, path)
            stored = 0
            for start in range(0, len(calls), AT_ONCE):
                batch = calls[start : start + AT_ONCE]
                refused = await self._stored([call for _, call in batch])
                unread += [batch[number][0] for number in refused]
                stored += len(batch) - len(refused)
            await asyncio.to_thread(_remove, path, unread)
            return stored
        finally:
            await asyncio.to_thread(lock.release)

    async def _stored(self, calls: Sequence[Brought]) -> list[int]:
        """The places of those that the database refuses for what is in them. Raises when it is away."""
        said = await asyncio.gather(*(self._store(call) for call in calls), return_exceptions=True)
        errors = {place: error for place, error in enumerate(said) if error is not None}
        for error in errors.values():
            if is_away(error):
                raise error
        return list(errors)

    def _read(self, path: Path) -> tuple[list[tuple[bytes, Brought]], list[bytes]]:
        """The calls with their lines, and the lines that cannot be read. The end of a torn line was never answered: it comes again."""
        calls, unread = [], []
        for line in path.read_bytes().split(b"\n")[:-1]:
            try:
                (rows,) = json.loads(self._cipher.decrypt(line))
                calls.append((line, Brought(**rows)))
            except (Undecipherable, ValueError, TypeError):
                unread.append(line)
        return calls, unread


class _File:
    """A file of calls and its lock. Its name says nothing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f"{uuid.uuid4().hex}.calls"
        lock = _held(self._path, is_new=True)
        if lock is None:
            raise OSError("the spool file is held by another")
        self._lock = lock
        try:
            self._number = os.open(self._path, FRESH, 0o600)
            _sync_folder(folder)
        except OSError:
            self._lock.release()
            raise

    def append(self, lines: bytes) -> int:
        """On disk when it returns; gives the file's size."""
        left = memoryview(lines)
        while left:
            left = left[os.write(self._number, left) :]
        os.fsync(self._number)
        return os.fstat(self._number).st_size

    def close(self) -> None:
        """Somebody may bring it now."""
        with suppress(OSError):
            os.close(self._number)
        self._lock.release()


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _held(path: Path, *, is_new: bool = False) -> fasteners.InterProcessLock | None:
    """The file's lock, held by us; None where another process has it, or has brought it away. A killed holder's lock is free at once."""
    lock = fasteners.InterProcessLock(_lock_of(path))
    if not lock.acquire(blocking=False):
        return None
    if is_new or path.exists():
        return lock
    lock.release()
    _lock_of(path).unlink(missing_ok=True)
    return None


def _remove(path: Path, unread: Sequence[bytes]) -> None:
    """What could not be read or stored stays beside it, still encrypted, for somebody to look at."""
    if unread:
        aside = path.with_suffix(".unread")
        with aside.open("wb") as file:
            file.write(b"\n".join(unread) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        log.error("spooled calls set aside", action="spool_unread", calls=len(unread), file=aside.name)
    path.unlink()
    _lock_of(path).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """So that the file's name is on disk too; not every system can."""
    with suppress(OSError, AttributeError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
