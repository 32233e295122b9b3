"""The receipt page: whoever delivered a notice scans its receipt and says how, with the code printed there.

It shows the document's number and nothing of the child. What is said is stored here and carried out by the worker.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import text

import templates
from cases.delivering import PROVEN_BY, proof_lacking
from cases.plans import plan_in_force
from cases.proofs import PERSON_NAME, Told
from cases.receipt_claims import code_of, token_index
from console.security import CSRF_COOKIE, csrf_token, keep_csrf
from console.words import LANGUAGES, page_data
from plan.calendar import Calendar
from plan.deliveries import Deliveries
from storage.clock import Clock
from storage.crypto import Cipher
from storage.database import Database

log = structlog.get_logger("receipts")
PREFIX = "/r/"
MOST_MISSES = 5
PAUSE = timedelta(hours=1)
LARGEST = 4096
ANYBODY = "-"
"""An area that holds nothing: only what is public can be read."""
LACKING = {"say_signer": "signer", "say_witness": "witness", "say_posting": "number", "say_other_way": "way"}
PAGE = text("select number, issued_at, is_over, paused_until from receipt_page(:token)")
CLAIM = text("select receive_claim(:token, :is_right, :way, :on, cast(:proof as jsonb), :at, :most, :pause)")


@dataclass(frozen=True)
class Form:
    """What was filled in; kept when something is to be put right."""

    code: str = ""
    way: str = ""
    proof: str = ""
    on: str = ""
    deliverer: str = ""


@dataclass(frozen=True)
class Shown:
    """What one look at a receipt's address finds."""

    number: str
    first: date
    today: date
    deliveries: Deliveries
    is_over: bool
    is_paused: bool


class Receipts:
    """Reads and writes through the web role, by two functions of the database that know no child."""

    def __init__(self, web: Database, cipher: Cipher, clock: Clock) -> None:
        self._web = web
        self._cipher = cipher
        self._clock = clock

    async def look(self, token: str) -> Shown | None:
        """None for an address that is not one of ours."""
        now = await self._clock.now()
        async with self._web.reading(ANYBODY) as session:
            found = (await session.execute(PAGE, {"token": token_index(self._cipher, token)})).one_or_none()
            if found is None:
                return None
            plan = (await plan_in_force(session))[1]
        calendar = Calendar(plan)
        today = calendar.day_of(now)
        first = max(calendar.day_of(found.issued_at), today - timedelta(days=plan.deliveries.late_days))
        paused = found.paused_until is not None and found.paused_until > now
        return Shown(found.number, first, today, plan.deliveries, found.is_over, paused)

    async def take(self, token: str, shown: Shown, form: Form) -> str:
        """A word of templates/receipt.yaml, `said`: taken, over, wrong_code, paused, or what is to be put right."""
        if (wrong := _wrong(shown, form)) is not None:
            return wrong
        proof = {**_told(shown.deliveries, form).proof, "deliverer": form.deliverer}
        is_right = hmac.compare_digest(code_of(self._cipher, token).encode(), form.code.encode())
        given: dict[str, Any] = {
            "token": token_index(self._cipher, token), "is_right": is_right, "way": form.way, "on": date.fromisoformat(form.on),
            "proof": json.dumps(proof, ensure_ascii=False), "at": await self._now(), "most": MOST_MISSES, "pause": PAUSE,
        }  # fmt: skip
        async with self._web.session() as session, session.begin():
            said: str = (await session.execute(CLAIM, given)).scalar_one()
        log.info("receipt page", action="receipt_said", outcome=said)
        return said

    async def _now(self) -> datetime:
        return await self._clock.now()


def _told(deliveries: Deliveries, form: Form) -> Told:
    """What the form says; its one field is the proof of the way that was chosen."""
    way = deliveries.ways.get(form.way)
    kind = PROVEN_BY.get(way.proof, "") if way is not None else ""
    return Told(form.way, {kind: form.proof.upper() if kind == "number" else form.proof})


def _wrong(shown: Shown, form: Form) -> str | None:
    if (lacking := proof_lacking(shown.deliveries, _told(shown.deliveries, form))) is not None:
        return LACKING[lacking]
    if not _is_day(form.on) or not shown.first <= date.fromisoformat(form.on) <= shown.today:
        return "day"
    return None if PERSON_NAME.fullmatch(form.deliverer) else "deliverer"


def _is_day(said: str) -> bool:
    try:
        date.fromisoformat(said)
    except ValueError:
        return False
    return True


@cache
def _page() -> Any:
    folder = Path(str(templates.__file__)).parent / "pages"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined).get_template("receipt.html")


def _answer(request: Request, language: str, shown: Shown | None, said: str | None, form: Form | None) -> Response:
    data = page_data("receipt")

    def ui(key: str, **filled: str) -> str:
        return str(data["ui"][key][language]).format(**filled)

    token = csrf_token(request)
    page = _page().render(
        ui=ui, language=language, other=LANGUAGES[1 - LANGUAGES.index(language)], token=token, number=shown.number if shown else "",
        note=data["said"][said][language] if said else "", is_done=said in {"taken", "over"}, form=form,
        ways=[name for name, way in shown.deliveries.ways.items() if way.proof in PROVEN_BY] if shown else [],
        first=shown.first.isoformat() if shown else "", last=shown.today.isoformat() if shown else "",
    )  # fmt: skip
    response = HTMLResponse(page, status_code=404 if shown is None else 200)
    keep_csrf(request, response, token)
    return response


def _language(said: str) -> str:
    return said if said in LANGUAGES else LANGUAGES[0]


async def _sent(request: Request) -> dict[str, str] | None:
    """The fields of the form; None for one too large or unreadable."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            return None
    try:
        fields = parse_qs(body.decode(), max_num_fields=20, errors="strict")
    except ValueError:
        return None
    return {name: values[0].replace("\0", "").strip()[:60] for name, values in fields.items()}


def router(receipts: Receipts) -> APIRouter:
    """The page at /r/{token}."""
    made = APIRouter()

    @made.get(PREFIX + "{token}")
    async def look(request: Request, token: str, lang: Annotated[str, Query()] = LANGUAGES[0]) -> Response:
        shown = await receipts.look(token)
        said = "unknown" if shown is None else "over" if shown.is_over else "paused" if shown.is_paused else None
        form = Form(on=shown.today.isoformat()) if shown is not None and said is None else None
        return _answer(request, _language(lang), shown, said, form)

    @made.post(PREFIX + "{token}")
    async def tell(request: Request, token: str) -> Response:
        sent = await _sent(request) or {}
        language, shown = _language(sent.get("lang", "")), await receipts.look(token)
        if shown is None or shown.is_over or shown.is_paused:
            return _answer(request, language, shown, "unknown" if shown is None else "over" if shown.is_over else "paused", None)
        form = Form(**{name: sent.get(name, "") for name in ("code", "way", "proof", "on", "deliverer")})
        cookie = request.cookies.get(CSRF_COOKIE, "")
        if not cookie or not hmac.compare_digest(cookie.encode(), sent.get("csrf", "").encode()):
            return _answer(request, language, shown, "stale", form)
        said = await receipts.take(token, shown, form)
        return _answer(request, language, shown, said, None if said in {"taken", "over", "paused"} else form)

    return made
