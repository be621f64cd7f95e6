-- What a job changed in leads that were there before it, so that undoing it takes the change back.
CREATE TABLE ingest_mesclas (
    tenant_id    text COLLATE "C" NOT NULL DEFAULT current_setting('app.tenant_id'),
    job_id       uuid             NOT NULL DEFAULT current_setting('app.job_id')::uuid,
    lead_id      uuid             NOT NULL,
    -- What the job's merges changed, as it was before: columns of the lead, and its principal phone.
    antes        jsonb            NOT NULL,
    -- The contacts that the job's merges added.
    telefones    text[]           NOT NULL,
    emails       text[]           NOT NULL,
    -- `leads.atualizado_em` after the job's last merge; NULL once somebody else had changed the lead between two of them.
    mesclado_em  timestamptz,
    CONSTRAINT ingest_mesclas_pkey PRIMARY KEY (tenant_id, job_id, lead_id)
);

ALTER TABLE ingest_mesclas ENABLE ROW LEVEL SECURITY;
CREATE POLICY ingest_mesclas_do_tenant ON ingest_mesclas USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT ON ingest_mesclas TO disparo_agenda_api;

ALTER TABLE ingest_jobs
    ADD COLUMN mesclas_desfeitas integer NOT NULL DEFAULT 0,
    -- How many merges stayed, by the reason why.
    ADD COLUMN mesclas_mantidas  jsonb   NOT NULL DEFAULT '{}';

-- As migration 013: a dry run notes its merges in a table of its own too.
CREATE OR REPLACE FUNCTION open_ensaio(job_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    esquema text := ensaio_schema(job_id);
    tabela  text;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', esquema);
    FOREACH tabela IN ARRAY ARRAY['leads', 'lead_telefones', 'lead_emails', 'ingest_mesclas']
    LOOP
        EXECUTE format('CREATE TABLE %I.%I (LIKE public.%I INCLUDING ALL)', esquema, tabela, tabela);
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', esquema, tabela);
    END LOOP;
END
$$;
