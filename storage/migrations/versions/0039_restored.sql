-- After a restore: until when, and about what since when, a provider is asked before a message leaves from here for the first time.
alter table sender add column asks_since timestamptz, add column asks_until timestamptz;
