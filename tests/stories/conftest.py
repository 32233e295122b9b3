"""A county on an empty database."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.crypto import Cipher
from storage.database import Database
from tests.stories.county import County


@pytest.fixture
def county(database: Database, web: Database, cipher: Cipher) -> County:
    return County(database, web, cipher)


SHORT = {"test_chain", "test_sheets", "test_buttons", "test_retention", "test_checking_back"}
"""Those of every kind of user that run with `make test`; the others are `long`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem not in SHORT:
            item.add_marker(pytest.mark.long)
