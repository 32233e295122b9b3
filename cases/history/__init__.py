"""How things stood on any day: read back from the enrolment history, the cases' events and the sheets, set by set."""
