-- What a prefecture has lived through by 24 November 2026, nine in the morning: written from the people of bench/_prefecture.py.

-- Who answers for what, and the school days
create temporary table school_day as
    select day::date as day, row_number() over (order by day) as number from generate_series(date '2026-09-01', date '2026-11-24', '1 day') day
    where extract(isodow from day) < 6 and day not between '2026-10-01' and '2026-10-07';
create temporary table post as
    select distinct on (role, place) person_id, role, area_code, school_id, class_id, place from (
        select *, coalesce('c' || class_id, 's' || school_id, area_code) as place from responsibility
    ) held order by role, place, id;
create index on post (role, place); analyze post; analyze school_day;
create temporary table chosen as
    select 1 + (random() * (select max(id) - 1 from student))::bigint as id, 1 + (random() * (select max(number) - 1 from school_day))::int as number
    from generate_series(1, 60000);
analyze chosen;

-- Sheets and absences of every day
insert into attendance_sheet (class_id, school_id, area_code, "on", state, enrolled, asked_at, answered_at, answered_by)
select room.id, room.school_id, room.area_code, day,
    case when day = '2026-11-24' and random() < 0.3 then 'asked' when day < '2026-11-24' and random() < 0.02 then 'unanswered' else 'answered' end,
    30, day + time '00:30' at time zone 'UTC', day + time '00:50' at time zone 'UTC', post.person_id
from school_day cross join school_class room join post on post.role = 'class_teacher' and post.class_id = room.id order by day, room.id;
analyze attendance_sheet;
insert into event (at, actor, action, subject, area_code, facts)
select answered_at, 'person:' || answered_by, 'sheet_answered', 'sheet:' || id, area_code, '{"absent": 0, "arrived": 0}'
from attendance_sheet where state = 'answered' order by id;
insert into absence (student_id, "on", sheet_id, area_code, state, recorded_at, recorded_by)
select s.id, sheet."on", sheet.id, s.area_code, case when random() < 0.5 then 'excused' else 'absent' end, sheet.answered_at, sheet.answered_by
from chosen join student s using (id) join school_day using (number) join attendance_sheet sheet on sheet.class_id = s.class_id and sheet."on" = day
where sheet.state = 'answered' on conflict do nothing;
insert into enrolment_event (student_id, kind, at, facts)
select id, 'entered', timestamptz '2026-08-25 02:00+00', '{}' from student order by id;

-- Cases, their levels and days
insert into case_file (number, student_id, school_id, class_id, area_code, school_area_code, plan_version_id, state, level, opened_at,
    first_absent_on, cause, back_on, next_at, closed_at, exit)
select '临夏2026-' || lpad(n::text, 5, '0'), s.id, s.school_id, s.class_id, s.area_code, s.school_area_code, 1,
    case when n % 5 = 0 then 'closed' else 'open' end, level, opened, opened::date,
    case when n % 3 > 0 then (array['refuses_school', 'hardship', 'working', 'illness', 'far_school'])[1 + n % 5] end,
    case when n % 5 < 2 then least(opened::date + 9, date '2026-11-24') end, timestamptz '2026-11-24 01:00:00+00' + interval '1 day',
    case when n % 5 = 0 then least(opened + interval '12 days', timestamptz '2026-11-24 01:00:00+00') end, case when n % 5 = 0 then 'returned' end
from (select n, day + time '05:00' at time zone 'UTC' as opened, case when away > 40 then 8 when away > 24 then 6 when away > 12 then 5
        when away > 5 then 4 when away > 2 then 3 else 2 end as level
    from generate_series(1, 3000) n cross join lateral (
        select day, (select max(number) from school_day) - number as away from school_day
        where number = 1 + n * 7 % (select max(number) from school_day)
    ) begun) drawn
