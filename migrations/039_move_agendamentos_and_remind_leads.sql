-- Agendamentos that move, and what their leads and responsáveis are told of them. The states are drawn in docs/states.md.

ALTER TABLE agendamentos
    -- The time that is occupied begins here: the start, less the buffer kept free before it.
    ADD COLUMN ocupado_de      timestamptz,
    -- SEQUENCE of RFC 5545: one more with every move, and with the cancellation.
    ADD COLUMN versao          integer  NOT NULL DEFAULT 0,
    ADD COLUMN reagendamentos  smallint NOT NULL DEFAULT 0,
    ADD COLUMN local           text,
    ADD COLUMN link            text,
    -- Until when the lead should have confirmed this version; NULL for those of before, whom nobody asked.
    ADD COLUMN confirmar_ate   timestamptz,
    -- Whether the lead gets messages about it.
    ADD COLUMN avisar_lead     boolean  NOT NULL DEFAULT true,
    -- When the messages of this version were dated; NULL: the sweep dates them. So live ones of before get reminders.
    ADD COLUMN avisos_planejados_em timestamptz;
UPDATE agendamentos SET ocupado_de = data_agendada;
ALTER TABLE agendamentos
    ALTER COLUMN ocupado_de SET NOT NULL,
    DROP CONSTRAINT agendamentos_canal_check,
    ADD CONSTRAINT agendamentos_canal_check CHECK (canal IN ('telefone', 'whatsapp', 'video', 'presencial')),
    ADD CONSTRAINT agendamentos_local_check CHECK ((canal = 'presencial') = (local IS NOT NULL)),
    ADD CONSTRAINT agendamentos_link_check CHECK (link IS NULL OR canal = 'video'),
    DROP CONSTRAINT agendamentos_ocupado_check,
    ADD CONSTRAINT agendamentos_ocupado_check CHECK (ocupado_de <= data_agendada AND data_agendada < ocupado_ate),
    ADD CONSTRAINT agendamentos_versao_check CHECK (0 <= reagendamentos AND reagendamentos <= versao),
    -- No two live ones of one person overlap, with the buffers on both sides.
    DROP CONSTRAINT agendamentos_sem_sobreposicao,
    ADD CONSTRAINT agendamentos_sem_sobreposicao EXCLUDE USING gist (
        tenant_id WITH =, lower(responsavel) WITH =, tstzrange(ocupado_de, ocupado_ate) WITH &&
    ) WHERE (status IN ('pendente', 'confirmado'));

-- The version before does not know the column.
CREATE FUNCTION occupy_from_the_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ocupado_de := NEW.data_agendada;
    RETURN NEW;
END
$$;
CREATE TRIGGER agendamentos_ocupado_de BEFORE INSERT ON agendamentos FOR EACH ROW
    WHEN (NEW.ocupado_de IS NULL) EXECUTE FUNCTION occupy_from_the_start();

-- No other move than those of the drawing. Only a new time asks for a new confirmation, and a version never goes back.
CREATE FUNCTION refuse_move_of_agendamento() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an agendamento that is % cannot become %', OLD.status, NEW.status
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'agendamentos_moves';
END
$$;
CREATE TRIGGER agendamentos_moves BEFORE UPDATE ON agendamentos FOR EACH ROW
    WHEN (NEW.versao < OLD.versao
          OR (NEW.data_agendada <> OLD.data_agendada
              AND (NEW.versao = OLD.versao OR NEW.status <> 'pendente' OR OLD.status NOT IN ('pendente', 'confirmado')))
          OR (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
              ('pendente', 'confirmado'), ('pendente', 'realizado'), ('pendente', 'cancelado'), ('pendente', 'nao_compareceu'),
              ('confirmado', 'realizado'), ('confirmado', 'cancelado'), ('confirmado', 'nao_compareceu'))
              AND NOT (OLD.status = 'confirmado' AND NEW.status = 'pendente' AND NEW.versao > OLD.versao)))
    EXECUTE FUNCTION refuse_move_of_agendamento();

-- Those whose confirmation is late.
CREATE INDEX agendamentos_a_confirmar_idx ON agendamentos (tenant_id, confirmar_ate)
    WHERE status = 'pendente' AND confirmar_ate IS NOT NULL;
-- What the sweep looks for, across tenants.
CREATE INDEX agendamentos_sem_planejar_idx ON agendamentos (data_agendada)
    WHERE avisos_planejados_em IS NULL AND status IN ('pendente', 'confirmado');

