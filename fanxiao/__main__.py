"""`python -m fanxiao` is the same as `fanxiao`."""

from __future__ import annotations

from fanxiao.entry import main

if __name__ == "__main__":
    main()
