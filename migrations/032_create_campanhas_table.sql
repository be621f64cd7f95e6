-- Campaigns: one decision for thousands. What a campaign sends are disparos; this says whom they are for, in what order they
-- leave, and what came of them. The states are drawn in docs/states.md.

CREATE TABLE campanhas (
    tenant_id        text COLLATE "C" NOT NULL,
    campanha_id      uuid             NOT NULL,
    nome             text             NOT NULL,
    status           text             NOT NULL DEFAULT 'rascunho',
    -- Whom it is for: a filter over leads as the API takes it, and the segmento that it was copied from.
    filtro           jsonb            NOT NULL,
    segmento_id      uuid,
    -- Steps, channels and variants as the API takes them; `campanha_mensagens` is what was made of them.
    etapas           jsonb            NOT NULL,
    -- NULL: as soon as it is planned.
    iniciar_em       timestamptz,
    -- What has not left by then is not wanted any more.
    expira_em        timestamptz,
    -- The pilot: the first so many recipients, or so many of a hundred, whose hash says so. Who decides about the others:
    -- `automatica` or `pessoa`.
    piloto            integer,
    piloto_percentual boolean          NOT NULL DEFAULT false,
    piloto_decisao    text,
    -- False while only the pilot may leave.
    piloto_liberado  boolean          NOT NULL DEFAULT true,
    -- The audience is frozen: leads up to this id, as the filter finds them at that moment. The checkpoint of planning, and
    -- when it ended.
    publico_em       timestamptz,
    publico_ate      uuid,
    planejado_ate    uuid,
    planejada_em     timestamptz,
    -- Who plans it; a lease that has lapsed may be taken over.
    lease_dono       uuid,
    lease_ate        timestamptz,
    -- When the sweep last sent a wake-up for it.
    acordado_em      timestamptz,
    -- It is cancelled, and disparos of it are still to be moved.
    a_cancelar       boolean          NOT NULL DEFAULT false,
    -- Why it is paused: a code of ours, or a person's words.
    pausa_codigo     text,
    pausa_motivo     text,
    -- The campaign whose recipients this one is for again.
    de_novo_de       uuid,
    idempotency_key         text,
    idempotency_fingerprint text,
    criado_por       text             NOT NULL,
    criado_em        timestamptz      NOT NULL,
    atualizado_em    timestamptz      NOT NULL,
    iniciada_em      timestamptz,
    encerrada_em     timestamptz,
    CONSTRAINT campanhas_pkey PRIMARY KEY (tenant_id, campanha_id),
    CONSTRAINT campanhas_status_check CHECK (status IN (
        'rascunho', 'agendada', 'em_andamento', 'pausada', 'concluida', 'cancelada')),
    CONSTRAINT campanhas_piloto_check CHECK (
        (piloto IS NULL) = (piloto_decisao IS NULL) AND piloto > 0 AND piloto_decisao IN ('automatica', 'pessoa')
        AND (piloto IS NOT NULL OR piloto_liberado) AND (NOT piloto_percentual OR piloto < 100)),
    CONSTRAINT campanhas_pausa_check CHECK ((status = 'pausada') = (pausa_codigo IS NOT NULL)),
    -- Planning goes on while it is paused.
    CONSTRAINT campanhas_planejada_check CHECK (
        status NOT IN ('em_andamento', 'concluida') OR planejada_em IS NOT NULL),
    CONSTRAINT campanhas_publico_check CHECK (planejada_em IS NULL OR publico_em IS NOT NULL),
    CONSTRAINT campanhas_encerrada_check CHECK ((status IN ('concluida', 'cancelada')) = (encerrada_em IS NOT NULL)),
    CONSTRAINT campanhas_lease_check CHECK ((lease_dono IS NULL) = (lease_ate IS NULL)),
    CONSTRAINT campanhas_idempotency_check CHECK ((idempotency_key IS NULL) = (idempotency_fingerprint IS NULL))
);
CREATE UNIQUE INDEX campanhas_idempotency_key_key ON campanhas (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- What the sweep and every claim look at, across tenants.
CREATE INDEX campanhas_vivas_idx ON campanhas (tenant_id, campanha_id) WHERE status IN ('agendada', 'em_andamento');
CREATE INDEX campanhas_a_cuidar_idx ON campanhas (tenant_id, campanha_id)
    WHERE a_cancelar OR (status = 'pausada' AND planejada_em IS NULL);

-- What each recipient of one step gets: by the first channel (`ordem` 1) that the lead has, or by the next one where that
-- fails for the address's sake. A variant is for the leads whose hash is in [`de`, `ate`) of 100.
CREATE TABLE campanha_mensagens (
    tenant_id       text COLLATE "C" NOT NULL,
    campanha_id     uuid             NOT NULL,
    etapa           smallint         NOT NULL,
    variante        text COLLATE "C" NOT NULL,
    ordem           smallint         NOT NULL,
    canal           text             NOT NULL,
    template        text COLLATE "C" NOT NULL,
    template_versao integer          NOT NULL,
    -- Values that the campaign gives; they win over the lead's.
    variaveis       jsonb            NOT NULL DEFAULT '{}',
    de              smallint         NOT NULL,
    ate             smallint         NOT NULL,
    -- How many business days after the step before, if nobody answered; NULL for the first step.
    apos_dias_uteis smallint,
    CONSTRAINT campanha_mensagens_pkey PRIMARY KEY (tenant_id, campanha_id, etapa, variante, ordem),
    CONSTRAINT campanha_mensagens_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT campanha_mensagens_etapa_check CHECK (
        etapa > 0 AND ordem > 0 AND 0 <= de AND de < ate AND ate <= 100 AND (etapa = 1) = (apos_dias_uteis IS NULL)),
    CONSTRAINT campanha_mensagens_campanha_fkey
        FOREIGN KEY (tenant_id, campanha_id) REFERENCES campanhas (tenant_id, campanha_id) ON DELETE CASCADE,
    CONSTRAINT campanha_mensagens_template_fkey
        FOREIGN KEY (tenant_id, template, template_versao) REFERENCES templates (tenant_id, nome, versao)
);

-- Leads of the audience that get nothing, and why; the names of missing variables in `detalhe`. No foreign key to leads: a
-- job may be undone, and the counts stay.
CREATE TABLE campanha_excluidos (
    tenant_id   text COLLATE "C" NOT NULL,
    campanha_id uuid             NOT NULL,
    lead_id     uuid             NOT NULL,
    etapa       smallint         NOT NULL,
    variante    text COLLATE "C" NOT NULL,
    motivo      text             NOT NULL,
    detalhe     text,
    CONSTRAINT campanha_excluidos_pkey PRIMARY KEY (tenant_id, campanha_id, lead_id, etapa),
    CONSTRAINT campanha_excluidos_motivo_check CHECK (motivo ~ '^[a-z_]{1,40}$')
);

-- Every move, by whom and why; `codigo` where the product decided.
CREATE TABLE campanha_historico (
    tenant_id   text COLLATE "C" NOT NULL,
    campanha_id uuid             NOT NULL,
    passo_id    uuid             NOT NULL,
    em          timestamptz      NOT NULL,
    de          text             NOT NULL,
    para        text             NOT NULL,
    por         text,
    codigo      text,
    motivo      text,
    CONSTRAINT campanha_historico_pkey PRIMARY KEY (tenant_id, campanha_id, passo_id)
);

-- The counters of a campaign, as those of a tenant (migration 016): sums of small rows. `status` is a state of disparos,
-- or `excluido`, `continuado` (goes on by another contact: its failure is not the recipient's), `entregue`, `lido`,
-- `respondido`. The last three never go back.
CREATE TABLE campanha_contagens (
    tenant_id   text COLLATE "C" NOT NULL,
    campanha_id uuid             NOT NULL,
    etapa       smallint         NOT NULL,
    variante    text COLLATE "C" NOT NULL,
    canal       text             NOT NULL,
    status      text             NOT NULL,
    motivo      text             NOT NULL,
    quantos     bigint           NOT NULL,
    somado      boolean          NOT NULL DEFAULT false
);
CREATE INDEX campanha_contagens_campanha_id_idx ON campanha_contagens (tenant_id, campanha_id);
CREATE INDEX campanha_contagens_por_somar_idx ON campanha_contagens (tenant_id, campanha_id) WHERE NOT somado;

-- How the last 200 ended, the newest at the end: `1` refused, `0` not. Its own row, so that a worker that writes here
-- holds up nobody who looks at the campaign.
CREATE TABLE campanha_desfechos (
    tenant_id   text COLLATE "C" NOT NULL,
    campanha_id uuid             NOT NULL,
    ultimos     text             NOT NULL,
    CONSTRAINT campanha_desfechos_pkey PRIMARY KEY (tenant_id, campanha_id)
);

-- Places for messages of campaigns to one person, by day and by week (its Monday). Two workers cannot take the same place,
-- so a cap holds whatever runs at the same time.
CREATE TABLE lead_contatos_periodo (
    tenant_id  text COLLATE "C" NOT NULL,
    lead_id    uuid             NOT NULL,
    periodo    text             NOT NULL,
    desde      date             NOT NULL,
    vaga       smallint         NOT NULL,
    disparo_id uuid             NOT NULL,
    CONSTRAINT lead_contatos_periodo_pkey PRIMARY KEY (tenant_id, lead_id, periodo, desde, vaga),
    CONSTRAINT lead_contatos_periodo_check CHECK (periodo IN ('dia', 'semana') AND vaga > 0)
);
CREATE INDEX lead_contatos_periodo_disparo_id_idx ON lead_contatos_periodo (tenant_id, disparo_id);
CREATE INDEX lead_contatos_periodo_desde_idx ON lead_contatos_periodo (desde);

ALTER TABLE disparos
    ADD COLUMN campanha_id   uuid,
    ADD COLUMN etapa         smallint,
    ADD COLUMN variante      text COLLATE "C",
    -- Among the first of its campaign, on whose outcome the others wait.
    ADD COLUMN piloto        boolean NOT NULL DEFAULT false,
    -- A test of a campaign: it goes to somebody of the team, with the words for this lead. It is no message to the lead.
    ADD COLUMN teste_de      uuid,
    ADD COLUMN lido_em       timestamptz,
    ADD COLUMN respondido_em timestamptz,
    ADD CONSTRAINT disparos_campanha_check CHECK (
        (campanha_id IS NULL) = (etapa IS NULL) AND (campanha_id IS NULL) = (variante IS NULL)
        AND (campanha_id IS NULL OR teste_de IS NULL)),
    DROP CONSTRAINT disparos_espera_check,
    -- `campanha`: for its turn in its campaign. `etapa`: for the days since the step before. `limite_pessoa`: the person
    -- has had enough messages for the day or the week.
    ADD CONSTRAINT disparos_espera_check CHECK (
        espera IS NULL OR (status = 'pendente' AND espera IN (
            'agendado', 'janela', 'limite', 'orcamento_diario', 'canal_pausado', 'canal_lento', 'destino', 'tentativa',
            'revisao', 'campanha', 'etapa', 'limite_pessoa'))),
    -- A step of a campaign that is not wanted any more (the lead answered, …) says why.
    DROP CONSTRAINT disparos_erro_check,
    ADD CONSTRAINT disparos_erro_check CHECK (
        CASE WHEN status IN ('erro', 'incerto', 'simulado') THEN erro_codigo IS NOT NULL
             WHEN status IN ('suprimido', 'expirado', 'cancelado') THEN true
             ELSE erro_codigo IS NULL END);

DROP TRIGGER disparos_moves ON disparos;
CREATE TRIGGER disparos_moves BEFORE UPDATE OF status ON disparos FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pendente', 'enviando'), ('pendente', 'cancelado'),
        ('enviando', 'pendente'), ('enviando', 'enviado'), ('enviando', 'erro'), ('enviando', 'incerto'),
        ('enviando', 'simulado'), ('enviando', 'suprimido'), ('enviando', 'expirado'), ('enviando', 'cancelado'),
        ('enviado', 'confirmado'), ('enviado', 'erro'),
        ('incerto', 'enviado'), ('incerto', 'confirmado'), ('incerto', 'erro'),
        ('erro', 'pendente'))
        AND NOT (OLD.status = 'erro' AND NEW.status = 'confirmado' AND OLD.enviado_em IS NOT NULL))
    EXECUTE FUNCTION refuse_move_of_disparo();

