-- A job may only validate its file (a dry run), and a job that has ended may be undone.
ALTER TABLE ingest_jobs
    ADD COLUMN validar_apenas     boolean     NOT NULL DEFAULT false,
    -- The tables that a dry run loads in place of the real ones are there.
    ADD COLUMN ensaio_aberto      boolean     NOT NULL DEFAULT false,
    ADD COLUMN desfazer_pedido_em timestamptz,
    -- The checkpoint of undoing: the last lead that was looked at.
    ADD COLUMN desfazer_depois    uuid,
    ADD COLUMN leads_removidos    integer     NOT NULL DEFAULT 0,
    -- How many stayed, by the reason why.
    ADD COLUMN leads_mantidos     jsonb       NOT NULL DEFAULT '{}',
    ADD COLUMN desfeito_em        timestamptz,
    ADD CONSTRAINT ingest_jobs_ensaio_check CHECK (validar_apenas OR NOT ensaio_aberto),
    -- What runs cannot be undone, nor what wrote nothing; and what is being undone does not run again.
    ADD CONSTRAINT ingest_jobs_desfazer_check CHECK (
        desfazer_pedido_em IS NULL OR (status IN ('concluido', 'erro', 'cancelado') AND NOT validar_apenas)),
    ADD CONSTRAINT ingest_jobs_desfeito_check CHECK (desfeito_em IS NULL OR desfazer_pedido_em IS NOT NULL),
    ADD CONSTRAINT ingest_jobs_removidos_check CHECK (leads_removidos BETWEEN 0 AND leads_criados);

-- What the sweep looks for, across tenants.
CREATE INDEX ingest_jobs_a_desfazer_idx ON ingest_jobs (atualizado_em)
    WHERE desfazer_pedido_em IS NOT NULL AND desfeito_em IS NULL;
CREATE INDEX ingest_jobs_ensaios_idx ON ingest_jobs (job_id) WHERE ensaio_aberto;

-- When the job that created a lead last merged another of its own rows into it, nobody else having touched it before.
-- A lead is as its job left it while `atualizado_em` is this, or else `criado_em`. NULL costs a new lead nothing.
ALTER TABLE leads ADD COLUMN completado_em timestamptz;

-- The first rows of a dry run: what would become of each, and its lead as it would be stored at the end.
CREATE TABLE ingest_previas (
    tenant_id  text COLLATE "C" NOT NULL,
    job_id     uuid             NOT NULL,
    linha      integer          NOT NULL,
    resultado  text             NOT NULL,
    -- Among the dry run's own tables; a lead that does not exist yet has an id in them too.
    lead_id    uuid,
    lead       jsonb,
    CONSTRAINT ingest_previas_pkey PRIMARY KEY (tenant_id, job_id, linha),
    CONSTRAINT ingest_previas_resultado_check CHECK (resultado IN ('criado', 'atualizado', 'duplicado', 'rejeitado')),
    CONSTRAINT ingest_previas_lead_check CHECK ((resultado = 'rejeitado') = (lead_id IS NULL))
);

ALTER TABLE ingest_previas ENABLE ROW LEVEL SECURITY;
CREATE POLICY ingest_previas_do_tenant ON ingest_previas USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT ON ingest_previas TO disparo_agenda_api;

-- A dry run loads its batches as every job does, into tables of its own that stand before the real ones in the search
-- path (docs/decisions.md). Nobody but the owner has any right to them, and nothing of them outlives the job.
CREATE FUNCTION ensaio_schema(job_id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE RETURN 'ensaio_' || replace(job_id::text, '-', '');

CREATE FUNCTION open_ensaio(job_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    esquema text := ensaio_schema(job_id);
    tabela  text;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', esquema);
    FOREACH tabela IN ARRAY ARRAY['leads', 'lead_telefones', 'lead_emails']
    LOOP
        EXECUTE format('CREATE TABLE %I.%I (LIKE public.%I INCLUDING ALL)', esquema, tabela, tabela);
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', esquema, tabela);
    END LOOP;
END
$$;

-- To the end of the transaction. A dry run that found the real tables would write into them: rather none at all.
CREATE FUNCTION enter_ensaio(job_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', format('%I, public', ensaio_schema(job_id)), true);
    IF to_regclass('leads') = to_regclass('public.leads') THEN
        RAISE EXCEPTION 'the tables of the dry run are gone';
    END IF;
END
$$;

CREATE FUNCTION close_ensaio(job_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP SCHEMA %I CASCADE', ensaio_schema(job_id));
END
$$;
