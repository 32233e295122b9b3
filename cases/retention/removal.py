"""What takes the place of personal data. Rows stay, so that counts, the ledger and the record hold; words, names and numbers go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

REMOVED = (
    ("student", "id = any(:children)", {
        "name": ":nobody", "name_pinyin": "''", "register_index": "sha256(('removed ' || id)::bytea)", "register_number_encrypted": "''",
        "id_number_encrypted": "null", "id_number_index": "null", "address_encrypted": "null", "row_digest": "null", "ethnicity": "null",
        "seat_number": "null", "birth_date": "date_trunc('year', birth_date)", "anonymised_at": ":now",
    }),
    ("student_category", "student_id = any(:children)", {"detail": "null"}),
    ("arrangement", "student_id = any(:children)", {"evidence": "''"}),
    ("care_card", "student_id = any(:children)", {"studies": "null", "living": "null"}),
    ("pair_contact", "pairing_id in (select id from pairing where student_id = any(:children))", {"said": "''"}),
    ("home_lesson", "student_id = any(:children)", {"said": "null", "evidence": "null"}),
    ("pairing", "student_id = any(:children)", {"evidence": "null"}),
    ("enrolment_event", "student_id = any(:children)", {"facts": "'{}'"}),
    ("enrolment_check", "student_id = any(:children)", {"place": "null", "said": "null"}),
    ("enrolment_gap", "student_id = any(:children)", {"to_name": "null"}),
    ("guardian_answer", "student_id = any(:children)", {"effects": "'{}'"}),
    ("leave", "student_id = any(:children)", {"reason": "''"}),
    ("absence", "student_id = any(:children)", {"reason": "null"}),
    ("aid_request", "student_id = any(:children)", {"note": "null", "proof": "null"}),
    ("inspection_item", "student_id = any(:children)", {"note": "null"}),
    ("complaint", "student_id = any(:children)", {"said_encrypted": "null", "answer": "null", "contact_id": "null", "person_id": "null"}),
    ("case_file", "id = any(:cases)", {"exit_facts": "null"}),
    ("referral", "case_id = any(:cases)", {"reason": "null", "answer": "null", "note": "null", "withdrawn_reason": "null"}),
    ("receipt", "notice_id in (select id from notice where case_id = any(:cases))", {"facts": "'{}'"}),
    ("receipt_claim", "case_id = any(:cases)", {"proof": "'{}'"}),
    ("difference", "student_id = any(:children) or case_id = any(:cases)", {"facts": "'{}'"}),
    ("task", "id = any(:tasks)", {"facts": "'{}'", "result": "null", "postponed_reason": "null"}),
    ("visit", "task_id = any(:tasks)", {"said": "''"}),
    ("intent", "id = any(:intents)", {"facts": "'{}'"}),
    ("question", "id = any(:questions)", {"facts": "'{}'"}),
    ("message", "id = any(:messages)", {"body": "''", "values": "null", "options": "null"}),
    ("inbound", "id = any(:texts)", {
        "body": "''", "photo": "null", "address_encrypted": "''", "address_index": "''", "phone_encrypted": "null", "phone_index": "null",
    }),
    ("person", "id = any(:people)", {
        "name": ":nobody", "name_pinyin": "''", "identity_index": "null", "language": "null", "anonymised_at": ":now",
    }),
    ("person_contact", "person_id = any(:people)", {"valid_until": "coalesce(valid_until, :day)", "retired_reason": "'removed'"}),
    ("contact", "id = any(:numbers)", {
        "address_encrypted": "''", "address_index": "sha256(('removed ' || id)::bytea)", "state": "'bad'", "sender_id": "null",
    }),
)  # fmt: skip
"""Table, whose rows, and what each column becomes. `:nobody` is the word that stands for a name."""

DELETED = (
    ("document", "student_id = any(:children) or case_id = any(:cases)"),
    ("receipt_link", "notice_id in (select id from notice where case_id = any(:cases))"),
    ("photo", "task_id = any(:tasks)"),
    ("listed_contact", "person_id = any(:people)"),
    ("link_code", "person_id = any(:people)"),
    ("consent", "person_id = any(:people)"),
    ("guardianship", "student_id = any(:children)"),
)
"""What is personal as a whole: papers, photographs, who belongs to whom."""

ABOUT = """
select from intent about join student child on child.id = coalesce(
    about.student_id, (select case_file.student_id from case_file where case_file.id = about.case_id)
) where about.message_id = message.id and child.anonymised_at is null"""
TOLD = """
select from guardian_answer told join student child on child.id = told.student_id
where told.inbound_id = inbound.id and child.anonymised_at is null"""
COMPLAINED = """
select from complaint left join task on task.id = complaint.task_id where complaint.state in ('received', 'acknowledged')
and (complaint.inbound_id = inbound.id or task.facts -> 'letters' @> to_jsonb(inbound.id))"""

OLD = (
    ("message", f"queued_at < :old and body <> '' and not exists ({ABOUT})", {
        "body": "''", "values": "null", "options": "null",
    }),
    ("intent", "created_at < :old and facts <> '{}' and state <> 'pending' and intent.student_id is null and intent.case_id is null", {
        "facts": "'{}'",
    }),
    ("question", "asked_at < :old and facts <> '{}' and state <> 'open' and student_id is null and case_id is null", {"facts": "'{}'"}),
    ("task", "ended_at < :old and student_id is null and case_id is null and (facts <> '{}' or result is not null)", {
        "facts": "'{}'", "result": "null", "postponed_reason": "null",
    }),
    ("inbound", f"received_at < :old and handled_at is not null and body <> '' and not exists ({TOLD}) and not exists ({COMPLAINED})", {
        "body": "''",
    }),
    ("saved_view", "saved_at < :old and jsonb_exists(filters, 'q')", {"filters": "filters - 'q'"}),
)  # fmt: skip
"""Texts that belong to no child's case. What belongs to a child whose data are still kept stays with it."""


def _update(table: str, whose: str, becomes: Mapping[str, str]) -> TextClause:
    return text(f'update "{table}" set {", ".join(f"{column} = {value}" for column, value in becomes.items())} where {whose}')


REMOVALS = [*(_update(*one) for one in REMOVED), *(text(f'delete from "{table}" where {whose}') for table, whose in DELETED)]
FORGETTING = [_update(*one) for one in OLD]


async def remove(session: AsyncSession, facts: Mapping[str, Any]) -> None:
    """Carries out every removal. `facts`: ids by kind, `now`, `day`, and `nobody`."""
    await _carry_out(session, REMOVALS, facts)


async def forget_old_words(session: AsyncSession, facts: Mapping[str, Any]) -> None:
    """Texts of before `old`."""
    await _carry_out(session, FORGETTING, facts)


async def _carry_out(session: AsyncSession, statements: Sequence[TextClause], facts: Mapping[str, Any]) -> None:
    for statement in statements:
        await session.execute(statement, {name: facts[name] for name in statement.compile().params})