-- One disparo for each recipient of a step, and one for each destination: nobody gets it twice. What goes on by another
-- contact has `alternativa_de`.
CREATE UNIQUE INDEX disparos_campanha_lead_key ON disparos (tenant_id, campanha_id, lead_id, etapa)
    WHERE campanha_id IS NOT NULL AND alternativa_de IS NULL;
CREATE UNIQUE INDEX disparos_campanha_destino_key ON disparos (tenant_id, campanha_id, destino, etapa)
    WHERE campanha_id IS NOT NULL AND alternativa_de IS NULL;
-- The results of a campaign by state.
CREATE INDEX disparos_campanha_status_idx ON disparos (tenant_id, campanha_id, status, disparo_id)
    WHERE campanha_id IS NOT NULL;
-- The queue of a campaign: those whose turn has not come, and those that wait for something else. They are in no other
-- queue, so that a million of them, or a pause, hold up nobody. What is in doubt is in the queue of its tenant: it has to
-- be settled, whatever becomes of its campaign.
CREATE INDEX disparos_campanha_fila_idx ON disparos (tenant_id, campanha_id, canal, piloto, enviar_apos)
    WHERE status = 'pendente' AND espera = 'campanha';
CREATE INDEX disparos_campanha_espera_idx ON disparos (tenant_id, campanha_id, enviar_apos)
    WHERE status = 'pendente' AND campanha_id IS NOT NULL AND espera IS DISTINCT FROM 'campanha';
