-- A future callback or meeting with a lead.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE agendamentos (
    tenant_id         text COLLATE "C" NOT NULL,
    agendamento_id    uuid             NOT NULL,
    lead_id           uuid             NOT NULL,
    tipo              text             NOT NULL,
    canal             text             NOT NULL,
    data_agendada     timestamptz      NOT NULL,
    duracao_minutos   smallint         NOT NULL DEFAULT 60,
    -- End of the appointment plus the buffer kept free after it.
    ocupado_ate       timestamptz      NOT NULL,
    responsavel       text             NOT NULL,
    observacoes       text,
    status            text             NOT NULL DEFAULT 'pendente',
    avisado_em        timestamptz,
    idempotency_key   text,
    idempotency_fingerprint text,
    acordado_em       timestamptz,
    criado_em         timestamptz      NOT NULL,
    atualizado_em     timestamptz      NOT NULL,
    CONSTRAINT agendamentos_pkey PRIMARY KEY (tenant_id, agendamento_id),
    CONSTRAINT agendamentos_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, lead_id),
    CONSTRAINT agendamentos_tipo_check CHECK (tipo IN ('callback', 'reuniao')),
    CONSTRAINT agendamentos_canal_check CHECK (canal IN ('telefone', 'whatsapp', 'video')),
    CONSTRAINT agendamentos_status_check CHECK (status IN (
        'pendente', 'confirmado', 'realizado', 'cancelado', 'nao_compareceu')),
    CONSTRAINT agendamentos_duracao_check CHECK (duracao_minutos BETWEEN 5 AND 480),
    CONSTRAINT agendamentos_ocupado_check CHECK (ocupado_ate > data_agendada),
    CONSTRAINT agendamentos_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL)),
    CONSTRAINT agendamentos_responsavel_check CHECK (responsavel = btrim(responsavel) AND responsavel <> ''),
    -- No two live appointments of one person overlap, whatever the API believes; `ANA` is `Ana`.
    CONSTRAINT agendamentos_sem_sobreposicao EXCLUDE USING gist (
        tenant_id WITH =, lower(responsavel) WITH =, tstzrange(data_agendada, ocupado_ate) WITH &&
    ) WHERE (status IN ('pendente', 'confirmado'))
);

CREATE UNIQUE INDEX agendamentos_idempotency_key_key ON agendamentos (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX agendamentos_lead_id_idx ON agendamentos (tenant_id, lead_id);
CREATE INDEX agendamentos_data_agendada_idx ON agendamentos (tenant_id, data_agendada);
-- What the sweep looks for, across tenants.
CREATE INDEX agendamentos_sem_aviso_idx ON agendamentos (data_agendada)
    WHERE avisado_em IS NULL AND status IN ('pendente', 'confirmado');
