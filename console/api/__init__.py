"""The JSON API for other systems, an application of its own under /api/v1: its refusals are problems, not pages."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from console.api import attendance, cases, enrolment, hooks
from console.api.problems import HANDLERS, MEDIA_TYPE
from console.api.size import BodyLimit
from console.parts import Parts

PATH = "/api/v1"
TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "title_en", "status"],
    "properties": {
        "type": TEXT, "title": TEXT, "title_en": TEXT, "status": {"type": "integer"}, "detail": TEXT, "detail_en": TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["list", "row", "field", "reason", "detail", "detail_en"],
                "properties": {
                    "list": TEXT, "row": {"type": "integer"}, "field": TEXT, "reason": TEXT, "detail": TEXT, "detail_en": TEXT
                },
            },
        },
    },
}  # fmt: skip
REFUSED = {
    401: "no valid key", 403: "the key or its officer may not", 404: "not found within the key's area", 409: "does not fit what is known",
    413: "larger than 256 kB", 422: "not well formed", 429: "too often", 503: "not available now",
}  # fmt: skip


def create_api(parts: Parts) -> FastAPI:
    """To be mounted at PATH."""
    api = FastAPI(
        title="fanxiao 返校", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json", exception_handlers=HANDLERS,
        separate_input_output_schemas=False,
    )  # fmt: skip
    api.state.parts = parts
    api.add_middleware(BodyLimit)
    for part in (attendance, enrolment, cases, hooks):
        api.include_router(part.router)
    described: dict[str, Any] = {}

    def describe() -> dict[str, Any]:
        if not described:
            described.update(_described(api))
        return described

    setattr(api, "openapi", describe)  # noqa: B010 - so FastAPI's own documentation says; typed, it is a method
    return api


def _described(api: FastAPI) -> dict[str, Any]:
    """FastAPI's description, with our own refusals instead of its own."""
    found = get_openapi(title=api.title, version=api.version, routes=api.routes, servers=[{"url": PATH}])
    schemas = found["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"] |= {str(status): {"description": why, "content": content} for status, why in REFUSED.items()}
    return found
