"""What an officer says of a report: numbers, each with its own reason, and never one that is only told in a reason."""

from __future__ import annotations

import pytest

from bot.replies.report import read_report


@pytest.mark.parametrize(
    ("text", "numbers", "reasons"),
    [
        ("疑似 2 辍学 1 因为小龙已返校", {"suspected": 2, "dropout": 1}, {"suspected": "小龙已返校", "dropout": "小龙已返校"}),
        ("适龄7因为小虎转来，疑似零 因小龙已返校", {"of_age": 7, "suspected": 0}, {"of_age": "小虎转来", "suspected": "小龙已返校"}),
        ("疑似5名因小明外出，辍学0", {"suspected": 5, "dropout": 0}, {"suspected": "小明外出"}),
        ("疑似0 因为原报辍学1人有误", {"suspected": 0}, {"suspected": "原报辍学1人有误"}),
        ("疑似 2 辍学 1 小龙已返校", {"suspected": 2, "dropout": 1}, {"suspected": "小龙已返校", "dropout": "小龙已返校"}),
        ("更正月报 应为疑似2", {"suspected": 2}, {}),
    ],
)
def test_each_number_has_its_reason(text: str, numbers: dict[str, int], reasons: dict[str, str]) -> None:
    reading = read_report(text)
    assert reading is not None
    assert (reading.act, dict(reading.numbers), dict(reading.reasons)) == ("correct", numbers, reasons)


@pytest.mark.parametrize(("text", "kind"), [("重新统计", None), ("重算月报。", "月报"), ("重做了", None)])
def test_a_report_is_counted_anew_by_a_word(text: str, kind: str | None) -> None:
    reading = read_report(text)
    assert reading is not None
    assert (reading.act, reading.kind) == ("recount", kind)
