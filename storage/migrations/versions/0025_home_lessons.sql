-- Children taught at home: how many a sheet leaves out, and the family's word on a visit.
alter table attendance_sheet add column at_home integer not null default 0;
alter table home_lesson
  add column family_asked_at timestamptz,
  add column came boolean,
  add column family_said_at timestamptz,
  add column family_person_id bigint,
  add constraint fk_home_lesson_family_person_id foreign key (family_person_id) references person (id);
create index ix_home_lesson_unasked on home_lesson (planned_on) where family_asked_at is null and state in ('asked', 'done');
create index ix_arrangement_student_id on arrangement (student_id);
