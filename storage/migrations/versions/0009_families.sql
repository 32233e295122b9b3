alter table aid_request add column kind text;

alter table enrolment_check
  add column place text,
  add column said text;