DROP INDEX disparos_pendentes_idx, disparos_fila_idx;
CREATE INDEX disparos_fila_idx ON disparos (tenant_id, enviar_apos)
    WHERE status = 'pendente' AND (campanha_id IS NULL OR em_duvida);
-- A list by reason is no list of a million that wait for their turn.
DROP INDEX disparos_espera_idx;
CREATE INDEX disparos_espera_idx ON disparos (tenant_id, espera, disparo_id) WHERE espera IS NOT NULL AND espera <> 'campanha';

-- How much room a campaign finds: the distance of two messages when the limiter was last asked, and until when the day's
-- budget is spent.
ALTER TABLE canal_limites
    ADD COLUMN intervalo         bigint NOT NULL DEFAULT 0,
    ADD COLUMN sem_orcamento_ate bigint NOT NULL DEFAULT 0;

-- No other move than those of the drawing, and no end while anything waits.
CREATE FUNCTION refuse_move_of_campanha() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a campanha that is % cannot become %', OLD.status, NEW.status
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'campanhas_moves';
END
$$;
CREATE TRIGGER campanhas_moves BEFORE UPDATE OF status ON campanhas FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('rascunho', 'agendada'), ('rascunho', 'cancelada'),
        ('agendada', 'em_andamento'), ('agendada', 'pausada'), ('agendada', 'cancelada'),
        ('em_andamento', 'pausada'), ('em_andamento', 'concluida'), ('em_andamento', 'cancelada'),
        ('pausada', 'em_andamento'), ('pausada', 'agendada'), ('pausada', 'cancelada'),
        ('concluida', 'em_andamento')))
    EXECUTE FUNCTION refuse_move_of_campanha();

