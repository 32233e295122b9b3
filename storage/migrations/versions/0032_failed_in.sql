-- What arrives after all, although its provider had said that it failed, is not said again: by this the intents are found that were in it.
alter table intent add column failed_in bigint[];
create index ix_intent_failed_in on intent using gin (failed_in) where failed_in is not null;
update intent set failed_in = array[message.id] from message
where message.id = intent.message_id and intent.state = 'pending' and message.state = 'failed' and message.sent_at is not null;
