-- What an upload says about the columns of its file, and the tags that its leads get.
ALTER TABLE ingest_jobs
    -- Title → what the column is taken for. NULL: the titles say it. What was remembered stands here too, once the file
    -- was opened, so that a job that is resumed reads its columns as it began.
    ADD COLUMN mapeamento          jsonb,
    ADD COLUMN lembrar_mapeamento  boolean NOT NULL DEFAULT true,
    ADD COLUMN mapeamento_lembrado boolean NOT NULL DEFAULT false,
    ADD COLUMN tags                text[]  NOT NULL DEFAULT '{}';

-- The last mapping of each set of titles. The next file with these titles is read by it.
CREATE TABLE tenant_mapeamentos (
    tenant_id     text COLLATE "C" NOT NULL,
    -- A digest of the set of titles, in any order.
    cabecalho     text COLLATE "C" NOT NULL,
    mapeamento    jsonb            NOT NULL,
    atualizado_em timestamptz      NOT NULL,
    CONSTRAINT tenant_mapeamentos_pkey PRIMARY KEY (tenant_id, cabecalho),
    CONSTRAINT tenant_mapeamentos_mapeamento_check CHECK (jsonb_typeof(mapeamento) = 'object')
);
ALTER TABLE tenant_mapeamentos ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE tenant_mapeamentos ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_mapeamentos_do_tenant ON tenant_mapeamentos
    USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT ON tenant_mapeamentos TO disparo_agenda_api;