join student s on s.id = 1 + drawn.n * 113 % (select max(id) from student);
analyze case_file;
insert into case_level (case_id, episode, level, entered_at, recorded_at, reason, left_at)
select id, 1, l, opened_at + l * interval '20 hours', opened_at + l * interval '20 hours', 'absent',
    case when l < level then opened_at + (l + 1) * interval '20 hours' end from case_file cross join lateral generate_series(1, level) l;
insert into absence (student_id, "on", sheet_id, area_code, state, recorded_at, recorded_by)
select c.student_id, sheet."on", sheet.id, c.area_code, 'absent', sheet.answered_at, sheet.answered_by
from case_file c join attendance_sheet sheet on sheet.class_id = c.class_id and sheet."on" >= c.first_absent_on
    and sheet."on" < coalesce(c.back_on, date '2100-01-01') where sheet.state = 'answered' on conflict do nothing;
insert into event (at, actor, action, subject, area_code, case_id, facts)
select * from (
    select opened_at as at, 'system', 'case_opened', 'case:' || id, area_code, id, jsonb_build_object('on', first_absent_on) from case_file
    union all select l.entered_at, 'system', 'level_entered', 'case:' || c.id, c.area_code, c.id, jsonb_build_object('level', l.level)
        from case_level l join case_file c on c.id = l.case_id
    union all select a.recorded_at, 'system', 'still_absent', 'case:' || c.id, c.area_code, c.id, jsonb_build_object('on', a."on")
        from absence a join case_file c on c.student_id = a.student_id and a."on" > c.first_absent_on
    union all select back_on + time '01:00' at time zone 'UTC', 'system', 'back_at_school', 'case:' || id, area_code, id,
        jsonb_build_object('on', back_on) from case_file where back_on is not null
    union all select closed_at, 'system', 'case_closed', 'case:' || id, area_code, id, '{"exit": "returned"}' from case_file
        where closed_at is not null
) happened order by at;

-- Steps and notices
insert into task (key, kind, role, level, code, area_code, school_id, class_id, case_id, student_id, plan_version_id, state, opened_at, due_at,
    alerted_at, acknowledged_at, acknowledged_by, ended_at, ended_by, result, next_at)
select 'case:' || c.id || ':1:' || kind, kind, step.role, step.level, 'A' || (2 + c.id % 8), c.area_code, c.school_id, c.class_id, c.id,
    c.student_id, 1, case when is_over and c.id % 4 = 0 then 'missed' when is_over then 'done' when c.id % 3 = 0 then 'acknowledged'
        else 'open' end,
    l.entered_at, l.entered_at + interval '30 hours', l.entered_at, l.entered_at + interval '3 hours', held.person_id,
    case when is_over then l.entered_at + interval '20 hours' end, case when is_over and c.id % 4 > 0 then held.person_id end,
    case when is_over then '已见到家长' end, case when not is_over then timestamptz '2026-11-24 01:00:00+00' + interval '1 day' end
from case_file c join (values (2, 'family_contact', 'class_teacher'), (3, 'principal_contact', 'principal'), (3, 'home_visit', 'village_committee'),
    (4, 'issue_notice', 'township_officer'), (4, 'read_report', 'county_officer'), (5, 'joint_visit', 'county_officer'),
    (6, 'decide_measures', 'leading_group'), (8, 'supervise', 'prefecture_officer')) step (level, kind, role) on step.level <= c.level join case_level l on l.case_id = c.id and l.level = step.level
cross join lateral (select step.level < c.level or c.back_on is not null as is_over) over_
join post held on held.role = step.role and held.place = case step.role when 'class_teacher' then 'c' || c.class_id
    when 'principal' then 's' || c.school_id when 'village_committee' then c.area_code when 'township_officer' then left(c.area_code, 9)
    when 'prefecture_officer' then '6229' else left(c.area_code, 6) end;
