-- One row per person or company to be contacted.
--
-- Ids are time-ordered (UUIDv7), so inserts land at the right edge of the primary key. Every key
-- and index begins with tenant_id. What ingestion knows once per job (tenant, file, sheet, job)
-- arrives as a transaction-local setting: it is not repeated on the wire 200,000 times, and the
-- client that copies rows has no say in whose they are.
CREATE TABLE leads (
    tenant_id        text COLLATE "C" NOT NULL DEFAULT current_setting('app.tenant_id'),
    lead_id          uuid             NOT NULL,
    lead_id_externo  text COLLATE "C" NOT NULL,
    nome             text,
    contato          text,
    documento        text COLLATE "C",
    telefone_raw     text,
    email_raw        text,
    status           text             NOT NULL DEFAULT 'novo',
    tags             text[]           NOT NULL DEFAULT '{}',
    origem_arquivo   text             NOT NULL DEFAULT current_setting('app.origem_arquivo'),
    origem_aba       text                      DEFAULT nullif(current_setting('app.origem_aba'), ''),
    linha_planilha   integer          NOT NULL,
    job_id           uuid             NOT NULL DEFAULT current_setting('app.job_id')::uuid,
    criado_em        timestamptz      NOT NULL DEFAULT now(),
    atualizado_em    timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT leads_pkey PRIMARY KEY (tenant_id, lead_id),
    CONSTRAINT leads_lead_id_externo_key UNIQUE (tenant_id, lead_id_externo),
    CONSTRAINT leads_status_check CHECK (status IN (
        'novo', 'em_disparo', 'agendado', 'contato_efetuado', 'sem_sucesso', 'concluido', 'descartado')),
    CONSTRAINT leads_documento_check CHECK (documento ~ '^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$'),
    CONSTRAINT leads_linha_planilha_check CHECK (linha_planilha > 0)
);

-- Not unique: a job may switch de-duplication by document off.
CREATE INDEX leads_documento_idx ON leads (tenant_id, documento) WHERE documento IS NOT NULL;

-- Where a lead came from is written once (SPEC, "Row rules").
CREATE FUNCTION refuse_change_of_provenance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the provenance of a lead never changes'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'leads_provenance_is_final';
END
$$;

CREATE TRIGGER leads_provenance_is_final BEFORE UPDATE ON leads FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.lead_id, OLD.lead_id_externo, OLD.origem_arquivo, OLD.origem_aba, OLD.linha_planilha, OLD.job_id)
          IS DISTINCT FROM
          (NEW.tenant_id, NEW.lead_id, NEW.lead_id_externo, NEW.origem_arquivo, NEW.origem_aba, NEW.linha_planilha, NEW.job_id))
    EXECUTE FUNCTION refuse_change_of_provenance();
