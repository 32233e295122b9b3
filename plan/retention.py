"""How long personal data are kept (个人信息保护法 art. 19, 47): a child's, and texts that belong to no child's case."""

from __future__ import annotations

from pydantic import Field

from plan.parts import LocalTime, Part


class Retention(Part):
    """The section `retention`. `years` run from the end of compulsory age (`enrolment.school_age.until_years`); a child with anything
    open is left alone. `words_years`: texts of no child's case, such as sheets and digests. `most_a_night`: children at one go.
    """

    at: LocalTime
    years: int = Field(ge=1)
    words_years: int = Field(ge=1)
    most_a_night: int = Field(default=2000, ge=1)
