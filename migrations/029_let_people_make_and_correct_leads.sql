-- Leads that a person made, without a file. In `leads` they have `origem_arquivo` 'manual', line 1 and the job
-- 00000000-0000-0000-0000-000000000000: those columns are NOT NULL, and what loads files relies on it.
CREATE TABLE leads_manuais (
    tenant_id               text COLLATE "C" NOT NULL,
    lead_id                 uuid             NOT NULL,
    por                     text             NOT NULL,
    idempotency_key         text,
    idempotency_fingerprint text,
    criado_em               timestamptz      NOT NULL,
    CONSTRAINT leads_manuais_pkey PRIMARY KEY (tenant_id, lead_id),
    CONSTRAINT leads_manuais_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL))
);
CREATE UNIQUE INDEX leads_manuais_idempotency_key_key ON leads_manuais (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
ALTER TABLE leads_manuais ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE leads_manuais ENABLE ROW LEVEL SECURITY;
CREATE POLICY leads_manuais_do_tenant ON leads_manuais USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT ON leads_manuais TO disparo_agenda_api;

-- A person makes leads, corrects them, and adds, arranges and removes their contacts. Nobody removes a lead by the API.
GRANT INSERT ON leads, lead_telefones, lead_emails TO disparo_agenda_api;
GRANT UPDATE (telefone_raw, email_raw) ON leads TO disparo_agenda_api;
GRANT UPDATE (ordem, principal), DELETE ON lead_telefones, lead_emails TO disparo_agenda_api;
