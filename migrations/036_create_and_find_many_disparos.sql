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

-- What went to one contact. Those of campaigns are found by `disparos_campanha_destino_key`: planning a campaign writes
-- nothing to this index.
CREATE INDEX disparos_destino_idx ON disparos (tenant_id, destino) WHERE campanha_id IS NULL OR alternativa_de IS NOT NULL;
-- What was sent in a span of time. Only what is sent comes into it: neither creating nor planning pays.
CREATE INDEX disparos_enviado_em_idx ON disparos (tenant_id, enviado_em) WHERE enviado_em IS NOT NULL;
