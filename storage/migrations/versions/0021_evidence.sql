alter table pairing add column evidence text;
alter table home_lesson add column evidence text;
