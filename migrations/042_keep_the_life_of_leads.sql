-- What happened to a lead that no other row tells: its moves, what people corrected, and what they wrote about it.
-- Disparos, replies and agendamentos tell their part themselves (timeline of the lead).

-- Moves come by the million, with campaigns: so the key is the only index, and no trigger looks whether the lead is there.
-- Only an erasure removes a lead that has been moved or changed: undoing a job leaves it in peace.
CREATE TABLE lead_eventos (
    tenant_id text COLLATE "C" NOT NULL,
    lead_id   uuid             NOT NULL,
    em        timestamptz      NOT NULL,
    -- Two moves of one lead at one instant are in the order in which they were made.
    ordem     bigint           GENERATED ALWAYS AS IDENTITY,
    tipo      text COLLATE "C" NOT NULL,
    de        text,
    para      text,
    -- The fact that moved the lead; NULL where a person did it.
    fato      text,
    -- The subject of the person; NULL for a fact.
    por       text,
    motivo    text,
    -- What a person changed, [{"campo", "de", "para"}]. Personal data: it is erased with the lead.
    mudancas  jsonb,
    nota_id   uuid,
    CONSTRAINT lead_eventos_pkey PRIMARY KEY (tenant_id, lead_id, em, ordem),
    CONSTRAINT lead_eventos_tipo_check CHECK (tipo IN (
        'status', 'dados', 'contato_incluido', 'contato_removido', 'contato_principal', 'nota_removida')),
    CONSTRAINT lead_eventos_status_check CHECK (
        (tipo = 'status') = (de IS NOT NULL) AND (de IS NULL) = (para IS NULL)
        AND (tipo = 'status' OR (fato IS NULL AND motivo IS NULL))),
    CONSTRAINT lead_eventos_por_check CHECK ((por IS NULL) = (fato IS NOT NULL)),
    CONSTRAINT lead_eventos_mudancas_check CHECK (
        (mudancas IS NOT NULL) = (tipo IN ('dados', 'contato_incluido', 'contato_removido', 'contato_principal'))),
    CONSTRAINT lead_eventos_nota_check CHECK ((nota_id IS NOT NULL) = (tipo = 'nota_removida'))
);

-- A note that is removed is gone; `lead_eventos` keeps that it was there.
CREATE TABLE lead_notas (
    tenant_id               text COLLATE "C" NOT NULL,
    lead_id                 uuid             NOT NULL,
    criado_em               timestamptz      NOT NULL,
    nota_id                 uuid             NOT NULL,
    texto                   text             NOT NULL,
    por                     text             NOT NULL,
    idempotency_key         text,
    idempotency_fingerprint text,
    CONSTRAINT lead_notas_pkey PRIMARY KEY (tenant_id, lead_id, criado_em, nota_id),
    CONSTRAINT lead_notas_texto_check CHECK (length(texto) BETWEEN 1 AND 2000),
    CONSTRAINT lead_notas_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL)),
    CONSTRAINT lead_notas_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, lead_id)
        ON DELETE CASCADE
);
CREATE UNIQUE INDEX lead_notas_idempotency_key_key ON lead_notas (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['lead_eventos', 'lead_notas']
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON lead_eventos TO disparo_agenda_api;
GRANT SELECT, INSERT, DELETE ON lead_notas TO disparo_agenda_api;
