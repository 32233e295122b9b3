"""The data dictionary says what the tables say."""

from __future__ import annotations

from docs.make_dictionary import FILE, dictionary, undescribed


def test_every_column_has_a_meaning() -> None:
    assert undescribed() == []


def test_the_committed_dictionary_is_up_to_date() -> None:
    written = FILE.read_text(encoding="utf-8")
    assert written == dictionary(), "run: python -m docs.make_dictionary"
