"""Logs say what was done to which id, and nothing by which a person could be known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import structlog

from fanxiao.logs import configure

Writer = Callable[..., dict[str, object]]


@pytest.fixture
def line(capsys: pytest.CaptureFixture[str]) -> Iterator[Writer]:
    """Logs once in JSON and gives back what was written."""

    def write(**facts: object) -> dict[str, object]:
        configure("json")
        structlog.get_logger().info("message_sent", **facts)
        return dict(json.loads(capsys.readouterr().err.strip().splitlines()[-1]))

    yield write
    structlog.reset_defaults()


@pytest.mark.parametrize("key", ["name", "child_name", "phone", "guardian_phone", "body", "text", "address", "id_number", "auth_token"])
def test_private_keys_are_blanked(key: str, line: Writer) -> None:
    assert line(**{key: "Ma Xiaoming"})[key] == "[redacted]"


def test_private_keys_are_blanked_inside_facts(line: Writer) -> None:
    assert line(facts={"name": "Ma", "case_id": 5})["facts"] == {"name": "[redacted]", "case_id": 5}


def test_numbers_are_blanked_wherever_they_stand(line: Writer) -> None:
    assert line(detail="refused by +8613909301234")["detail"] == "refused by +[redacted]"
    assert line(items=["13909301234"])["items"] == ["[redacted]"]


def test_ids_and_codes_stay(line: Writer) -> None:
    written = line(action="sent", message_id=12345678, area_code="622921101", case_number="2026-0012345")
    assert (written["message_id"], written["area_code"], written["case_number"]) == (12345678, "622921101", "2026-0012345")
    assert str(written["timestamp"]).startswith("20")


def test_rows_quoted_by_a_database_error_are_blanked(line: Writer) -> None:
    assert "Ma" not in str(line(error="duplicate key\nDETAIL:  Key (name)=(Ma) already exists."))
