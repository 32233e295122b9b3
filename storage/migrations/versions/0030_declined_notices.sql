-- A notice that its officer does not issue is declined by name; it may still be issued while the case stands at its level.
alter table notice add column declined_at timestamptz, add column declined_by bigint references person (id);