analyze task;
insert into task_holder (task_id, person_id, why, since) select id, acknowledged_by, 'holder', opened_at from task;
analyze task_holder;
insert into event (at, actor, action, subject, area_code, case_id, facts)
select opened_at, 'system', 'task_opened', 'task:' || id, area_code, case_id, jsonb_build_object('kind', kind, 'holders', array[acknowledged_by])
from task union all
select ended_at, coalesce('person:' || ended_by, 'system'), 'task_' || state, 'task:' || id, area_code, case_id, jsonb_build_object('kind', kind)
from task where ended_at is not null;
insert into notice (case_id, episode, kind, student_id, area_code, year, sequence, number, drafted_at, issued_at, issued_by, delivered_at,
    deadline_on)
select case_id, 1, 'first', student_id, left(area_code, 9), case when id % 4 > 0 then 2026 end, case when id % 4 > 0 then id end,
    case when id % 4 > 0 then '返〔2026〕' || id || '号' end, opened_at, case when id % 4 > 0 then opened_at + interval '5 hours' end,
    case when id % 4 > 0 then acknowledged_by end, case when id % 4 > 1 then opened_at + interval '30 hours' end,
    case when id % 4 > 1 then (opened_at + interval '10 days')::date end
from task where kind = 'issue_notice';

-- What was said
insert into sender (channel, address, account, rate_per_second) values ('twilio_sms', '+15005550006', '', 10), ('telegram', '@fanxiao', '', 20),
    ('wecom', 'corp', '', 20);
create temporary table told as
    select row_number() over (order by at, person_id) as id, said.* from (
        select t.opened_at as at, h.person_id, t.area_code, 'escalation_alert' as template, t.case_id, t.id as task_id, t.key as key,
            '马龙英已3天没到校，请在明天12:00前家访。回复“A2 已办”。' as body from task t join task_holder h on h.task_id = t.id
        union all select c.opened_at + n * interval '6 hours', g.person_id, c.area_code, 'absence_question', c.id, null,
            'case:' || c.id || ':ask:' || n, '您的孩子今天没到校，请回复：1生病 2已在路上 3家里有事 4不想上学。'
        from case_file c join guardianship g on g.student_id = c.student_id cross join generate_series(1, 3) n
    ) said;
insert into message (id, sender_id, channel, contact_id, person_id, area_code, urgency, template, body, parts, state, provider_id, queued_at,
    sent_at, delivered_at, answered_at, failed_at, failure, expires_at, tries, cost)
select id, 1, 'twilio_sms', person_id, person_id, area_code, 'duty', template, body, 1, (array['delivered', 'delivered', 'answered', 'sent',
    'failed'])[1 + id % 5], 'SM' || id, at, at + interval '2 seconds', case when id % 5 < 3 then at + interval '6 seconds' end,
    case when id % 5 = 2 then at + interval '1 hour' end, case when id % 5 = 4 then at + interval '9 seconds' end,
    case when id % 5 = 4 then '30003' end, at + interval '1 day', 1, 0.045 from told;
insert into intent (dedupe_key, person_id, template, urgency, facts, area_code, case_id, task_id, created_at, due_at, expires_at, state, message_id)
select key, person_id, template, 'duty', '{}', area_code, case_id, task_id, at, at, at + interval '1 day', 'queued', id from told;
insert into inbound (channel, provider_id, kind, address_encrypted, address_index, to_address, body, received_at, handled_at, outcome, area_code,
    contact_id, person_id)
select 'twilio_sms', 'IN' || c.id, 'phone', contact.address_encrypted, contact.address_index, '+15005550006', '娃娃生病了，明天来',
    c.opened_at + interval '8 hours', c.opened_at + interval '8 hours', 'answered', c.area_code, contact.id, g.person_id
from case_file c join guardianship g on g.student_id = c.student_id join contact on contact.id = g.person_id where c.id % 3 > 0;
insert into guardian_answer (student_id, case_id, person_id, inbound_id, intent, at, effects)
select c.student_id, c.id, i.person_id, i.id, 'ill', i.received_at, '{}' from inbound i join case_file c on 'IN' || c.id = i.provider_id;
insert into inbound (channel, provider_id, kind, address_encrypted, address_index, to_address, body, received_at, handled_at, outcome, area_code)
select 'twilio_sms', 'UN' || n, 'phone', contact.address_encrypted, contact.address_index, '+15005550006', '你们是谁', timestamptz '2026-11-24 01:00:00+00' - n * interval '1 hour',
    timestamptz '2026-11-24 01:00:00+00' - n * interval '1 hour', 'triage', '6229' || lpad((1 + n % 8)::text, 2, '0')
