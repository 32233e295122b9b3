"""Telegram's Bot API over real HTTP: messages, buttons, webhook, long polling, with faults on demand.

Methods, fields and descriptions of errors follow core.telegram.org/bots/api; an unknown field is refused, so that we notice.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from aiohttp import web

from tests.fakes.provider import Drop, Malformed, Provider, Slow, cut

FIELDS = {
    "sendMessage": {"chat_id", "text", "reply_markup", "link_preview_options"},
    "editMessageText": {"chat_id", "message_id", "text", "reply_markup", "link_preview_options"},
    "editMessageReplyMarkup": {"chat_id", "message_id", "reply_markup"},
    "answerCallbackQuery": {"callback_query_id", "text"},
    "getMe": set(),
    "setWebhook": {"url", "secret_token", "allowed_updates"},
    "deleteWebhook": set(),
    "getWebhookInfo": set(),
    "getUpdates": {"offset", "timeout", "allowed_updates"},
    "getFile": {"file_id"},
}
NOON = 1795500000
Answer = dict[str, Any]


@dataclass(frozen=True)
class Refuse:
    """An error answer as Telegram words it."""

    status: int
    description: str
    parameters: Mapping[str, int] | None = None


Fault = Refuse | Slow | Drop | Malformed
BLOCKED = Refuse(403, "Forbidden: bot was blocked by the user")
NOT_FOUND = Refuse(400, "Bad Request: chat not found")
UNAUTHORIZED = Refuse(401, "Unauthorized")


@dataclass
class FakeTelegram(Provider):
    """`async with FakeTelegram() as telegram:` serves at `telegram.base`. `next` holds faults for the messages to come."""

    closes_within: ClassVar[float] = 0.05
    token: str = "7000000001:" + "A" * 35
    username: str = "fanxiao_test_bot"
    messages: list[Answer] = field(default_factory=list)
    next: deque[Fault] = field(default_factory=deque)
    by_chat: dict[str, Fault] = field(default_factory=dict)
    updates: list[Answer] = field(default_factory=list)
    webhook: Answer = field(default_factory=lambda: {"url": "", "has_custom_certificate": False, "pending_update_count": 0})
    secret: str = ""
    calls: list[str] = field(default_factory=list)
    open_queries: set[str] = field(default_factory=set)
    fetching: int = 0
    base: str = ""
    fetch_fault: Refuse | None = None
    files: dict[str, bytes] = field(default_factory=dict)  # photographs that somebody sent, by file id
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    async def __aenter__(self) -> Self:
        self._more = asyncio.Condition()
        return await super().__aenter__()

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.route("*", "/bot{token}/{method}", self._called), web.get("/file/bot{token}/photos/{name}", self._file)])
        return app

    def sent_to(self, chat: str) -> list[str]:
        """What now stands in the messages accepted for this chat."""
        return [message["text"] for message in self.messages if str(message["chat"]["id"]) == chat]

    def text(self, chat: str, body: str, number: int | None = None, **more: Any) -> Answer:
        """An update: somebody wrote in a private chat. `more`: further fields of the message."""
        return self._update("message", self._message(chat, number, text=body, **more))

    def without_text(self, chat: str, number: int | None = None, **more: Any) -> Answer:
        """An update: a photo, a shared contact …"""
        return self._update("message", self._message(chat, number, **more))

    def photo(self, chat: str, content: bytes, caption: str = "", **more: Any) -> Answer:
        """An update: a photograph in two sizes, perhaps with words below it."""
        name = f"photo{next(self.numbers)}"
        self.files[name] = content
        sizes = [
            {"file_id": file_id, "file_unique_id": file_id, "width": side, "height": side, "file_size": len(content)}
            for file_id, side in ((f"{name}s", 90), (name, 1280))
        ]
        return self.without_text(chat, photo=sizes, **({"caption": caption} if caption else {}), **more)

    def press(self, message: Answer, answer: str, query: str = "4382") -> Answer:
        """An update: the button with this answer was pressed below a message of ours."""
        self.open_queries.add(query)
        pressed = {"id": query, "from": _person(str(message["chat"]["id"])), "chat_instance": "1", "data": answer}
        pressed["message"] = copy.deepcopy(message)  # as it stood then
        return self._update("callback_query", pressed)

    def membership(self, chat: str, status: str, at: int = NOON) -> Answer:
        """An update: the bot was blocked (kicked) or unblocked (member) in a private chat."""
        before, after = ("member", "kicked") if status == "kicked" else ("kicked", "member")
        states = {name: {"user": self._me(), "status": state} for name, state in (("old", before), ("new", after))}
        for state in states.values():
            state |= {"until_date": 0} if state["status"] == "kicked" else {}
        changed = {"chat": _chat(chat), "from": _person(chat), "date": at}
        return self._update("my_chat_member", changed | {"old_chat_member": states["old"], "new_chat_member": states["new"]})

    async def post(self, url: str, update: Answer, secret: str | None = None) -> int:
        """A webhook call, as Telegram makes it."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret if secret is None else secret}
        async with self._session.post(url, json=update, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def queue(self, *updates: Answer) -> None:
        """They wait to be fetched."""
        async with self._more:
            self.updates += updates
            self._more.notify_all()

    def _update(self, kind: str, content: Answer) -> Answer:
        return {"update_id": next(self.numbers), kind: content}

    def _message(self, chat: str, number: int | None, **more: Any) -> Answer:
        return {"message_id": number or next(self.numbers), "date": NOON, "chat": _chat(chat), "from": _person(chat)} | more

    def _me(self) -> Answer:
        return {"id": int(self.token.partition(":")[0]), "is_bot": True, "first_name": "返校", "username": self.username}

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _refusal(UNAUTHORIZED)
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.calls.append(method)
        if method not in FIELDS or set(fields) - FIELDS[method]:
            return _refusal(Refuse(400, f"Bad Request: unexpected {method} {sorted(fields)}"))
        if method == "sendMessage":
            return await self._send(request, fields)
        if method == "getUpdates":
            return await self._fetch(fields)
        result = getattr(self, f"_{method}")(fields)
        return _refusal(result) if isinstance(result, Refuse) else web.json_response({"ok": True, "result": result})

    async def _send(self, request: web.Request, fields: Mapping[str, str]) -> web.StreamResponse:
        fault = self.next.popleft() if self.next else self.by_chat.get(fields["chat_id"])
        refused = fault if isinstance(fault, Refuse) else _unfit(fields)
        if refused:
            return _refusal(refused)
        if isinstance(fault, Drop) and not fault.accepted:
            return cut(request)
        message = self._accept(fields)
        if isinstance(fault, Drop):
            return cut(request)
        if isinstance(fault, Malformed):
            return web.Response(text=fault.text)
        if isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        return web.json_response({"ok": True, "result": _without_keyboard(message)})

    def _accept(self, fields: Mapping[str, str]) -> Answer:
        message = {
            "message_id": next(self.numbers),
            "date": NOON,
            "chat": _chat(fields["chat_id"]),
            "from": self._me(),
            "text": fields["text"],
        }
        if "reply_markup" in fields:
            message["reply_markup"] = json.loads(fields["reply_markup"])
        self.messages.append(message)
        return message

    def _editMessageText(self, fields: Mapping[str, str]) -> Answer | Refuse:  # noqa: N802 - named like the method
        return self._edit(fields, text=fields["text"])

    def _editMessageReplyMarkup(self, fields: Mapping[str, str]) -> Answer | Refuse:  # noqa: N802
        return self._edit(fields)

    def _edit(self, fields: Mapping[str, str], **changed: str) -> Answer | Refuse:
        for message in self.messages:
            if (str(message["chat"]["id"]), str(message["message_id"])) == (fields["chat_id"], fields["message_id"]):
                if "reply_markup" not in message and changed.get("text", message["text"]) == message["text"]:
                    return Refuse(400, "Bad Request: message is not modified")
                message.pop("reply_markup", None)
                message |= changed
                return message
        return Refuse(400, "Bad Request: message to edit not found")

    def _answerCallbackQuery(self, fields: Mapping[str, str]) -> bool | Refuse:  # noqa: N802
        if fields["callback_query_id"] not in self.open_queries:
            return Refuse(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.open_queries.remove(fields["callback_query_id"])
        return True

    def _getFile(self, fields: Mapping[str, str]) -> Answer | Refuse:  # noqa: N802
        name = fields["file_id"]
        if name not in self.files:
            return Refuse(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return {"file_id": name, "file_unique_id": name, "file_size": len(self.files[name]), "file_path": f"photos/{name}.jpg"}

    async def _file(self, request: web.Request) -> web.StreamResponse:
        content = self.files.get(request.match_info["name"].removesuffix(".jpg"))
        return web.Response(status=404) if content is None else web.Response(body=content, content_type="image/jpeg")

    def _getMe(self, _fields: Mapping[str, str]) -> Answer:  # noqa: N802
        return self._me() | {"can_join_groups": False, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def _setWebhook(self, fields: Mapping[str, str]) -> bool:  # noqa: N802
        self.webhook |= {"url": fields["url"], "allowed_updates": json.loads(fields["allowed_updates"])}
        self.secret = fields["secret_token"]
        return True

    def _deleteWebhook(self, _fields: Mapping[str, str]) -> bool:  # noqa: N802
        self.webhook["url"], self.secret = "", ""
        return True

    def _getWebhookInfo(self, _fields: Mapping[str, str]) -> Answer:  # noqa: N802
        return self.webhook

    async def _fetch(self, fields: Mapping[str, str]) -> web.StreamResponse:
        if self.fetch_fault:
            fault, self.fetch_fault = self.fetch_fault, None
            return _refusal(fault)
        if self.webhook["url"]:
            return _refusal(Refuse(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"))
        if self.fetching:
            return _refusal(
                Refuse(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
            )
        self.fetching += 1
        try:
            return await self._waiting_updates(int(fields.get("offset", 0)), float(fields.get("timeout", 0)))
        finally:
            self.fetching -= 1

    async def _waiting_updates(self, offset: int, seconds: float) -> web.StreamResponse:
        async with self._more:
            self.updates = [update for update in self.updates if update["update_id"] >= offset]
            try:
                await asyncio.wait_for(self._more.wait_for(lambda: self.updates), seconds)
            except TimeoutError:
                return web.json_response({"ok": True, "result": []})
            return web.json_response({"ok": True, "result": self.updates[:100]})


def _unfit(fields: Mapping[str, str]) -> Refuse | None:
    if not fields["text"]:
        return Refuse(400, "Bad Request: message text is empty")
    if len(fields["text"]) > 4096:
        return Refuse(400, "Bad Request: message is too long")
    rows = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", [])
    if any(not 0 < len(button["callback_data"].encode()) <= 64 for row in rows for button in row):
        return Refuse(400, "Bad Request: BUTTON_DATA_INVALID")
    return None


def _without_keyboard(message: Answer) -> Answer:
    """A message shows its own buttons only: the keyboard that replaces the writer's is not part of it."""
    if "keyboard" not in message.get("reply_markup", {}):
        return message
    return {name: value for name, value in message.items() if name != "reply_markup"}


def _chat(chat: str) -> Answer:
    return {"id": int(chat), "type": "private", "first_name": "家长"}


def _person(chat: str) -> Answer:
    return {"id": int(chat), "is_bot": False, "first_name": "家长", "language_code": "zh-hans"}


def _refusal(fault: Refuse) -> web.Response:
    told: Answer = {"ok": False, "error_code": fault.status, "description": fault.description}
    return web.json_response(told | ({"parameters": dict(fault.parameters)} if fault.parameters else {}), status=fault.status)
