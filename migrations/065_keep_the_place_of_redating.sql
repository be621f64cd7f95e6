-- How far the sweep has come with the new dates of a channel (migration 024), and what they follow from. A queue of a million
-- takes several sweeps. Each goes on where the one before it stopped, by the same terms: with terms of its own, each would move
-- again what the one before it had moved, and never come to the end.
CREATE TABLE canal_redatacoes (
    tenant_id text COLLATE "C" NOT NULL,
    canal     text             NOT NULL,
    -- `canal_limites.redatar_desde` of the configuration that it works for.
    pedida_em timestamptz      NOT NULL,
    -- When this pass began, where its places begin (`rules.redating.QueueTerms`), and when the window opens, by DDD.
    desde     timestamptz      NOT NULL,
    termos    jsonb            NOT NULL,
    aberturas jsonb            NOT NULL,
    -- What is moved: what waits for the window, then the queue to earlier places, then the queue to later ones.
    parte     text             NOT NULL,
    -- The last disparo that was looked at, by its time and id; `de` is NULL at the front and among those that wait for the window.
    de        timestamptz,
    de_id     uuid             NOT NULL,
    -- How many of the queue are before it.
    antes     bigint           NOT NULL,
    CONSTRAINT canal_redatacoes_pkey PRIMARY KEY (tenant_id, canal),
    CONSTRAINT canal_redatacoes_parte_check CHECK (parte IN ('janela', 'puxar', 'empurrar'))
);
ALTER TABLE canal_redatacoes ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE canal_redatacoes ENABLE ROW LEVEL SECURITY;
CREATE POLICY canal_redatacoes_do_tenant ON canal_redatacoes USING (tenant_id = current_setting('app.tenant_id', true));

-- A person may say why also where the change is one of data, tags or campos (migration 042 allowed it of a status alone).
ALTER TABLE lead_eventos
    DROP CONSTRAINT lead_eventos_status_check,
    ADD CONSTRAINT lead_eventos_status_check CHECK (
        (tipo = 'status') = (de IS NOT NULL) AND (de IS NULL) = (para IS NULL)
        AND (tipo = 'status' OR fato IS NULL) AND (tipo IN ('status', 'dados') OR motivo IS NULL));

-- What waits for a limit, in the order of its places. Without it (the index of the queue leaves campaigns out since migration
-- 035) each slice read and sorted the whole queue: a million times 200, and once under the lock of the limiter.
CREATE INDEX disparos_vagas_idx ON disparos (tenant_id, canal, enviar_apos, disparo_id)
    WHERE status = 'pendente' AND espera IN ('limite', 'canal_lento', 'orcamento_diario');
