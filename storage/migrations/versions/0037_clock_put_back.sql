-- Nothing in these queues is ever put there for later: an entry whose time has not come is of a clock that was put back since, and would
-- wait as long as the clock went back.
create or replace function take_queued(name text, quantity integer) returns table (msg_id bigint, message jsonb, read_ct integer)
language plpgsql set search_path = public, pg_temp as $$
begin
  return query execute format($query$
    with first as materialized (
      select ctid from pgmq.%1$I order by msg_id limit $1 for update skip locked
    )
    delete from pgmq.%1$I queued where ctid = any(array(select ctid from first)) returning queued.msg_id, queued.message, queued.read_ct
  $query$, pgmq.format_table_name(name, 'q')) using quantity;
end $$;
