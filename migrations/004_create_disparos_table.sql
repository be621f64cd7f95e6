-- One row is one message to one destination of one lead. The row is the truth; the queue and the
-- scheduler only wake a worker up to look at it. The states are drawn in docs/states.md.
CREATE TABLE disparos (
    tenant_id            text COLLATE "C" NOT NULL,
    disparo_id           uuid             NOT NULL,
    lead_id              uuid             NOT NULL,
    canal                text             NOT NULL,
    contato_id           uuid             NOT NULL,
    destino              text             NOT NULL,
    template             text COLLATE "C" NOT NULL,
    template_versao      integer          NOT NULL,
    variaveis            jsonb            NOT NULL DEFAULT '{}',
    status               text             NOT NULL DEFAULT 'pendente',
    agendar_para         timestamptz,
    enviar_apos          timestamptz      NOT NULL,
    -- Attempts that count: one that a broken channel turned away does not.
    tentativas           smallint         NOT NULL DEFAULT 0,
    max_tentativas       smallint         NOT NULL DEFAULT 3,
    -- An earlier attempt may have reached the provider: only its own idempotency key may be used again.
    em_duvida            boolean          NOT NULL DEFAULT false,
    -- Who is sending it; what a worker says whose lease was taken over is not listened to.
    lease_dono           uuid,
    lease_ate            timestamptz,
    provider_message_id  text,
    -- What the last attempt that failed came to: the provider's code or the transport's.
    ultimo_codigo        text,
    -- Why it ended as it did; its sentence is in the catalogue.
    erro_codigo          text,
    idempotency_key      text,
    idempotency_fingerprint text,
    -- When the sweep last sent a wake-up for it.
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
    CONSTRAINT disparos_lease_check CHECK (
        (status = 'enviando') = (lease_ate IS NOT NULL) AND (lease_ate IS NULL) = (lease_dono IS NULL)),
    CONSTRAINT disparos_enviado_check CHECK ((status IN ('enviado', 'confirmado')) = (enviado_em IS NOT NULL)),
    CONSTRAINT disparos_erro_check CHECK (
        CASE WHEN status IN ('erro', 'incerto', 'simulado') THEN erro_codigo IS NOT NULL
             WHEN status IN ('suprimido', 'expirado') THEN true
             ELSE erro_codigo IS NULL END),
    -- What waits can still be tried.
    CONSTRAINT disparos_tentativas_check CHECK (
        tentativas BETWEEN 0 AND max_tentativas AND (status <> 'pendente' OR tentativas < max_tentativas)),
    -- Doubt is never forgotten: it ends in a proof that the message was accepted, or in a person.
    CONSTRAINT disparos_em_duvida_check CHECK (
        CASE WHEN em_duvida THEN status IN ('pendente', 'enviando', 'incerto') AND ultimo_codigo IS NOT NULL
             ELSE status <> 'incerto' END),
    CONSTRAINT disparos_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL))
);

-- No other move than those of the drawing, whoever asks for it.
CREATE FUNCTION refuse_move_of_disparo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a disparo that is % cannot become %', OLD.status, NEW.status
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'disparos_moves';
END
$$;

CREATE TRIGGER disparos_moves BEFORE UPDATE OF status ON disparos FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pendente', 'enviando'), ('pendente', 'cancelado'),
        ('enviando', 'pendente'), ('enviando', 'enviado'), ('enviando', 'erro'), ('enviando', 'incerto'),
        ('enviando', 'simulado')))
    EXECUTE FUNCTION refuse_move_of_disparo();

CREATE UNIQUE INDEX disparos_idempotency_key_key ON disparos (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX disparos_lead_id_idx ON disparos (tenant_id, lead_id);
-- A list by status at any depth; and the counters of a tenant among many, without touching the rows.
CREATE INDEX disparos_status_idx ON disparos (tenant_id, status, disparo_id) INCLUDE (canal);

-- What the sweep looks for, across tenants: due and unsent, or left behind by a dead worker. Small, because
-- finished disparos are not in it.
CREATE INDEX disparos_pendentes_idx ON disparos (enviar_apos) WHERE status = 'pendente';
CREATE INDEX disparos_enviando_idx ON disparos (lease_ate) WHERE status = 'enviando';
