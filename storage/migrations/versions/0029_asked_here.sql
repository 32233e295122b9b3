-- Every text that comes in looks for what was asked at its contact, also for what has ended: without this each reads all questions ever.
create index ix_question_contact_id_asked_at on question (contact_id, asked_at);