CREATE FUNCTION refuse_end_of_campanha() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM disparos d
                WHERE d.tenant_id = NEW.tenant_id AND d.campanha_id = NEW.campanha_id
                  AND d.status IN ('pendente', 'enviando')) THEN
        RAISE EXCEPTION 'disparos of the campanha still wait'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'campanhas_concluida';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER campanhas_concluida BEFORE UPDATE OF status ON campanhas FOR EACH ROW
    WHEN (NEW.status = 'concluida' AND OLD.status <> 'concluida')
    EXECUTE FUNCTION refuse_end_of_campanha();

-- The counters of migration 016, with those of campaigns beside them.
CREATE OR REPLACE FUNCTION count_new_disparos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos)
    SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), '-infinity', count(*)
      FROM novos GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT tenant_id, canal, 'criado', '', quarto_de_hora(criado_em), count(*) FROM novos GROUP BY 1, 2, 5;
    INSERT INTO campanha_contagens (tenant_id, campanha_id, etapa, variante, canal, status, motivo, quantos)
    SELECT tenant_id, campanha_id, etapa, variante, canal, status, coalesce(espera, erro_codigo, ''), count(*)
      FROM novos WHERE campanha_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7
     UNION ALL
    -- The failure that it goes on from, which was by its channel.
    SELECT n.tenant_id, n.campanha_id, n.etapa, n.variante, d.canal, 'continuado', coalesce(d.erro_codigo, ''), count(*)
      FROM novos n JOIN disparos d ON d.tenant_id = n.tenant_id AND d.disparo_id = n.alternativa_de
     WHERE n.campanha_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 7;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_changed_disparos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos)
    SELECT tenant_id, canal, status, motivo, '-infinity', sum(quantos)
      FROM (SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, '') AS motivo, -1 AS quantos
              FROM velhos
             UNION ALL
            SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), 1 FROM novos) mudancas
     GROUP BY 1, 2, 3, 4
    HAVING sum(quantos) <> 0
     UNION ALL
    SELECT n.tenant_id, n.canal, n.status, coalesce(n.espera, n.erro_codigo, ''),
           quarto_de_hora(n.atualizado_em), count(*)
      FROM novos n JOIN velhos v USING (tenant_id, disparo_id)
     WHERE n.status <> v.status AND n.status NOT IN ('pendente', 'enviando')
     GROUP BY 1, 2, 3, 4, 5;
    INSERT INTO campanha_contagens (tenant_id, campanha_id, etapa, variante, canal, status, motivo, quantos)
    SELECT tenant_id, campanha_id, etapa, variante, canal, status, motivo, sum(quantos)
      FROM (SELECT tenant_id, campanha_id, etapa, variante, canal, status, coalesce(espera, erro_codigo, '') AS motivo,
                   -1 AS quantos
              FROM velhos WHERE campanha_id IS NOT NULL
             UNION ALL
            SELECT tenant_id, campanha_id, etapa, variante, canal, status, coalesce(espera, erro_codigo, ''), 1
              FROM novos WHERE campanha_id IS NOT NULL) mudancas
     GROUP BY 1, 2, 3, 4, 5, 6, 7
    HAVING sum(quantos) <> 0
     UNION ALL
    SELECT n.tenant_id, n.campanha_id, n.etapa, n.variante, n.canal, f.fato, '', count(*)
      FROM novos n JOIN velhos v USING (tenant_id, disparo_id)
     CROSS JOIN LATERAL (VALUES
           ('entregue', n.confirmado_em IS NOT NULL AND v.confirmado_em IS NULL),
           ('lido', n.lido_em IS NOT NULL AND v.lido_em IS NULL),
           ('respondido', n.respondido_em IS NOT NULL AND v.respondido_em IS NULL)) AS f (fato, e_novo)
     WHERE n.campanha_id IS NOT NULL AND f.e_novo
     GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION count_removed_disparos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos)
    SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), '-infinity', -count(*)
      FROM velhos GROUP BY 1, 2, 3, 4;
    INSERT INTO campanha_contagens (tenant_id, campanha_id, etapa, variante, canal, status, motivo, quantos)
    SELECT tenant_id, campanha_id, etapa, variante, canal, status, coalesce(espera, erro_codigo, ''), -count(*)
      FROM velhos WHERE campanha_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_new_excluidos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO campanha_contagens (tenant_id, campanha_id, etapa, variante, canal, status, motivo, quantos)
    SELECT tenant_id, campanha_id, etapa, variante, '', 'excluido', motivo, count(*) FROM novos GROUP BY 1, 2, 3, 4, 7;
    RETURN NULL;
END
$$;
CREATE TRIGGER campanha_excluidos_contagens AFTER INSERT ON campanha_excluidos
    REFERENCING NEW TABLE AS novos FOR EACH STATEMENT EXECUTE FUNCTION count_new_excluidos();

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['campanhas', 'campanha_mensagens', 'campanha_excluidos', 'campanha_historico',
                                  'campanha_contagens', 'campanha_desfechos', 'lead_contatos_periodo']
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON campanhas, campanha_mensagens TO disparo_agenda_api;
GRANT SELECT, INSERT ON campanha_excluidos, campanha_historico, campanha_contagens, campanha_desfechos TO disparo_agenda_api;
GRANT SELECT, INSERT, DELETE ON lead_contatos_periodo TO disparo_agenda_api;
