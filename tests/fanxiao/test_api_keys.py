"""`fanxiao admin api-keys`, as typed."""

from __future__ import annotations

import asyncio

from typer.testing import CliRunner

from fanxiao.cli import app
from tests.fanxiao.conftest import Terminal
from tests.stories.county import County

NEW = ("admin", "api-keys", "new", "学籍系统", "--scopes", "enrolment,cases")


async def test_a_key_is_shown_once_listed_by_its_beginning_and_revoked(county: County, terminal: Terminal) -> None:
    assert terminal
    await county.begin("2026-11-24 09:00", roles=("principal", "county_officer"))

    made = await asyncio.to_thread(CliRunner().invoke, app, [*NEW, "--by", "孙科长", "--area", "622926"])
    assert made.exit_code == 0, made.output
    secret = made.output.strip().splitlines()[-1]
    prefix = "_".join(secret.split("_")[:2])
    listed = (await asyncio.to_thread(CliRunner().invoke, app, ["admin", "api-keys", "list"])).output
    assert prefix in listed
    assert secret not in listed
    refused = await asyncio.to_thread(CliRunner().invoke, app, [*NEW, "--by", "王校长", "--area", "622926"])
    assert (refused.exit_code, "不负责这个范围" in refused.output) == (1, True)
    assert "revoked" in (await asyncio.to_thread(CliRunner().invoke, app, ["admin", "api-keys", "revoke", prefix])).output
