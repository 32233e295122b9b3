alter table report_version add column reasons jsonb not null default '{}';
update report_version v set reasons = coalesce(
  (
    select jsonb_object_agg(name, v.reason) from unnest(array['of_age', 'suspected', 'dropout']) name
    where v.stated -> name is distinct from v.computed -> name
  ),
  jsonb_build_object('suspected', v.reason)
) where v.reason is not null;
alter table report_version drop column reason;
alter table report add column first_due_at timestamptz;
update report set first_due_at = due_at;
alter table report alter column first_due_at set not null;
