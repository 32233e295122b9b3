"""How long personal data are kept (个人信息保护法 art. 19, 47): a child's, texts that belong to no child's case, pictures of activities."""

from __future__ import annotations

from pydantic import Field

from plan.parts import LocalTime, Part


class Retention(Part):
    """The section `retention`. `years` run from the end of compulsory age (`enrolment.school_age.until_years`); a child with anything
    open is left alone. `words_years`: texts of no child's case, such as sheets and digests. `activity_photo_years`: photographs of an
    activity offline, from its day. `most_a_night`: children, and activities, at one go.
    """

    at: LocalTime
    years: int = Field(ge=1)
    words_years: int = Field(ge=1)
    activity_photo_years: int = Field(default=3, ge=1)  # added after plans were stored
    most_a_night: int = Field(default=2000, ge=1)
