-- A case concerns the area of the child's home and that of its school: the hooks of both are told, as both may see it.
create or replace function queue_for_hooks() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into hook_delivery (hook_id, event_id, lane, next_at)
  select hook.id, told.id, coalesce('case:' || told.case_id, told.subject), told.at
  from new_rows told
  left join case_file its_case on its_case.id = told.case_id
  left join student child on told.case_id is null and told.subject ~ '^student:[0-9]{1,15}$'
    and child.id = case when told.subject ~ '^student:[0-9]{1,15}$' then substr(told.subject, 9)::bigint end
  join api_hook hook on hook.state <> 'ended' and told.action = any (hook.kinds) and (
    told.area_code <> '' and starts_with(told.area_code, hook.area_code)
    or starts_with(coalesce(its_case.school_area_code, child.school_area_code, ''), hook.area_code)
  )
  order by told.id
  on conflict do nothing;
  return null;
end $$;

-- What has been told long ago is deleted by its time.
create index ix_hook_delivery_done on hook_delivery (done_at) where state = 'delivered';
create index ix_api_call_called_at on api_call (called_at);
