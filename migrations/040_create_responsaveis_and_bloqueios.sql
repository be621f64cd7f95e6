-- Whom leads meet, when these people work, and when they are away. An agendamento names its responsável; the row with that
-- name says what else is known of the person. A name without a row has the defaults of SPEC §3.

CREATE TABLE responsaveis (
    tenant_id               text COLLATE "C" NOT NULL,
    responsavel_id          uuid             NOT NULL,
    nome                    text             NOT NULL,
    email                   text,
    -- IANA; NULL: the tenant's.
    fuso                    text,
    -- Working hours on the wall clock, by day of the week: {"seg": [{"inicio": "09:00", "fim": "18:00"}]}.
    expediente              jsonb            NOT NULL,
    -- Minutes that stay free before and after each agendamento; NULL: those of the deployment (AGENDA_BUFFER_MIN).
    folga_antes_minutos     smallint         NOT NULL,
    folga_depois_minutos    smallint,
    antecedencia_minutos    integer          NOT NULL,
    horizonte_dias          smallint,
    maximo_por_dia          smallint,
    granularidade_minutos   smallint         NOT NULL,
    respeita_feriados       boolean          NOT NULL,
    uf                      text,
    criado_em               timestamptz      NOT NULL,
    criado_por              text             NOT NULL,
    atualizado_em           timestamptz      NOT NULL,
    atualizado_por          text             NOT NULL,
    idempotency_key         text,
    idempotency_fingerprint text,
    CONSTRAINT responsaveis_pkey PRIMARY KEY (tenant_id, responsavel_id),
    CONSTRAINT responsaveis_nome_check CHECK (nome = btrim(nome) AND nome <> ''),
    CONSTRAINT responsaveis_expediente_check CHECK (jsonb_typeof(expediente) = 'object'),
    -- An agendamento lasts up to 480 minutes: with both it stays below a day, which `list_busy_times` relies on.
    CONSTRAINT responsaveis_folga_check CHECK (
        folga_antes_minutos BETWEEN 0 AND 240 AND folga_depois_minutos BETWEEN 0 AND 240),
    CONSTRAINT responsaveis_antecedencia_check CHECK (antecedencia_minutos BETWEEN 0 AND 43200),
    CONSTRAINT responsaveis_horizonte_check CHECK (horizonte_dias BETWEEN 1 AND 732),
    CONSTRAINT responsaveis_maximo_check CHECK (maximo_por_dia BETWEEN 1 AND 200),
    CONSTRAINT responsaveis_granularidade_check CHECK (granularidade_minutos BETWEEN 5 AND 240),
    CONSTRAINT responsaveis_uf_check CHECK (uf ~ '^[A-Z]{2}$'),
    CONSTRAINT responsaveis_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL))
);
-- `ANA` is `Ana`, as in agendamentos.
CREATE UNIQUE INDEX responsaveis_nome_key ON responsaveis (tenant_id, lower(nome));
CREATE UNIQUE INDEX responsaveis_idempotency_key_key ON responsaveis (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- Time that is not offered: once (a vacation, a day off, a meeting), or each week on the wall clock of the responsável.
CREATE TABLE bloqueios (
    tenant_id               text COLLATE "C" NOT NULL,
    bloqueio_id             uuid             NOT NULL,
    -- NULL: of all, those without a row too.
    responsavel_id          uuid,
    motivo                  text             NOT NULL,
    inicio                  timestamptz,
    fim                     timestamptz,
    -- Monday is 1 (ISO 8601). Local times are HH:MM; 24:00 is the end of the day.
    dia_semana              smallint,
    hora_inicio             text COLLATE "C",
    hora_fim                text COLLATE "C",
    -- The first and the last day on which it counts; NULL: without end.
    valido_de               date,
    valido_ate              date,
    criado_em               timestamptz      NOT NULL,
    criado_por              text             NOT NULL,
    idempotency_key         text,
    idempotency_fingerprint text,
    CONSTRAINT bloqueios_pkey PRIMARY KEY (tenant_id, bloqueio_id),
    CONSTRAINT bloqueios_responsavel_fkey FOREIGN KEY (tenant_id, responsavel_id)
        REFERENCES responsaveis (tenant_id, responsavel_id) ON DELETE CASCADE,
    CONSTRAINT bloqueios_periodo_check CHECK ((inicio IS NULL) = (fim IS NULL) AND inicio < fim),
    -- One of the two kinds, and whole.
    CONSTRAINT bloqueios_tipo_check CHECK (
        (inicio IS NULL) = (dia_semana IS NOT NULL)
        AND (dia_semana IS NULL) = (hora_inicio IS NULL) AND (dia_semana IS NULL) = (hora_fim IS NULL)
        AND (dia_semana IS NOT NULL OR (valido_de IS NULL AND valido_ate IS NULL))),
    CONSTRAINT bloqueios_semanal_check CHECK (
        dia_semana BETWEEN 1 AND 7 AND hora_inicio < hora_fim AND valido_de <= valido_ate
        AND hora_inicio ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' AND hora_fim ~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'),
    CONSTRAINT bloqueios_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL))
);
CREATE INDEX bloqueios_responsavel_id_idx ON bloqueios (tenant_id, responsavel_id);
-- Those of a span: what is over is not read.
CREATE INDEX bloqueios_fim_idx ON bloqueios (tenant_id, fim);
CREATE UNIQUE INDEX bloqueios_idempotency_key_key ON bloqueios (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

-- What is busy in a span of the calendar of a responsável. The exclusion constraint has an index of the same name, which
-- takes several times as long to read. The planner would take it: it thinks both equally good. A collation of its own
-- keeps them apart, and compares bytes.
CREATE INDEX agendamentos_responsavel_idx ON agendamentos (tenant_id, lower(responsavel) COLLATE "C", data_agendada)
    WHERE status IN ('pendente', 'confirmado');

ALTER TABLE responsaveis ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE bloqueios ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE responsaveis ENABLE ROW LEVEL SECURITY;
ALTER TABLE bloqueios ENABLE ROW LEVEL SECURITY;
CREATE POLICY responsaveis_do_tenant ON responsaveis USING (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY bloqueios_do_tenant ON bloqueios USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON responsaveis TO disparo_agenda_api;
GRANT SELECT, INSERT, DELETE ON bloqueios TO disparo_agenda_api;
