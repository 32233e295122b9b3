-- What arrives after all, although its provider had said that it failed, is not said again: by this the intents are found that were in it.
alter table intent add column failed_in bigint[];
create index ix_intent_failed_in on intent using gin (failed_in) where failed_in is not null;
