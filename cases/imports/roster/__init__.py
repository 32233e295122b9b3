"""The enrolment register: children, their classes, families and special groups."""
