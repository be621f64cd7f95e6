-- Who is who (docs/decisions.md, 2026-11-29): a row's position is no identity, and two systems may both count from 1.

-- The system that an `ID` comes from, as the upload names it; '' where it names none. Leads of before have '', so they
-- are found by the `lead_id_externo` that they have. A worker of the version before sets none.
ALTER TABLE leads ADD COLUMN origem text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE leads ALTER COLUMN origem SET DEFAULT coalesce(current_setting('app.origem', true), '');
ALTER TABLE leads DROP CONSTRAINT leads_lead_id_externo_key;
ALTER TABLE leads ADD CONSTRAINT leads_lead_id_externo_key UNIQUE (tenant_id, lead_id_externo, origem);

DROP TRIGGER leads_provenance_is_final ON leads;
CREATE TRIGGER leads_provenance_is_final BEFORE UPDATE ON leads FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.lead_id, OLD.lead_id_externo, OLD.origem, OLD.origem_arquivo, OLD.origem_aba,
           OLD.linha_planilha, OLD.job_id)
          IS DISTINCT FROM
          (NEW.tenant_id, NEW.lead_id, NEW.lead_id_externo, NEW.origem, NEW.origem_arquivo, NEW.origem_aba,
           NEW.linha_planilha, NEW.job_id))
    EXECUTE FUNCTION refuse_change_of_provenance();

ALTER TABLE ingest_jobs
    ADD COLUMN origem                 text COLLATE "C" NOT NULL DEFAULT '',
    -- With `deduplicar_por_documento`: which keys may say that a row is a lead that is there already.
    ADD COLUMN deduplicar_por_id      boolean NOT NULL DEFAULT true,
    ADD COLUMN deduplicar_por_contato boolean NOT NULL DEFAULT true,
    -- The upload named no `modo`: what the file turns out to be decides.
    ADD COLUMN modo_padrao            boolean NOT NULL DEFAULT false,
    -- The file is an error report of ours, corrected.
    ADD COLUMN correcao               boolean NOT NULL DEFAULT false,
    -- Rows that are a lead that was there already, by the key that said so. Jobs of before have none.
    ADD COLUMN duplicados_por         jsonb   NOT NULL DEFAULT '{}';

-- Dry runs that are open have tables like those of before. They begin again.
DO $$
DECLARE
    ensaio record;
BEGIN
    FOR ensaio IN SELECT tenant_id, job_id FROM ingest_jobs WHERE ensaio_aberto LOOP
        PERFORM close_ensaio(ensaio.job_id);
        UPDATE ingest_jobs SET ensaio_aberto = false
         WHERE tenant_id = ensaio.tenant_id AND job_id = ensaio.job_id;
    END LOOP;
END
$$;
