-- Before each message it is asked what its reader was told of late: a teacher's own messages are thousands after some years.
create index ix_message_person_id_queued_at on message (person_id, queued_at);
drop index ix_message_person_id;
