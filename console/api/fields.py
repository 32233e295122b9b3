"""The kinds of values that other systems send. Types are strict: a number in quotes is a mistake, and is named as one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from console.words import page_data

LARGEST_ID = 2**53 - 1


class Body(BaseModel):
    """Unknown fields are refused: a misspelt one would silently mean nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)


def meaning(field: str) -> str:
    """What a field means, for the API's description (templates/api.yaml)."""
    said = page_data("api")["fields"][field]
    return f"{said['zh']} · {said['en']}"


def _day(given: Any) -> date:
    if not isinstance(given, str) or len(given) != len("2026-11-24") or given[4] != "-":
        raise ValueError("not a day")
    return date.fromisoformat(given)


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-24"]})]


def _whole(given: Any) -> Any:
    """To JSON 5.0 and 5 are the same number."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


ChildId = Annotated[int, Field(ge=1, le=LARGEST_ID), BeforeValidator(_whole)]
Seat = Annotated[int, Field(ge=1, le=999, description=meaning("seat")), BeforeValidator(_whole)]
PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f]*$"
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=PRINTABLE)]
Words = Annotated[str, Field(min_length=2, max_length=300, pattern=PRINTABLE, description=meaning("evidence"))]
Number = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z]{6,30}$", description=meaning("number"), examples=["G622926201503150012"]),
]
SchoolRef = Annotated[str, Field(min_length=2, max_length=60, pattern=PRINTABLE, description=meaning("school"))]
RoomRef = Annotated[str, Field(min_length=1, max_length=30, pattern=PRINTABLE, description=meaning("room"), examples=["三(2)班"])]


class ByNumber(Body):
    """A child by its register or identity number."""

    number: Number


class ById(Body):
    """A child by its number here, as answers and hooks give it."""

    id: ChildId


def with_field(field: str, otherwise: str) -> Discriminator:
    """Which of two forms is meant: the one of this field where it is there. So that only that form's mistakes are named."""

    def meant(given: Any) -> str:
        has_it = field in given if isinstance(given, dict) else hasattr(given, field)
        return f"@{field}" if has_it else f"@{otherwise}"

    return Discriminator(meant)


Child = Annotated[Annotated[ByNumber, Tag("@number")] | Annotated[ById, Tag("@id")], with_field("number", "id")]
