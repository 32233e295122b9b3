"""Refusals as RFC 9457 problems, in Chinese and English. They name fields and rows, never people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from cases.enrolment_words import NotTaken
from console.words import page_data
from storage.database import AWAY

log = structlog.get_logger("api")
MEDIA_TYPE = "application/problem+json"
FORBIDDEN = {"not_yours", "not_your_child"}
UNKNOWN = {"no_child", "no_school", "no_class", "other_class"}


class Problem(Exception):
    """The call is refused, and nothing has changed. `code`: a key of templates/api.yaml; `rows`: what is wrong where."""

    def __init__(self, code: str, *, detail: Mapping[str, str] | None = None, rows: Sequence[Row] = ()) -> None:
        super().__init__(code)
        self.code, self.detail, self.rows = code, detail, rows


@dataclass(frozen=True)
class Row:
    """`row` counts from 1 within the list `of`; 0: the request itself."""

    row: int
    field: str
    reason: str
    of: str = ""

    def shown(self) -> dict[str, Any]:
        said = page_data("api")["reasons"][self.reason]
        return {"list": self.of, "row": self.row, "field": self.field, "reason": self.reason, "detail": said["zh"], "detail_en": said["en"]}


def answer(problem: Problem) -> JSONResponse:
    """As the caller gets it."""
    said = page_data("api")["problems"][problem.code]
    body: dict[str, Any] = {
        "type": f"urn:fanxiao:problem:{problem.code}", "title": said["zh"], "title_en": said["en"], "status": said["status"],
    }  # fmt: skip
    if problem.detail is not None:
        body |= {"detail": problem.detail["zh"], "detail_en": problem.detail["en"]}
    if problem.rows:
        body["errors"] = [row.shown() for row in problem.rows]
    headers = {"WWW-Authenticate": "Bearer"} if said["status"] == 401 else {"Retry-After": "60"} if said["status"] == 429 else {}
    return JSONResponse(body, said["status"], headers=headers, media_type=MEDIA_TYPE)


def of_refusal(refusal: NotTaken) -> Problem:
    """A use case's refusal, with the child's name left out: the caller may not be one who knows it."""
    code = "not_yours" if refusal.reason in FORBIDDEN else "not_found" if refusal.reason in UNKNOWN else "cannot_be"
    return Problem(code, detail={language: _nameless(refusal, language) for language in ("zh", "en")})


def _nameless(refusal: NotTaken, language: str) -> str:
    hidden = {"child": page_data("api")["the_child"][language]} if "child" in refusal.words else {}
    return NotTaken(refusal.reason, **{**refusal.words, **hidden}).text(language)


async def _refused(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001 - the shape that a handler has
    return answer(error if isinstance(error, Problem) else Problem("failed"))


async def _not_taken(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
    return answer(of_refusal(error) if isinstance(error, NotTaken) else Problem("failed"))


async def _not_understood(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
    found = error.errors() if isinstance(error, RequestValidationError) else []
    return answer(Problem("not_understood", rows=[_row(one["loc"]) for one in found]))


def _row(at: Sequence[str | int]) -> Row:
    """Where a value stands: ("body", "absent", 0, "until") is row 1 of absent, field until. What begins with @ tells
    which of two forms was read."""
    place = [part for part in at[1:] if not str(part).startswith("@")]
    number = next((index for index, part in enumerate(place) if isinstance(part, int)), None)
    if number is None:
        return Row(0, ".".join(map(str, place)), "field_wrong")
    field = ".".join(map(str, place[number + 1 :]))
    return Row(int(place[number]) + 1, field, "field_wrong", ".".join(map(str, place[:number])))


async def _http(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
    status = error.status_code if isinstance(error, HTTPException) else 500
    problem = answer(Problem({404: "no_address", 405: "no_method", 400: "not_understood"}.get(status, "failed")))
    problem.headers.update(error.headers or {} if isinstance(error, HTTPException) else {})
    return problem


async def _away(request: Request, error: Exception) -> JSONResponse:
    log.error("database away", action="database_unreachable", path=request.url.path, error=type(error).__name__)
    return answer(Problem("unavailable"))


async def _failed(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", action="request_failed", path=request.url.path, error=type(error).__name__, exc_info=error)
    return answer(Problem("failed"))


HANDLERS: dict[Any, Any] = {
    Problem: _refused, NotTaken: _not_taken, RequestValidationError: _not_understood, HTTPException: _http,
    **dict.fromkeys(AWAY, _away), Exception: _failed,
}  # fmt: skip
