-- When a sender that has stopped is tried again by itself, and how often it has been.
alter table sender add column try_at timestamptz, add column tries integer not null default 0;