from generate_series(1, 400) n join contact on contact.id = n;
insert into task (key, kind, role, code, area_code, inbound_id, plan_version_id, state, opened_at, due_at, alerted_at, facts)
select 'triage:' || id, case when id % 40 = 0 then 'safety' else 'triage' end, 'county_officer', 'B3', area_code, id, 1, 'open', received_at,
    received_at + interval '3 days', received_at, '{}' from inbound where provider_id like 'UN%';
insert into task_holder (task_id, person_id, why, since) select t.id, post.person_id, 'holder', t.opened_at
from task t join post on post.role = 'county_officer' and post.area_code = t.area_code where t.inbound_id is not null;

-- Publicity
insert into campaign (name, text_key, audience, area_code, filters, schedule, state, people, created_by, created_at, scheduled_at, started_at,
    ended_at, round)
select case n when 1 then '全州开学宣传' else '宣传' || n end, 'duty', 'guardians', case when n in (1, 81) then '6229' else '6229'
    || lpad((1 + n % 8)::text, 2, '0') end, '{}', '{}', case when n > 80 then 'draft' else 'done' end, 350000, post.person_id, timestamptz '2026-11-24 01:00:00+00'
    - (90 - n) * interval '20 hours', timestamptz '2026-11-24 01:00:00+00' - (90 - n) * interval '20 hours', timestamptz '2026-11-24 01:00:00+00' - (90 - n) * interval '20 hours',
    timestamptz '2026-11-24 01:00:00+00' - (90 - n) * interval '18 hours', 1
from generate_series(1, 81) n join post on post.role = 'prefecture_officer' and post.area_code = '6229';
create temporary table base as select coalesce(max(id), 0) as id from message;
insert into message (id, sender_id, channel, contact_id, person_id, area_code, urgency, template, body, parts, state, provider_id, queued_at,
    sent_at, delivered_at, failed_at, failure, expires_at, tries, cost)
select base.id + g.student_id, 1, 'twilio_sms', g.person_id, g.person_id, s.area_code, 'bulk', 'publicity_duty',
    '每个孩子都要上完九年级。有难处请告诉班主任。退订回TD', 1, case when g.student_id % 9 = 0 then 'failed' when g.student_id % 9 = 1 then 'sent'
    else 'delivered' end, 'PB' || g.student_id, begun.at, begun.at, case when g.student_id % 9 > 1 then begun.at + interval '8 seconds' end,
    case when g.student_id % 9 = 0 then begun.at + interval '9 seconds' end, case when g.student_id % 9 = 0 then '30005' end,
    begun.at + interval '3 days', 1, 0.045
from guardianship g join student s on s.id = g.student_id cross join base cross join lateral (
    select started_at + g.student_id % 30000 * interval '1 second' as at from campaign where id = 1) begun;
insert into intent (dedupe_key, person_id, template, urgency, facts, area_code, campaign_id, created_at, due_at, expires_at, state, message_id)
select 'campaign:1:1:' || m.person_id, m.person_id, m.template, 'bulk', '{}', m.area_code, 1, m.queued_at, m.queued_at, m.expires_at, 'queued', m.id
from message m where m.urgency = 'bulk';
select setval(pg_get_serial_sequence('message', 'id'), (select max(id) from message));
insert into activity (kind, area_code, school_id, held_on, place, recorded_by, recorded_at)
select (array['slogan', 'poster', 'meeting'])[n], school.area_code, school.id, date '2026-11-24' - n * 9, '校门口', post.person_id, timestamptz '2026-11-24 01:00:00+00' - n * interval '9 days'
from school join post on post.school_id = school.id and post.role = 'principal' cross join generate_series(1, 3) n where school.id % 4 < n + 1;
insert into activity_plan (area_code, school_id, year, number, set_by, set_at)
select school.area_code, school.id, 2026, 6, post.person_id, timestamptz '2026-11-24 01:00:00+00' - interval '60 days'
from school join post on post.school_id = school.id and post.role = 'principal';

