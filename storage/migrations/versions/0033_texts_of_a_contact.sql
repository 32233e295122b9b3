-- Before each automatic answer it is asked what the contact wrote of late: a teacher's own texts are thousands after some years.
create index ix_inbound_contact_id_received_at on inbound (contact_id, received_at);
drop index ix_inbound_contact_id;
