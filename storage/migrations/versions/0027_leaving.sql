-- As pgmq.pop, which finds the rows that it has chosen by joining the queue with itself: while the server takes a queue for empty, that is
-- a look at the whole queue for each of them.
create function take_queued(name text, quantity integer) returns table (msg_id bigint, message jsonb, read_ct integer)
language plpgsql set search_path = public, pg_temp as $$
begin
  return query execute format($query$
    with first as materialized (
      select ctid from pgmq.%1$I where vt <= clock_timestamp() order by msg_id limit $1 for update skip locked
    )
    delete from pgmq.%1$I queued where ctid = any(array(select ctid from first)) returning queued.msg_id, queued.message, queued.read_ct
  $query$, pgmq.format_table_name(name, 'q')) using quantity;
end $$;
revoke all on function take_queued(text, integer) from public;
grant execute on function take_queued(text, integer) to fanxiao_worker;

-- A change of `state` alone touches no index now; with room on its page it stays there.
drop index ix_message_waiting;
create index ix_message_waiting on message (expires_at) where sent_at is null and failed_at is null;
alter table message set (fillfactor = 60);
alter table attempt set (fillfactor = 70);
alter table contact set (fillfactor = 90);