-- Offices
insert into referral (case_id, area_code, department, kind, state, proposed_at, proposed_by, decided_at, decided_by, number, due_at)
select c.id, left(c.area_code, 6), 'human_resources', 'employer', (array['proposed', 'approved', 'answered'])[1 + c.id % 3],
    timestamptz '2026-11-24 01:00:00+00' - interval '6 days', post.person_id, case when c.id % 3 > 0 then timestamptz '2026-11-24 01:00:00+00' - interval '5 days' end,
    case when c.id % 3 > 0 then post.person_id end, case when c.id % 3 > 0 then '移送2026-' || c.id end, timestamptz '2026-11-24 01:00:00+00' + interval '9 days'
from case_file c join post on post.role = 'county_officer' and post.area_code = left(c.area_code, 6) where c.state = 'open' and c.level > 4;
insert into aid_request (student_id, case_id, area_code, state, kind, requested_at, decided_at, decided_by, aid_kind, amount, per, number, due_at)
select c.student_id, c.id, c.area_code, (array['requested', 'granted', 'paid'])[1 + c.id / 2 % 3], 'hardship', c.opened_at + interval '1 day',
    case when c.id / 2 % 3 > 0 then c.opened_at + interval '3 days' end, case when c.id / 2 % 3 > 0 then post.person_id end,
    case when c.id / 2 % 3 > 0 then 'hardship_allowance' end, case when c.id / 2 % 3 > 0 then 625 end,
    case when c.id / 2 % 3 > 0 then 'term' end, case when c.id / 2 % 3 > 0 then '助2026-' || c.id end, timestamptz '2026-11-24 01:00:00+00' + interval '9 days'
from case_file c join post on post.role = 'county_officer' and post.area_code = left(c.area_code, 6) where c.id % 2 = 0;
insert into complaint (number, kind, area_code, school_id, said_encrypted, state, received_at, acknowledge_by, answer_by)
select '诉' || n, (array['fees', 'ranking', 'other'])[1 + n % 3], left(school.area_code, 6), school.id, contact.address_encrypted,
    (array['received', 'acknowledged', 'answered'])[1 + n % 3], timestamptz '2026-11-24 01:00:00+00' - n * interval '4 hours', timestamptz '2026-11-24 01:00:00+00' - n * interval '4 hours' + interval '2 days',
    timestamptz '2026-11-24 01:00:00+00' - n * interval '4 hours' + interval '15 days'
from generate_series(1, 400) n join school on school.id = 1 + n % (select max(id) from school) join contact on contact.id = 1;
insert into student_category (student_id, category, since)
select id, category, date '2026-09-01' from student cross join (values ('left_behind', 5), ('poor', 11), ('single_parent', 31), ('disabled', 131),
    ('migrant', 61), ('orphan', 701)) one (category, every) where id % every = 0;
insert into enrolment_gap (student_id, kind, grade, from_school_id, from_class_id, opened_at, due_at)
select id, (array['transfer', 'leaver', 'suspension'])[1 + id / 400 % 3], 5, school_id, class_id, timestamptz '2026-11-24 01:00:00+00' - interval '20 days',
    timestamptz '2026-11-24 01:00:00+00' + (id / 400 % 20 - 10) * interval '1 day' from student where id % 400 = 7;
