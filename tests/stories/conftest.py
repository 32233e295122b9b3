"""A county on an empty database."""

from __future__ import annotations

import pytest

from storage.crypto import Cipher
from storage.database import Database
from tests.stories.county import County


@pytest.fixture
def county(database: Database, web: Database, cipher: Cipher) -> County:
    return County(database, web, cipher)
