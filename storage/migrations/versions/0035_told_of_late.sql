-- Before each message it is asked what its reader was told of late: a teacher's own messages are thousands after some years.
create index ix_message_person_id_queued_at on message (person_id, queued_at);
drop index ix_message_person_id;

-- As before; but whoever has the number now is told nothing of what its former owner was asked there.
create or replace function rung_back(on_channel text, index bytea, at timestamptz, out body text, out provider_id text, out school_phone text)
returns setof record language sql stable security definer set search_path = public, pg_temp
as $$
  select asked.body, asked.provider_id, known.phone
  from (
    select contact.id from contact
    where contact.kind = 'phone' and contact.address_index = index and contact.state <> 'blocked' and exists (
      select from message
      where message.contact_id = contact.id and message.channel = on_channel and message.queued_at > at - interval '3 days'
    )
  ) called
  left join lateral (
    select case when newest.kind in ('absence', 'notice', 'confirm_return', 'help', 'lesson', 'choose') then message.body end as body,
      case when message.channel = on_channel then message.provider_id end as provider_id
    from (
      select question.kind, question.message_id from question
      where question.contact_id = called.id and question.state = 'open' and question.expires_at > at and question.kind in
        ('absence', 'notice', 'confirm_return', 'help', 'where', 'school', 'until', 'lesson', 'choose')
        and exists (
          select from person_contact theirs
          where theirs.person_id = question.person_id and theirs.contact_id = called.id and theirs.retired_reason is null
        )
      order by question.asked_at desc, question.id desc limit 1
    ) newest
    join message on message.id = newest.message_id
  ) asked on true
  left join lateral (
    select nullif(school.phone, '') as phone
    from question join student on student.id = question.student_id join school on school.id = student.school_id
    where question.contact_id = called.id order by question.asked_at desc, question.id desc limit 1
  ) known on true
$$;
