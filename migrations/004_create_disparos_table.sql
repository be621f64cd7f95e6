-- One row is one message to one destination of one lead. The row is the truth; the queue and the
-- scheduler only wake a worker up to look at it. The states are drawn in docs/states.md.
CREATE TABLE disparos (
    tenant_id            text COLLATE "C" NOT NULL,
    disparo_id           uuid             NOT NULL,
    lead_id              uuid             NOT NULL,
    canal                text             NOT NULL,
    contato_id           uuid             NOT NULL,
    destino              text             NOT NULL,
    template             text             NOT NULL,
    template_versao      integer          NOT NULL,
    variaveis            jsonb            NOT NULL DEFAULT '{}',
    status               text             NOT NULL DEFAULT 'pendente',
    agendar_para         timestamptz,
    enviar_apos          timestamptz      NOT NULL,
    tentativas           smallint         NOT NULL DEFAULT 0,
    max_tentativas       smallint         NOT NULL DEFAULT 3,
    lease_ate            timestamptz,
    provider_message_id  text,
    erro_codigo          text,
    mensagem_erro        text,
    idempotency_key      text,
    idempotency_fingerprint text,
    acordado_em          timestamptz,
    criado_em            timestamptz      NOT NULL,
    atualizado_em        timestamptz      NOT NULL,
    enviado_em           timestamptz,
    CONSTRAINT disparos_pkey PRIMARY KEY (tenant_id, disparo_id),
    CONSTRAINT disparos_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, lead_id),
    CONSTRAINT disparos_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT disparos_status_check CHECK (status IN (
        'pendente', 'enviando', 'enviado', 'confirmado', 'erro', 'incerto',
        'cancelado', 'suprimido', 'expirado', 'simulado')),
    -- A lease exists while, and only while, somebody is sending.
    CONSTRAINT disparos_lease_check CHECK ((status = 'enviando') = (lease_ate IS NOT NULL)),
    CONSTRAINT disparos_enviado_check CHECK (status NOT IN ('enviado', 'confirmado') OR enviado_em IS NOT NULL),
    CONSTRAINT disparos_erro_check CHECK (status <> 'erro' OR erro_codigo IS NOT NULL),
    CONSTRAINT disparos_tentativas_check CHECK (tentativas BETWEEN 0 AND max_tentativas)
);

CREATE UNIQUE INDEX disparos_idempotency_key_key ON disparos (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX disparos_lead_id_idx ON disparos (tenant_id, lead_id);

-- What the sweep looks for, across tenants: due and unsent, or left behind by a dead worker. Small, because
-- finished disparos are not in it.
CREATE INDEX disparos_pendentes_idx ON disparos (enviar_apos) WHERE status = 'pendente';
CREATE INDEX disparos_enviando_idx ON disparos (lease_ate) WHERE status = 'enviando';