-- Every time that an agendamento had, the present one too. A repeated request to move it finds the move that it made.
CREATE TABLE agendamento_horarios (
    tenant_id       text COLLATE "C" NOT NULL,
    agendamento_id  uuid             NOT NULL,
    versao          integer          NOT NULL,
    data_agendada   timestamptz      NOT NULL,
    duracao_minutos smallint         NOT NULL,
    em              timestamptz      NOT NULL,
    por             text,
    motivo          text,
    idempotency_key         text,
    idempotency_fingerprint text,
    CONSTRAINT agendamento_horarios_pkey PRIMARY KEY (tenant_id, agendamento_id, versao),
    CONSTRAINT agendamento_horarios_versao_check CHECK (versao >= 0),
    CONSTRAINT agendamento_horarios_duracao_check CHECK (duracao_minutos BETWEEN 5 AND 480),
    CONSTRAINT agendamento_horarios_idempotency_check CHECK (
        (idempotency_key IS NULL) = (idempotency_fingerprint IS NULL)),
    CONSTRAINT agendamento_horarios_agendamento_fkey FOREIGN KEY (tenant_id, agendamento_id)
        REFERENCES agendamentos (tenant_id, agendamento_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX agendamento_horarios_idempotency_key_key ON agendamento_horarios (tenant_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
INSERT INTO agendamento_horarios (tenant_id, agendamento_id, versao, data_agendada, duracao_minutos, em)
SELECT tenant_id, agendamento_id, 0, data_agendada, duracao_minutos, criado_em FROM agendamentos;

-- What is to be said of one version of an agendamento, when, and what became of it. `disparado`: a disparo carries it.
-- `dispensado`: nothing is said, and `motivo` is the code of why. One row for each, whoever wakes up and how often.
CREATE TABLE agendamento_avisos (
    tenant_id      text COLLATE "C" NOT NULL,
    agendamento_id uuid             NOT NULL,
    versao         integer          NOT NULL,
    tipo           text COLLATE "C" NOT NULL,
    quando         timestamptz      NOT NULL,
    status         text             NOT NULL DEFAULT 'pendente',
    motivo         text,
    disparo_id     uuid,
    -- When the sweep last sent a wake-up for it.
    acordado_em    timestamptz,
    criado_em      timestamptz      NOT NULL,
    atualizado_em  timestamptz      NOT NULL,
    CONSTRAINT agendamento_avisos_pkey PRIMARY KEY (tenant_id, agendamento_id, versao, tipo),
    -- `lembrete_60`: so many minutes before. `responsavel`: to the person who meets the lead, at the time.
    CONSTRAINT agendamento_avisos_tipo_check CHECK (tipo ~ '^(convite|mudou|cancelado|responsavel|lembrete_[0-9]{1,5})$'),
    CONSTRAINT agendamento_avisos_status_check CHECK (status IN ('pendente', 'disparado', 'dispensado')),
    CONSTRAINT agendamento_avisos_motivo_check CHECK (
        (status = 'dispensado') = (motivo IS NOT NULL) AND motivo ~ '^[a-z_]{1,40}$'),
    CONSTRAINT agendamento_avisos_disparo_check CHECK ((status = 'disparado') = (disparo_id IS NOT NULL)),
    CONSTRAINT agendamento_avisos_agendamento_fkey FOREIGN KEY (tenant_id, agendamento_id)
        REFERENCES agendamentos (tenant_id, agendamento_id) ON DELETE CASCADE
);
-- What the sweep looks for, across tenants.
CREATE INDEX agendamento_avisos_pendentes_idx ON agendamento_avisos (quando) WHERE status = 'pendente';

-- A disparo that speaks of an agendamento: of which version, and which of the messages above. Whoever claims it looks
-- whether that is still true. It moves no lead: a delivered reminder is no conversation.
ALTER TABLE disparos
    ADD COLUMN agendamento_id     uuid,
    ADD COLUMN agendamento_versao integer,
    ADD COLUMN agendamento_tipo   text COLLATE "C",
    ADD CONSTRAINT disparos_agendamento_check CHECK (
        (agendamento_id IS NULL) = (agendamento_versao IS NULL) AND (agendamento_id IS NULL) = (agendamento_tipo IS NULL)
        AND (agendamento_id IS NULL OR (campanha_id IS NULL AND teste_de IS NULL AND expira_em IS NOT NULL)));
-- One of each; what goes on by another contact has `alternativa_de`. Only those of agendamentos are in it.
CREATE UNIQUE INDEX disparos_agendamento_key
    ON disparos (tenant_id, agendamento_id, agendamento_versao, agendamento_tipo, alternativa_de) NULLS NOT DISTINCT
    WHERE agendamento_id IS NOT NULL;

-- Words that ship with the product; a version of the tenant's own takes their place.
ALTER TABLE templates ADD COLUMN padrao boolean NOT NULL DEFAULT false;

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['agendamento_horarios', 'agendamento_avisos']
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON agendamento_horarios TO disparo_agenda_api;
GRANT SELECT, INSERT, UPDATE ON agendamento_avisos TO disparo_agenda_api;
