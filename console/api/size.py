"""No call is larger than a county's systems need: one that is gets its refusal before it is read into memory as a whole."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.api.problems import Problem, answer

LARGEST = 256 * 1024
"""Bytes of a body: a sheet of a whole school's absent children has a tenth of that."""


class TooLarge(Exception):
    """More than LARGEST came."""


class BodyLimit:
    """Reads the body up to its limit, whatever its header says, and passes it on in one piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            whole = await _whole(scope, receive)
        except TooLarge:
            await answer(Problem("too_large"))(scope, receive, send)
            return
        waiting = [whole]

        async def again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, again, send)


async def _whole(scope: Scope, receive: Receive) -> Message:
    """The request in one message; of a caller who has gone, that they have. Raises TooLarge."""
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    if said.isdigit() and int(said) > LARGEST:
        raise TooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > LARGEST:
            raise TooLarge
        if not message.get("more_body", False):
            return {"type": "http.request", "body": bytes(body), "more_body": False}
