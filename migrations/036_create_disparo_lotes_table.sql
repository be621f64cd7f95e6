-- Requests that create many disparos at once, by the client's key: the same one again gets the same answer and creates
-- nothing. Written in the same transaction as the disparos.
CREATE TABLE disparo_lotes (
    tenant_id       text COLLATE "C" NOT NULL,
    idempotency_key text             NOT NULL,
    fingerprint     text             NOT NULL,
    resposta        jsonb            NOT NULL,
    criado_em       timestamptz      NOT NULL,
    CONSTRAINT disparo_lotes_pkey PRIMARY KEY (tenant_id, idempotency_key)
);
ALTER TABLE disparo_lotes ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE disparo_lotes ENABLE ROW LEVEL SECURITY;
CREATE POLICY disparo_lotes_do_tenant ON disparo_lotes USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT ON disparo_lotes TO disparo_agenda_api;
