-- The rights of the person whose data it is (LGPD, Lei 13.709/2018, art. 18): export, erasure, and an end to keeping.

-- Erased contacts by their keyed digest (chalicelib/erased.py): a file that brings one back finds it suppressed. Who holds
-- the table without the key cannot tell whose they are. `motivo` is that of the entry that stood in `supressoes`.
CREATE TABLE contatos_apagados (
    tenant_id  text COLLATE "C" NOT NULL,
    resumo     bytea            NOT NULL,
    motivo     text             NOT NULL,
    criado_em  timestamptz      NOT NULL,
    CONSTRAINT contatos_apagados_pkey PRIMARY KEY (tenant_id, resumo),
    CONSTRAINT contatos_apagados_resumo_check CHECK (octet_length(resumo) = 32),
    CONSTRAINT contatos_apagados_motivo_check CHECK (motivo IN (
        'manual', 'provedor', 'resposta', 'descadastro', 'apagamento'))
);

ALTER TABLE supressoes
    DROP CONSTRAINT supressoes_motivo_check,
    -- `apagamento`: the person had their data erased, and came back in a file or by hand.
    ADD CONSTRAINT supressoes_motivo_check CHECK (motivo IN (
        'manual', 'provedor', 'resposta', 'descadastro', 'apagamento'));

-- Who asked for what, and what was done. The persons stand here by keyed digests only.
CREATE TABLE titular_pedidos (
    tenant_id        text COLLATE "C" NOT NULL,
    pedido_id        uuid             NOT NULL,
    tipo             text             NOT NULL,
    por              text             NOT NULL,
    -- One for each document, phone and e-mail of the request, in hexadecimal.
    titular_resumos  text[]           NOT NULL,
    -- The lead of an export that names one.
    lead_id          uuid,
    leads            integer          NOT NULL DEFAULT 0,
    -- How many rows or objects were erased, by table; `{}` for an export.
    contagens        jsonb            NOT NULL DEFAULT '{}',
    -- What is left to do, by its code; the same request goes on with it.
    pendencias       jsonb            NOT NULL DEFAULT '{}',
    concluido        boolean          NOT NULL,
    criado_em        timestamptz      NOT NULL,
    atualizado_em    timestamptz      NOT NULL,
    -- The fingerprint is digested with the key, too: that of a request with one phone is soon guessed.
    idempotency_key  text,
    idempotency_fingerprint text,
    CONSTRAINT titular_pedidos_pkey PRIMARY KEY (tenant_id, pedido_id),
    CONSTRAINT titular_pedidos_tipo_check CHECK (tipo IN ('exportacao', 'apagamento')),
    CONSTRAINT titular_pedidos_contagens_check CHECK (
        jsonb_typeof(contagens) = 'object' AND jsonb_typeof(pendencias) = 'object' AND leads >= 0),
    CONSTRAINT titular_pedidos_concluido_check CHECK (NOT concluido OR pendencias = '{}'),
    CONSTRAINT titular_pedidos_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL))
);
CREATE UNIQUE INDEX titular_pedidos_idempotency_key_key ON titular_pedidos (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- When the personal columns of a row were blanked: at the person's request, or because they had been kept long enough. The
-- row stays, for counters are made of it.
ALTER TABLE leads ADD COLUMN apagado_em timestamptz;
ALTER TABLE disparos ADD COLUMN apagado_em timestamptz;
ALTER TABLE agendamentos ADD COLUMN apagado_em timestamptz;
ALTER TABLE respostas ADD COLUMN apagado_em timestamptz;

-- Dry runs that are open have tables like `leads`, into which whole rows are copied.
DO $$
DECLARE
    ensaio record;
BEGIN
    FOR ensaio IN SELECT job_id FROM ingest_jobs WHERE ensaio_aberto LOOP
        EXECUTE format('ALTER TABLE %I.leads ADD COLUMN apagado_em timestamptz', ensaio_schema(ensaio.job_id));
    END LOOP;
END
$$;

-- An erased lead stays erased, and is closed.
ALTER TABLE leads ADD CONSTRAINT leads_apagado_check CHECK (
    apagado_em IS NULL
    OR (status = 'descartado' AND nome IS NULL AND contato IS NULL AND documento IS NULL AND telefone_raw IS NULL
        AND email_raw IS NULL AND campos = '{}' AND tags = '{}' AND lead_id_externo = 'apagado:' || lead_id::text));
-- What was blanked is never sent again.
ALTER TABLE disparos ADD CONSTRAINT disparos_apagado_check CHECK (
    apagado_em IS NULL OR (status NOT IN ('pendente', 'enviando') AND variaveis = '{}'));
ALTER TABLE agendamentos ADD CONSTRAINT agendamentos_apagado_check CHECK (
    apagado_em IS NULL OR (status NOT IN ('pendente', 'confirmado') AND observacoes IS NULL AND link IS NULL));
ALTER TABLE respostas ADD CONSTRAINT respostas_apagado_check CHECK (apagado_em IS NULL OR texto IS NULL);

-- As migration 018. Erasing a lead takes its ID as well, because it may name the person.
DROP TRIGGER leads_provenance_is_final ON leads;
CREATE TRIGGER leads_provenance_is_final BEFORE UPDATE ON leads FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.lead_id, OLD.origem, OLD.origem_arquivo, OLD.origem_aba, OLD.linha_planilha, OLD.job_id)
          IS DISTINCT FROM
          (NEW.tenant_id, NEW.lead_id, NEW.origem, NEW.origem_arquivo, NEW.origem_aba, NEW.linha_planilha, NEW.job_id)
          OR (OLD.lead_id_externo <> NEW.lead_id_externo AND NEW.apagado_em IS NULL)
          OR (OLD.apagado_em IS NOT NULL AND NEW.apagado_em IS NULL))
    EXECUTE FUNCTION refuse_change_of_provenance();

-- What the clock of retention looks for. Creating and planning pay for none of them.
CREATE INDEX disparos_a_reter_idx ON disparos (tenant_id, disparo_id)
    WHERE apagado_em IS NULL AND status NOT IN ('pendente', 'enviando');
CREATE INDEX respostas_a_reter_idx ON respostas (tenant_id, resposta_id) WHERE apagado_em IS NULL;
CREATE INDEX agendamentos_a_reter_idx ON agendamentos (tenant_id, data_agendada) WHERE apagado_em IS NULL;
CREATE INDEX leads_apagados_idx ON leads (tenant_id, lead_id) WHERE apagado_em IS NOT NULL;

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['contatos_apagados', 'titular_pedidos']
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;

-- Erasing is the API's, under row-level security: it cannot reach another tenant's rows.
GRANT SELECT, INSERT, DELETE ON contatos_apagados TO disparo_agenda_api;
GRANT SELECT, INSERT, UPDATE ON titular_pedidos TO disparo_agenda_api;
GRANT UPDATE (lead_id_externo, apagado_em) ON leads TO disparo_agenda_api;
GRANT UPDATE (motivo, provider_message_id) ON disparo_tentativas TO disparo_agenda_api;
GRANT UPDATE (motivo, mudancas) ON lead_eventos TO disparo_agenda_api;
GRANT UPDATE (motivo, idempotency_key, idempotency_fingerprint) ON agendamento_horarios TO disparo_agenda_api;
GRANT UPDATE (idempotency_key, idempotency_fingerprint) ON leads_manuais TO disparo_agenda_api;
GRANT DELETE ON ingest_erros, ingest_previas, ingest_mesclas, provedor_usuarios, consentimentos TO disparo_agenda_api;
