-- Who paused a channel, called off a disparo or cancelled an agendamento, and why: in the words of a person. And what its
-- creator was warned of.

ALTER TABLE canal_pausas
    -- The subject of the person; NULL where no person paused it, and for pauses of before.
    ADD COLUMN por      text,
    ADD COLUMN motivo   text,
    -- Only an administrator ends it.
    ADD COLUMN de_admin boolean NOT NULL DEFAULT false;
-- Until now only administrators could pause a channel.
UPDATE canal_pausas SET de_admin = true WHERE sondar_em IS NULL;

-- What people did to a channel; what it did by itself is not here.
CREATE TABLE canal_historico (
    tenant_id text COLLATE "C" NOT NULL,
    canal     text             NOT NULL,
    passo_id  uuid             NOT NULL,
    em        timestamptz      NOT NULL,
    acao      text             NOT NULL,
    por       text             NOT NULL,
    motivo    text,
    CONSTRAINT canal_historico_pkey PRIMARY KEY (tenant_id, canal, passo_id),
    CONSTRAINT canal_historico_acao_check CHECK (acao IN ('pausado', 'retomado'))
);
ALTER TABLE canal_historico ENABLE ROW LEVEL SECURITY;
CREATE POLICY canal_historico_do_tenant ON canal_historico USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT ON canal_historico TO disparo_agenda_api;

-- A step of the history that a person took.
ALTER TABLE disparo_tentativas
    ADD COLUMN por    text,
    ADD COLUMN motivo text;

ALTER TABLE agendamentos
    ADD COLUMN cancelado_por       text,
    ADD COLUMN motivo_cancelamento text;

-- What was to be said at the creation (codes and values), so that a repeated request gets the same answer; NULL: nothing.
ALTER TABLE disparos ADD COLUMN avisos jsonb;
ALTER TABLE agendamentos ADD COLUMN avisos jsonb;
