-- What many calls brought: each text stored and queued in one step, in order per contact, each report stored, and each once however
-- often it comes. Gives the ids of the texts that are new.
drop function receive_inbound(text, text, text, bytea, bytea, text, text, timestamptz, text, bytea, bytea, text);
drop function receive_status(text, text, text, text, timestamptz, timestamptz, integer);
create function receive(texts jsonb, reports jsonb) returns setof bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  new_ids bigint[];
  groups jsonb[];
begin
  if jsonb_array_length(reports) > 0 then
    insert into delivery_status (channel, provider_id, status, code, received_at, at, sequence)
    select told.channel, told.provider_id, told.status, told.code, told.received_at, told.at, told.sequence
    from jsonb_populate_recordset(null::delivery_status, reports) told
    order by told.channel, told.provider_id, told.status
    on conflict on constraint uq_delivery_status_channel_provider_id_status do nothing;
  end if;
  if jsonb_array_length(texts) > 0 then
    with stored as (
      insert into inbound (
        channel, provider_id, kind, address_encrypted, address_index, to_address, body, received_at,
        reply_to, phone_encrypted, phone_index, choice
      )
      select told.channel, told.provider_id, told.kind, told.address_encrypted, told.address_index, told.to_address, told.body,
        told.received_at, told.reply_to, told.phone_encrypted, told.phone_index, told.choice
      from jsonb_populate_recordset(null::inbound, texts) told
      on conflict on constraint uq_inbound_channel_provider_id do nothing
      returning inbound.id, inbound.address_index
    )
    select array_agg(id order by id), array_agg(jsonb_build_object('x-pgmq-group', encode(address_index, 'hex')) order by id)
    into new_ids, groups from stored;
    if new_ids is not null then
      perform pgmq.send_batch('inbound', (select array_agg(jsonb_build_object('inbound_id', id)) from unnest(new_ids) id), groups);
    end if;
  end if;
  return query select unnest(new_ids);
end $$;

revoke all on function receive(jsonb, jsonb) from public;
grant execute on function receive(jsonb, jsonb) to fanxiao_web, fanxiao_worker;

-- In the order in which intents are claimed, so that a campaign due at one moment is not sorted for every batch.
drop index ix_intent_due;
create index ix_intent_due on intent (urgency desc, due_at, id) where state = 'pending';
