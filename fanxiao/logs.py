"""Logs for operators: an `action` and ids, never a name, a number or a message's text."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

PRIVATE = re.compile(
    r"(^|_)(name|names|phone|phones|number|numbers|body|text|texts|address|addresses|to|from|identity|password|secret|token|keys|url)($|_)"
)
CODES = re.compile(r"(_code|_id|_at|_on|timestamp|case_number|notice_number)$")  # long digits without a person behind them
LONG_DIGITS = re.compile(r"\d{7,}")
QUOTED_ROWS = re.compile(r"(DETAIL|CONTEXT): .*|\[parameters: .*", re.DOTALL)  # a database error quotes the row it stumbled over
REDACTED = "[redacted]"


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blanks what could name a person: by key, and any run of digits as long as a telephone number in a text."""
    for key, value in event.items():
        event[key] = _harmless(key, value)
    return event


def _harmless(key: str, value: Any) -> Any:
    if CODES.search(key):
        return value
    if PRIVATE.search(key):
        return REDACTED
    if isinstance(value, dict):
        return {inner: _harmless(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless("", item) for item in value]
    return LONG_DIGITS.sub(REDACTED, QUOTED_ROWS.sub(REDACTED, value)) if isinstance(value, str) else value


def configure(log_format: str = "console", level: str = "INFO") -> None:
    """Sets up structlog once per process, to standard error. `log_format`: console or json."""
    json = log_format == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level.upper(), logging.INFO)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(Bare("%(levelname)s %(name)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[plain])


class Bare(logging.Formatter):
    """Libraries' own lines: only who spoke, as their words and stack traces may quote anything."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the base class names it
        return f"  {getattr(ei[0], '__name__', '')}"

    def formatStack(self, stack_info: str) -> str:  # noqa: ARG002, N802
        return ""
