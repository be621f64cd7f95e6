-- The calendar that a tenant may connect (`canais.calendario`): which event it keeps for each agendamento, and which
-- times it says are taken.

-- One row for each agendamento that the calendar should know of. It is written in the transaction that books, moves or
-- cancels, so no wake-up is needed for it to be found.
CREATE TABLE agendamento_eventos (
    tenant_id      text COLLATE "C" NOT NULL,
    agendamento_id uuid             NOT NULL,
    status         text COLLATE "C" NOT NULL DEFAULT 'pendente',
    -- The id of the event at the calendar: the one that we propose, or the one that its server gave.
    evento_id      text,
    -- A call that makes the event may have reached the calendar.
    iniciado       boolean          NOT NULL DEFAULT false,
    -- The calendar has said that the event is there.
    existe         boolean          NOT NULL DEFAULT false,
    -- The version of the agendamento that it shows, or whose cancellation took it away.
    versao         integer,
    tentativas     integer          NOT NULL DEFAULT 0,
    codigo         text,
    -- From when on it is to be looked at.
    quando         timestamptz,
    -- Until when a worker has it.
    lease_ate      timestamptz,
    -- When the sweep last sent a wake-up for it.
    acordado_em    timestamptz,
    atualizado_em  timestamptz      NOT NULL,
    CONSTRAINT agendamento_eventos_pkey PRIMARY KEY (tenant_id, agendamento_id),
    CONSTRAINT agendamento_eventos_status_check CHECK (
        status IN ('pendente', 'sincronizado', 'removido', 'recusado', 'incerto')),
    CONSTRAINT agendamento_eventos_quando_check CHECK ((status = 'pendente') = (quando IS NOT NULL)),
    CONSTRAINT agendamento_eventos_sincronizado_check CHECK (
        status <> 'sincronizado' OR (existe AND versao IS NOT NULL)),
    CONSTRAINT agendamento_eventos_removido_check CHECK (status <> 'removido' OR NOT (iniciado OR existe)),
    CONSTRAINT agendamento_eventos_existe_check CHECK (NOT existe OR (iniciado AND evento_id IS NOT NULL)),
    CONSTRAINT agendamento_eventos_codigo_check CHECK (
        (status NOT IN ('recusado', 'incerto') OR codigo IS NOT NULL) AND codigo ~ '^[A-Za-z0-9_.:-]{1,64}$'),
    CONSTRAINT agendamento_eventos_lease_check CHECK (lease_ate IS NULL OR status = 'pendente'),
    CONSTRAINT agendamento_eventos_tentativas_check CHECK (tentativas >= 0),
    CONSTRAINT agendamento_eventos_agendamento_fkey FOREIGN KEY (tenant_id, agendamento_id)
        REFERENCES agendamentos (tenant_id, agendamento_id) ON DELETE CASCADE
);
-- What the sweep looks for, across tenants.
CREATE INDEX agendamento_eventos_pendentes_idx ON agendamento_eventos (quando) WHERE status = 'pendente';
-- An event of ours takes no time twice: which of a calendar's events are ours.
CREATE INDEX agendamento_eventos_evento_idx ON agendamento_eventos (tenant_id, evento_id) WHERE evento_id IS NOT NULL;

-- When the calendar of a responsável was last read for the times that are taken in it.
CREATE TABLE calendario_leituras (
    tenant_id      text COLLATE "C" NOT NULL,
    responsavel_id uuid             NOT NULL,
    -- The last reading that succeeded; NULL: none has yet.
    lido_em        timestamptz,
    -- The last reading, and why it failed; NULL: it did not.
    tentado_em     timestamptz      NOT NULL,
    codigo         text,
    CONSTRAINT calendario_leituras_pkey PRIMARY KEY (tenant_id, responsavel_id),
    CONSTRAINT calendario_leituras_codigo_check CHECK (codigo ~ '^[A-Za-z0-9_.:-]{1,64}$'),
    CONSTRAINT calendario_leituras_lido_check CHECK (codigo IS NOT NULL OR lido_em IS NOT NULL),
    CONSTRAINT calendario_leituras_responsavel_fkey FOREIGN KEY (tenant_id, responsavel_id)
        REFERENCES responsaveis (tenant_id, responsavel_id) ON DELETE CASCADE
);
-- What is due to be read again, across tenants.
CREATE INDEX calendario_leituras_tentado_em_idx ON calendario_leituras (tentado_em);

-- The times that are taken, as the last reading found them. No words of the events are kept.
CREATE TABLE calendario_ocupados (
    tenant_id      text COLLATE "C" NOT NULL,
    responsavel_id uuid             NOT NULL,
    inicio         timestamptz      NOT NULL,
    fim            timestamptz      NOT NULL,
    ordem          integer          NOT NULL,
    evento_id      text,
    CONSTRAINT calendario_ocupados_pkey PRIMARY KEY (tenant_id, responsavel_id, inicio, ordem),
    CONSTRAINT calendario_ocupados_fim_check CHECK (fim > inicio),
    CONSTRAINT calendario_ocupados_leitura_fkey FOREIGN KEY (tenant_id, responsavel_id)
        REFERENCES calendario_leituras (tenant_id, responsavel_id) ON DELETE CASCADE
);

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['agendamento_eventos', 'calendario_leituras', 'calendario_ocupados']
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE ON agendamento_eventos TO disparo_agenda_api;
GRANT SELECT ON calendario_leituras, calendario_ocupados TO disparo_agenda_api;
