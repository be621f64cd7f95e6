-- The sheet's own columns: kept with their lead, by a name made from the title (`Valor da Dívida` → `valor_da_divida`).

-- A text, a number (numero, moeda, percentual), true or false, or an ISO date or time as a text. A blank cell has no key.
-- No index: loading would pay for it, and a segment reads a tenant's leads anyway.
ALTER TABLE leads ADD COLUMN campos jsonb NOT NULL DEFAULT '{}';
ALTER TABLE leads ADD CONSTRAINT leads_campos_check CHECK (jsonb_typeof(campos) = 'object');

-- Dry runs that are open have tables like `leads`, into which whole rows are copied.
DO $$
DECLARE
    ensaio record;
BEGIN
    FOR ensaio IN SELECT job_id FROM ingest_jobs WHERE ensaio_aberto LOOP
        EXECUTE format('ALTER TABLE %I.leads ADD COLUMN campos jsonb NOT NULL DEFAULT ''{}''', ensaio_schema(ensaio.job_id));
    END LOOP;
END
$$;

-- Which campos a tenant's leads have. Two files may give one campo two types: each is a row.
CREATE TABLE tenant_campos (
    tenant_id text COLLATE "C" NOT NULL,
    campo     text COLLATE "C" NOT NULL,
    tipo      text             NOT NULL,
    -- The title of the column that was read last, and some of its values.
    titulo    text             NOT NULL,
    amostras  jsonb            NOT NULL DEFAULT '[]',
    visto_em  timestamptz      NOT NULL,
    CONSTRAINT tenant_campos_pkey PRIMARY KEY (tenant_id, campo, tipo),
    CONSTRAINT tenant_campos_tipo_check CHECK (tipo IN (
        'texto', 'numero', 'moeda', 'percentual', 'data', 'data_hora', 'hora', 'logico')),
    CONSTRAINT tenant_campos_campo_check CHECK (campo ~ '^[a-z_][a-z0-9_]{0,63}$')
);
ALTER TABLE tenant_campos ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE tenant_campos ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_campos_do_tenant ON tenant_campos USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE ON tenant_campos TO disparo_agenda_api;
GRANT UPDATE (nome, contato, documento, campos) ON leads TO disparo_agenda_api;
