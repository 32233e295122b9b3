"""What an operator says about a sender (rate, cap, hours, price), read; what cannot be read is refused by its name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from fanxiao.commands.once import refuse

NONE = "none"
HIGHEST_RATE = 1000.0
HIGHEST_CAP = 2_000_000_000
HIGHEST_PRICE = Decimal(1000)
SMALLEST_PRICE = Decimal("0.0001")
HOURS = re.compile(r"(\d{1,2}:\d{2})-(\d{1,2}:\d{2})")

Cap = Annotated[str | None, typer.Option("--cap", help="每天上限，none 为不限 · at most this many a day; none: no cap")]
Hours = Annotated[str | None, typer.Option("--hours", help="发送时段，如 08:00-21:00，none 为全天 · local hours; none: at any time")]
Price = Annotated[str | None, typer.Option("--price", help="单价（元），none 为不计费 · CNY each; none: not reckoned")]


def read_terms(rate: str | None, cap: str | None, hours: str | None, price: str | None) -> dict[str, Any]:
    """Columns of the table `sender`, only those that were given. Ends the command where one cannot be read."""
    terms: dict[str, Any] = {}
    if rate is not None:
        terms["rate_per_second"] = _rate(rate)
    if cap is not None:
        terms["daily_cap"] = _cap(cap)
    if hours is not None:
        terms["hours_from"], terms["hours_until"] = _hours(hours)
    if price is not None:
        terms["price"] = _price(price)
    return terms


def hours_text(since: time | None, until: time | None) -> str | None:
    """08:00-21:00, as it is entered."""
    return f"{since:%H:%M}-{until:%H:%M}" if since and until else None


def _rate(given: str) -> float:
    try:
        rate = float(given)
    except ValueError:
        rate = math.nan
    if not 0 < rate <= HIGHEST_RATE:
        refuse(
            f"--rate 不对：“{given}”。每秒几条，大于0，最多{HIGHEST_RATE:g}，如 0.25；速率不能不设。",
            f"--rate {given}: messages a second, above 0 and at most {HIGHEST_RATE:g}, like 0.25; there is none without a rate.",
        )
    return rate


def _cap(given: str) -> int | None:
    if given == NONE:
        return None
    if not given.isascii() or not given.isdigit() or not 0 < int(given) <= HIGHEST_CAP:
        refuse(
            f"--cap 不对：“{given}”。每天最多几条，从1起的整数；none 为不限。",
            f"--cap {given}: how many a day, a whole number from 1; none for no cap.",
        )
    return int(given)


def _hours(given: str) -> tuple[time | None, time | None]:
    if given == NONE:
        return None, None
    found = HOURS.fullmatch(given)
    try:
        since, until = (time.fromisoformat(part.zfill(5)) for part in found.groups()) if found else (time.min, time.min)
    except ValueError:  # 25:00
        since = until = time.min
    if since == until:
        refuse(
            f"--hours 不对：“{given}”。写成 08:00-21:00；过零点的写成 20:00-06:00；none 为全天。",
            f"--hours {given}: write 08:00-21:00, or 20:00-06:00 over midnight; none for at any time.",
        )
    return since, until


def _price(given: str) -> Decimal | None:
    if given == NONE:
        return None
    try:
        price = Decimal(given)
    except InvalidOperation:
        price = Decimal("nan")
    if not (price.is_finite() and 0 <= price <= HIGHEST_PRICE and price == price.quantize(SMALLEST_PRICE)):
        refuse(
            f"--price 不对：“{given}”。每条几元，最多四位小数，如 0.045；none 为不计费。",
            f"--price {given}: CNY each, four decimals at the most, like 0.045; none where it is not reckoned.",
        )
    return price


def told(terms: Mapping[str, Any]) -> str:
    """What has been set, in words."""
    words = {
        "rate_per_second": ("速率 rate", f"{terms.get('rate_per_second') or 0:g}"),
        "daily_cap": ("上限 cap", str(terms.get("daily_cap") or NONE)),
        "hours_from": ("时段 hours", hours_text(terms.get("hours_from"), terms.get("hours_until")) or NONE),
        "price": ("单价 price", str(terms["price"]) if terms.get("price") is not None else NONE),
    }
    return ", ".join(" ".join(words[name]) for name in words if name in terms)
