"""A county on an empty database."""

from tests.stories.conftest import county

__all__ = ["county"]
