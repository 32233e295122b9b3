-- What a family is told that rings back within three days of a call: its newest open question, where a key can answer it, on whatever way
-- that was asked; no row for a number that was not called, or at which nobody is reached any more (打错了): its owner is a stranger. A digit is
-- then read as the answer to the same question.
create or replace function rung_back(on_channel text, index bytea, at timestamptz, out body text, out provider_id text, out school_phone text)
returns setof record language sql stable security definer set search_path = public, pg_temp
as $$
  select asked.body, asked.provider_id, known.phone
  from (
    select contact.id from contact
    where contact.kind = 'phone' and contact.address_index = index and contact.state <> 'blocked' and exists (
      select from message
      where message.contact_id = contact.id and message.channel = on_channel and message.queued_at > at - interval '3 days'
    ) and exists (select from person_contact where contact_id = contact.id and retired_reason is null)
  ) called
  left join lateral (
    select case when newest.kind in ('absence', 'notice', 'confirm_return', 'help', 'lesson', 'choose') then message.body end as body,
      case when message.channel = on_channel then message.provider_id end as provider_id
    from (
      select question.kind, question.message_id from question
      join person_contact reached using (contact_id, person_id)
      where question.contact_id = called.id and reached.retired_reason is null and question.state = 'open' and question.expires_at > at and question.kind in
        ('absence', 'notice', 'confirm_return', 'help', 'where', 'school', 'until', 'lesson', 'choose')
      order by question.asked_at desc, question.id desc limit 1
    ) newest
    join message on message.id = newest.message_id
  ) asked on true
  left join lateral (
    select nullif(school.phone, '') as phone
    from question join student on student.id = question.student_id join school on school.id = student.school_id
    join person_contact reached using (contact_id, person_id)
    where question.contact_id = called.id and reached.retired_reason is null order by question.asked_at desc, question.id desc limit 1
  ) known on true
$$;
