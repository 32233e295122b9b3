"""How an officer's words say that a notice was delivered, and the proof without which they count for nothing (art. 2.1③)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from cases.plans import plan_of
from cases.words import Words, words
from plan.deliveries import Deliveries
from storage.tables import Photo, Task
from storage.work import Work

NAME = r"[\u4e00-\u9fff㐀-䶿·]{2,15}"
WITNESS = re.compile(rf"见证人?(?:是|为|[:：])?\s*(?P<after>{NAME})|(?P<before>{NAME}?)(?:同志)?(?:在场)?见证")
POSTING = re.compile(
    r"(?<![A-Za-z0-9])(?!1[3-9]\d{9}(?![A-Za-z0-9]))(?=[A-Za-z0-9]*\d{6})[A-Za-z]{0,4}\d{8,20}[A-Za-z]{0,3}(?![A-Za-z0-9])"
)
"""A mobile number is none."""
KEPT = "delivery_words"
PERSON_NAME = re.compile(NAME)
_LEADING = re.compile(r"^(?:由|有|请|在)")


@dataclass(frozen=True)
class Told:
    """Delivered in this way, with its proof: signed, photos, witness or number."""

    way: str
    proof: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lacking:
    """What is to be asked back in a sentence (templates/words.yaml, refusals)."""

    reason: str


async def delivery_told(work: Work, task: Task, said: str) -> Told | Lacking:
    """What the holder of a delivery task said, together with what they said before; words that lack only their proof are kept."""
    plan = await plan_of(work.session, task.plan_version_id)
    kept = task.facts.get(KEPT, "")
    taken = select(func.count()).select_from(Photo).where(Photo.task_id == task.id, Photo.state != "refused")
    told = read_delivery(plan.deliveries, said, kept=kept, photos=await work.session.scalar(taken) or 0)
    if isinstance(told, Lacking) and told.reason in PROOFS.values():
        task.facts = {**task.facts, KEPT: _whole(kept, said)}
    return told


def read_delivery(deliveries: Deliveries, said: str, *, kept: str = "", photos: int = 0) -> Told | Lacking:
    """Way and proof in these words; never guessed. `kept`: what was said before and lacked its proof."""
    known = words()
    if known.is_undelivered(said):
        return Lacking("say_delivered")
    whole = _whole(kept, said)
    way = known.way(whole)
    if way is None:
        return Lacking("say_delivery")
    if way not in deliveries.ways:
        return Lacking("say_other_way")
    if way == "in_person" and known.is_declined(said):
        return Lacking("say_left")
    kind = deliveries.ways[way].proof
    proof = _proof(kind, known, whole, said if kept else "", photos)
    return Told(way, {**proof, "words": whole}) if proof else Lacking(PROOFS.get(kind, "say_other_way"))


def _whole(kept: str, said: str) -> str:
    """Words that name a way themselves stand alone; others complete what was said before."""
    return said if not kept or words().way(said) else f"{kept}，{said}".strip("，")


PROOFS = {"signature_or_photo": "say_signer", "witness": "say_witness", "posting_number": "say_posting"}


def _proof(kind: str, known: Words, whole: str, last: str, photos: int) -> dict[str, Any]:
    """Empty where there is none. `last`: the words that answer what was asked back, where it was."""
    if kind == "witness":
        name = _witness(known, whole) or (last if PERSON_NAME.fullmatch(last) and known.is_witness(last) else None)
        return {"witness": name} if name else {}
    if kind == "posting_number":
        found = POSTING.search(whole)
        return {"number": found.group().upper()} if found else {}
    if kind == "signature_or_photo":
        signed = {"signed": True} if known.is_signed(whole) else {}
        return {**signed, "photos": photos} if photos else signed
    return {}


def _witness(known: Words, text: str) -> str | None:
    for match in WITNESS.finditer(text):
        name = _LEADING.sub("", match["after"] or match["before"] or "")
        if len(name) > 1 and known.is_witness(name):
            return name
    return None
