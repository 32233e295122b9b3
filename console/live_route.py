"""The address at which an open page listens for news."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from console.parts import Parts
from console.visit import who

router = APIRouter()


@router.get("/live")
async def live(request: Request) -> Response:
    """Server-sent events; holds no connection to the database while it waits."""
    parts: Parts = request.app.state.parts
    me = await who(request, parts, await parts.clock.now())
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(parts.news.stream(me.post.area_code), media_type="text/event-stream", headers=headers)