update student set status = 'transferring' where id % 400 = 7;
insert into hole (key, area_code, role, reason, case_id, opened_at)
select 'hole:' || id, area_code, 'village_committee', 'no_acknowledgement', id, timestamptz '2026-11-24 01:00:00+00' - id % 40 * interval '1 day' from case_file where id % 8 = 0;
insert into difference (key, kind, area_code, school_id, student_id, case_id, facts, state, found_at, seen_at)
select 'd:' || id, 'absent_without_case', school_area_code, school_id, student_id, id, '{}', 'open', timestamptz '2026-11-24 01:00:00+00' - interval '2 days', timestamptz '2026-11-24 01:00:00+00'
from case_file where id % 20 = 0;
insert into inspection_sample (area_code, "of", per, "on", size, seed, strata, drawn_by, drawn_at)
select '6229', 'children', 'township', date '2026-11-24', 200, 'bench', '{}', person_id, timestamptz '2026-11-24 01:00:00+00' from post where role = 'prefecture_officer' limit 1;
insert into inspection_item (sample_id, place, stratum, student_id)
select 1, n, '622901001', 1 + n * 31 % (select max(id) from student) from generate_series(1, 200) n;
insert into import_job (kind, file_name, area_code, person_id, state, created_at, beaten_at, ended_at)
select 'roster', 'roster' || n || '.xlsx', '6229', person_id, 'taken', timestamptz '2026-11-24 01:00:00+00' - n * interval '1 day', timestamptz '2026-11-24 01:00:00+00' - n * interval '1 day', timestamptz '2026-11-24 01:00:00+00'
from post cross join generate_series(1, 30) n where role = 'prefecture_officer';

-- Reports
insert into report (kind, of, school_id, area_code, period_start, period_end, state, version, plan_version_id, opened_at, due_at, first_due_at,
    submitted_at)
select 'weekly', 'school', school.id, school.area_code, monday, monday + 6, case when monday < '2026-11-16' or school.id % 5 > 1 then 'submitted'
    else 'asked' end, 1, 1, monday + 4 + time '07:00' at time zone 'UTC', monday + 7 + time '04:00' at time zone 'UTC',
    monday + 7 + time '04:00' at time zone 'UTC',
    case when monday < '2026-11-16' or school.id % 5 > 1 then monday + 5 + time '04:00' at time zone 'UTC' end
from school cross join (select day::date as monday from generate_series(date '2026-08-31', date '2026-11-16', '7 days') day) week;
insert into report (kind, of, school_id, area_code, period_start, period_end, state, version, plan_version_id, opened_at, due_at, first_due_at,
    submitted_at)
select 'monthly', of, school_id, area_code, month, (month + interval '1 month - 1 day')::date, 'submitted', 1, 1, month + interval '29 days',
    month + interval '35 days', month + interval '35 days', month + interval '33 days'
from (select 'school' as of, id as school_id, area_code from school union all
    select level, null, code from area where level in ('township', 'county')) unit
cross join (values (date '2026-09-01'), (date '2026-10-01')) period (month);
insert into report_version (report_id, version, computed, stated, children, computed_at, confirmed_by, confirmed_at)
select report.id, 1, '{"of_age": 360, "suspected": 1, "dropout": 0}', case when state = 'submitted' then
    '{"of_age": 360, "suspected": 1, "dropout": 0}'::jsonb end, jsonb_build_object('suspected', array[report.id], 'dropout', array[]::int[]),
    opened_at, post.person_id, submitted_at
from report left join post on post.school_id = report.school_id and post.role = 'attendance_officer';
insert into task (key, kind, role, code, area_code, school_id, plan_version_id, state, opened_at, due_at, alerted_at, facts, acknowledged_by)
select 'report:' || report.id, 'confirm_report', 'attendance_officer', 'C4', report.area_code, report.school_id, 1, 'open', opened_at, due_at,
    opened_at, jsonb_build_object('report_id', report.id), post.person_id
from report join post on post.school_id = report.school_id and post.role = 'attendance_officer' where report.state = 'asked';
insert into task_holder (task_id, person_id, why, since) select id, acknowledged_by, 'holder', opened_at from task where kind = 'confirm_report';
