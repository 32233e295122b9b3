-- A visit may be in vain and be made again, and more may be told of it afterwards.
alter table visit drop constraint uq_visit_task_id;
create index ix_visit_task_id on visit (task_id);
