"""The least that loses no message and sends none twice: one narrow table of what is to be sent, one of what is reported.

A message is claimed before it is called about (one commit for many), its answer is written, the provider's report is kept before it is
answered, and applied. There is no intent, no queue, no attempt, no question, nobody to choose, nothing to look for but the next rows.

`python -m bench._least home port public_url` is the process that the provider reports to.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench._bound import BODY, Statements
from bench._reports import stay
from fanxiao.running import run
from storage.roles import Role

_TABLES = f"""
create table least (
    id bigint primary key, number bytea, body text default '{BODY}',
    begun_at timestamptz, provider_id text, sent_at timestamptz, delivered_at timestamptz
) with (fillfactor = 50);
insert into least (id, number)
    select intent.id, address_encrypted
    from intent join person_contact using (person_id) join contact on contact.id = person_contact.contact_id;
create index on least (id) where begun_at is null;
create index on least (provider_id);
create table least_report (
    id bigint generated always as identity primary key, provider_id text, status text, applied_at timestamptz, unique (provider_id, status)
) with (fillfactor = 50);
create index on least_report (id) where applied_at is null;
grant select, insert, update on least, least_report to {Role.WEB.value}, {Role.WORKER.value};
"""
_REPORT = "insert into least_report (provider_id, status) select * from unnest(%s::text[], %s::text[]) on conflict do nothing"
_TAKEN = "select id from least where begun_at is null order by id limit %(batch)s for update skip locked"
_BEGUN = """
update least set begun_at = clock_timestamp() from unnest(%s::bigint[]) told(id) where least.id = told.id
returning least.id, least.id, number
"""
_ACCEPTED = """
update least set provider_id = told.provider_id, sent_at = now()
from unnest(%s::bigint[], %s::bigint[], %s::text[]) told(attempt_id, id, provider_id) where least.id = told.id
"""
_APPLIED = """
with told as (
    select least_report.id, least.id as message_id
    from least_report join least using (provider_id)
    where applied_at is null order by least_report.id limit %s for update of least_report skip locked
), applied as (
    update least_report set applied_at = now() from told where least_report.id = told.id
), arrived as (
    update least set delivered_at = now() from told where least.id = told.message_id returning 1
)
select count(*) from arrived
"""
LEAST = Statements(
    prepared=_TABLES, taken=_TAKEN, begun=_BEGUN, accepted=_ACCEPTED, applied=_APPLIED,
    arrived="select count(delivered_at) from least", module="bench._least",
)  # fmt: skip


if __name__ == "__main__":
    run(stay(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], _REPORT))
