-- The record only grows, whoever asks.
create function refuse_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

-- Queues belong to the owner; the worker uses their rows.
grant usage on schema pgmq to fanxiao_worker;
grant select, insert, update, delete on all tables in schema pgmq to fanxiao_worker;
alter default privileges in schema pgmq grant select, insert, update, delete on tables to fanxiao_worker;

create function create_queue(name text) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if name !~ '^[a-z][a-z0-9_]{0,46}$' then
    raise exception 'not a queue name' using errcode = 'invalid_parameter_value';
  end if;
  if not exists (select 1 from pgmq.meta where queue_name = name) then
    perform pgmq.create(name);
  end if;
end $$;
revoke all on function create_queue(text) from public;
grant execute on function create_queue(text) to fanxiao_worker;
select create_queue('inbound');

-- A message that came in: stored and queued in one step, once, in order per contact.
create function receive_inbound(
  channel text, provider_id text, kind text, address_encrypted bytea, address_index bytea,
  to_address text, body text, received_at timestamptz
) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
  new_id bigint;
begin
  insert into inbound (channel, provider_id, kind, address_encrypted, address_index, to_address, body, received_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  on conflict on constraint uq_inbound_channel_provider_id do nothing
  returning id into new_id;
  if new_id is not null then
    perform pgmq.send('inbound', jsonb_build_object('inbound_id', new_id), jsonb_build_object('x-pgmq-group', encode($5, 'hex')));
  end if;
  return new_id;
end $$;

-- A provider's word on a message, stored once however often it comes.
create function receive_status(channel text, provider_id text, status text, code text, received_at timestamptz)
returns void language sql security definer set search_path = public, pg_temp as $$
  insert into delivery_status (channel, provider_id, status, code, received_at) values ($1, $2, $3, $4, $5)
  on conflict on constraint uq_delivery_status_channel_provider_id_status do nothing
$$;

revoke all on function receive_inbound(text, text, text, bytea, bytea, text, text, timestamptz) from public;
revoke all on function receive_status(text, text, text, text, timestamptz) from public;
grant execute on function receive_inbound(text, text, text, bytea, bytea, text, text, timestamptz) to fanxiao_web, fanxiao_worker;
grant execute on function receive_status(text, text, text, text, timestamptz) to fanxiao_web, fanxiao_worker;

-- The last event of the next batch to seal. Its lock waits for writers under way, so that no lower number comes later.
create function settled_event_end(after_id bigint, batch integer)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
begin
    lock table event in share mode;
    return (select max(id) from (select id from event where id > after_id order by id limit batch) settled);
end
$$;
revoke all on function settled_event_end(bigint, integer) from public;
grant execute on function settled_event_end(bigint, integer) to fanxiao_worker;
