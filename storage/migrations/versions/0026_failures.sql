alter table inbound add column failures integer not null default 0;
