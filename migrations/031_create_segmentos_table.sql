-- A segment is a filter over leads that is saved under a name: a JSON document, compiled anew whenever it is used.
CREATE TABLE segmentos (
    tenant_id               text COLLATE "C" NOT NULL,
    segmento_id             uuid             NOT NULL,
    nome                    text             NOT NULL,
    filtro                  jsonb            NOT NULL,
    criado_em               timestamptz      NOT NULL,
    criado_por              text             NOT NULL,
    atualizado_em           timestamptz      NOT NULL,
    atualizado_por          text             NOT NULL,
    idempotency_key         text,
    idempotency_fingerprint text,
    CONSTRAINT segmentos_pkey PRIMARY KEY (tenant_id, segmento_id),
    CONSTRAINT segmentos_filtro_check CHECK (jsonb_typeof(filtro) = 'object'),
    CONSTRAINT segmentos_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL))
);
-- Names that differ only in their case would be mistaken for each other.
CREATE UNIQUE INDEX segmentos_nome_key ON segmentos (tenant_id, lower(nome));
CREATE UNIQUE INDEX segmentos_idempotency_key_key ON segmentos (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
ALTER TABLE segmentos ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE segmentos ENABLE ROW LEVEL SECURITY;
CREATE POLICY segmentos_do_tenant ON segmentos USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON segmentos TO disparo_agenda_api;
