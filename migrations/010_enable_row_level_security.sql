-- Nothing of a tenant is visible to another, even to a query that forgot to ask.
--
-- The API's login is a member of disparo_agenda_api, which owns nothing: it sees the rows of the tenant
-- that its transaction set, and none when it set none. Ingestion, dispatch and the sweeps connect as the owner,
-- which row-level security does not bind (PostgreSQL refuses COPY FROM under it).
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'disparo_agenda_api') THEN
        CREATE ROLE disparo_agenda_api NOLOGIN;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA public TO disparo_agenda_api;

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['leads', 'lead_telefones', 'lead_emails', 'disparos', 'agendamentos', 'ingest_jobs',
                                  'ingest_erros', 'tenants', 'templates', 'eventos']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;

-- The API creates no leads and removes none: that is ingestion's.
GRANT SELECT ON leads, lead_telefones, lead_emails, ingest_erros TO disparo_agenda_api;
GRANT UPDATE (status, tags, atualizado_em) ON leads TO disparo_agenda_api;
GRANT SELECT, INSERT, UPDATE ON disparos, agendamentos, ingest_jobs, tenants, templates, eventos TO disparo_agenda_api;
