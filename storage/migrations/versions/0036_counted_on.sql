alter table attempt add column counted_on date;
