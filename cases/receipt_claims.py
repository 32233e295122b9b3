"""The receipt page: the address and code on a notice's receipt, and what was said there (art. 2.1③)."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from cases.casework import lock_case
from cases.escalation import settle
from cases.notices import deliver_notice
from cases.plans import plan_of
from storage.crypto import Cipher
from storage.tables import Notice, ReceiptClaim, ReceiptLink
from storage.work import Work

TOKEN_BYTES = 16
DIGITS = 6


def code_of(cipher: Cipher, token: str) -> str:
    """The code printed beside the address: six digits that only we can tell from it."""
    return f"{int.from_bytes(cipher.index(f'receipt code {token}')) % 10**DIGITS:0{DIGITS}d}"


def token_index(cipher: Cipher, token: str) -> bytes:
    """By which the address is found again."""
    return cipher.index(f"receipt {token}")


async def receipt_tokens(work: Work, cipher: Cipher, notice_ids: Collection[int]) -> dict[int, str]:
    """Notice → the word in its receipt's address; a new one where there is none yet. A reprint bears the same."""
    known = await _tokens(work, cipher, notice_ids)
    fresh = {notice_id: secrets.token_urlsafe(TOKEN_BYTES) for notice_id in notice_ids if notice_id not in known}
    if fresh:
        rows = [
            {
                "notice_id": notice_id,
                "token_index": token_index(cipher, token),
                "token_encrypted": cipher.encrypt(token),
                "made_at": work.now,
            }
            for notice_id, token in fresh.items()
        ]
        await work.session.execute(insert(ReceiptLink).on_conflict_do_nothing(index_elements=["notice_id"]), rows)
        known |= await _tokens(work, cipher, fresh)
    return known


async def _tokens(work: Work, cipher: Cipher, notice_ids: Collection[int]) -> dict[int, str]:
    query = select(ReceiptLink.notice_id, ReceiptLink.token_encrypted).where(ReceiptLink.notice_id.in_(notice_ids))
    return {notice_id: cipher.decrypt(token) for notice_id, token in await work.session.execute(query)}


async def take_claim(work: Work, claim: ReceiptClaim) -> None:
    """Carries out what was said on the page: the deadline runs from the day of delivery that it names."""
    claim.next_at = None
    case = await lock_case(work, claim.case_id)
    notice = await work.session.get_one(Notice, claim.notice_id, with_for_update=True)
    deliveries = (await plan_of(work.session, case.plan_version_id)).deliveries
    if notice.delivered_at is not None:
        claim.outcome = "known"
        return
    if claim.way not in deliveries.ways or notice.issued_at is None or notice.withdrawn_at is not None:
        claim.outcome = "refused"
        work.record("receipt_refused", f"notice:{notice.id}", area_code=notice.area_code, case_id=case.id, way=claim.way)
        return
    facts = {"claim_id": claim.id, **claim.proof}
    await deliver_notice(work, case, notice, claim.way, by=None, facts=facts, on=claim.delivered_on)
    claim.outcome = "delivered"
    await work.session.flush()
    await settle(work, case)
