"""Runs every bench, one after the other, each in a process of its own so that memory is its own.

python -m bench
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Gives the number of benches that failed."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    failed = 0
    for name in names:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
