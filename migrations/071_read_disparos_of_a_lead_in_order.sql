-- The newest disparos of one lead are the end of the index: a lead may have twenty thousand, and each page read all of them.
CREATE INDEX disparos_do_lead_idx ON disparos (tenant_id, lead_id, disparo_id);
DROP INDEX disparos_lead_id_idx;
