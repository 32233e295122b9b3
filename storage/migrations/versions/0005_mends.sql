-- A report that could not be applied is tried again later, and set aside in the end.
alter table delivery_status
  add column tries integer not null default 0,
  add column again_at timestamptz;

-- A chat that its provider moves back and forth is not followed for ever. Publicity can be refused where nobody is known yet.
alter table contact
  add column moved_at timestamptz,
  add column refused_at timestamptz;

-- Buttons of a question that has ended are taken away, once.
alter table message add column cleared_at timestamptz;
create index ix_message_buttons on message (id) where options is not null and cleared_at is null;
create index ix_question_message_id on question (message_id);
