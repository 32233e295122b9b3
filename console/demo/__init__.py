"""The demo: phones to type on, the story beside them, and a clock that steps."""
