"""What the contract alone costs: the rows and commits that it asks of each message, by statements written for nothing else.

Nothing is decided: no rule, no template, no check, no rate, one sender, every text the same. What stays is what makes that no message
is lost or sent twice: the intent is claimed and becomes a message with its question on the queue (one transaction), it leaves the queue
with an attempt (one), the call is written down before it is made (one for those of a moment), then its answer (the same), and the
provider's report, which is kept as it came before it is answered, and then applied.

`python -m bench._contract home port public_url` is the process that the provider reports to.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench._bound import BODY, Statements
from bench._county import NOW, County
from bench._reports import stay
from bot.outbox.senders import queue_name
from fanxiao.running import run
from storage.roles import Role

_REPORTED = f"""
create function bench_reported(names text[], words text[]) returns void language sql security definer set search_path = public, pg_temp
as $$
    insert into delivery_status (channel, provider_id, status, received_at)
    select 'twilio_sms', told.*, now() from unnest(names, words) told on conflict do nothing
$$;
grant execute on function bench_reported(text[], text[]) to {Role.WEB.value};
"""
_REPORT = "select bench_reported(%s, %s)"
_WORDED = """
with due as (
    select intent.*, nextval(pg_get_serial_sequence('message', 'id')) as says, person_contact.contact_id as reached
    from (
        select * from intent where state = 'pending' and due_at <= %(now)s order by urgency desc, due_at, id
        limit %(batch)s for update skip locked
    ) intent join person_contact using (person_id)
), worded as (
    insert into message (id, sender_id, channel, contact_id, person_id, area_code, urgency, template, body, parts, queued_at, expires_at)
    select says, %(sender)s, 'twilio_sms', reached, person_id, area_code, urgency, template, %(body)s, 2, %(now)s, expires_at from due
), asked as (
    insert into question (
        contact_id, person_id, area_code, kind, intent_id, message_id, case_id, student_id, facts, state, asked_at, expires_at
    )
    select reached, person_id, area_code, question, id, says, case_id, student_id, facts, 'open', %(now)s, expires_at from due
), said as (
    update intent set state = 'queued', message_id = due.says from due where intent.id = due.id
)
select count(*) from due, lateral pgmq.send(%(queue)s, jsonb_build_object('message_id', due.says))
"""
# Two statements: a function that changes rows sees what was committed meanwhile, the statement around it does not.
_TAKEN = "select (message ->> 'message_id')::bigint from take_queued(%(queue)s, %(batch)s)"
_BEGUN = """
with taken as (
    select unnest(%s::bigint[]) as id
), sending as (
    update message set state = 'sending' from taken where message.id = taken.id
    returning message.id, message.contact_id, message.body
), begun as (
    insert into attempt (message_id, epoch, started_at) select id, 1, clock_timestamp() from sending returning id, message_id
)
select begun.id, sending.id, contact.address_encrypted
from begun join sending on sending.id = begun.message_id join contact on contact.id = sending.contact_id
"""
_CALLED = "update attempt set called_at = clock_timestamp() from unnest(%s::bigint[]) told(id) where attempt.id = told.id"
_ACCEPTED = """
with told as (
    select * from unnest(%s::bigint[], %s::bigint[], %s::text[]) told(attempt_id, message_id, provider_id)
), settled as (
    update attempt set outcome = 'accepted', finished_at = clock_timestamp() from told where attempt.id = told.attempt_id
)
update message set provider_id = told.provider_id, sent_at = now(), state = 'sent' from told where message.id = told.message_id
"""
_APPLIED = """
with told as (
    select delivery_status.id, message.id as message_id
    from delivery_status join message using (channel, provider_id)
    where applied_at is null order by delivery_status.id limit %s for update skip locked
), applied as (
    update delivery_status set applied_at = now() from told where delivery_status.id = told.id
), arrived as (
    update message set state = 'delivered', delivered_at = now() from told where message.id = told.message_id returning 1
)
select count(*) from arrived
"""


def _facts(county: County) -> dict[str, Any]:
    (sender,) = county.rows("select id from sender")[0]
    return {"now": NOW, "sender": sender, "body": BODY, "queue": queue_name(sender, "duty")}


CONTRACT = Statements(
    prepared=_REPORTED, worded=_WORDED, taken=_TAKEN, begun=_BEGUN, called=_CALLED, accepted=_ACCEPTED, applied=_APPLIED,
    arrived="select count(*) from message where state = 'delivered'", module="bench._contract", facts=_facts,
)  # fmt: skip


if __name__ == "__main__":
    run(stay(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], _REPORT))
