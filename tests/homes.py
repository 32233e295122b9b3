"""Data folders for tests, outside pytest's own: a session of pytest closes that one to other users.

As root the embedded server runs as a user of its own, so a second session would lock out the first one's server.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder that does not exist yet and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fanxiao-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "home"
