"""When a child stands on a class's roll."""

ON_ROLLS = ("enrolled", "resumed")
"""States of `student.status` in which the class's sheet asks for the child."""
