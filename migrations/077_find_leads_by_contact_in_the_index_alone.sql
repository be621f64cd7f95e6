-- Whose a contact is, from the index alone. Of a tenant that the statistics do not know yet, PostgreSQL 18 believed that the primary
-- key (tenant, lead, contact) is cheaper to skip through, because that needs no row: so it looked at every contact of the tenant.
DROP INDEX lead_telefones_telefone_idx;
CREATE INDEX lead_telefones_telefone_idx ON lead_telefones (tenant_id, telefone) INCLUDE (lead_id);
DROP INDEX lead_emails_email_idx;
CREATE INDEX lead_emails_email_idx ON lead_emails (tenant_id, email) INCLUDE (lead_id);
