alter table attempt add column called_at timestamptz;
-- What is open at the upgrade may have been called.
update attempt set called_at = started_at where outcome is null or outcome = 'unknown';
