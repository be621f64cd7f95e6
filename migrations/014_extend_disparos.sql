-- What sending needs beside the message itself: until when it is wanted, why it waits, what was tried, and the limits
-- and pauses of a tenant's channels. The moves are those of docs/states.md.

ALTER TABLE disparos
    -- Not sent any more from then on.
    ADD COLUMN expira_em         timestamptz,
    ADD COLUMN ignorar_janela    boolean  NOT NULL DEFAULT false,
    -- A permanent failure of this contact goes on to the lead's next one.
    ADD COLUMN usar_alternativos boolean  NOT NULL DEFAULT false,
    -- The disparo whose failure made this one.
    ADD COLUMN alternativa_de    uuid,
    ADD COLUMN confirmado_em     timestamptz,
    -- Why what is `pendente` waits for `enviar_apos`; NULL where nothing but a worker is waited for.
    ADD COLUMN espera            text,
    -- How many steps its history has: each claim is one, and so is whatever else moves it.
    ADD COLUMN passos            integer  NOT NULL DEFAULT 0;

ALTER TABLE disparos
    ADD CONSTRAINT disparos_espera_check CHECK (
        espera IS NULL OR (status = 'pendente' AND espera IN (
            'agendado', 'janela', 'limite', 'orcamento_diario', 'canal_pausado', 'canal_lento', 'destino', 'tentativa'))),
    ADD CONSTRAINT disparos_confirmado_check CHECK ((status = 'confirmado') = (confirmado_em IS NOT NULL)),
    ADD CONSTRAINT disparos_alternativa_de_fkey
        FOREIGN KEY (tenant_id, alternativa_de) REFERENCES disparos (tenant_id, disparo_id),
    -- A failure that was reported after the message had been accepted keeps the time when it was.
    DROP CONSTRAINT disparos_enviado_check,
    ADD CONSTRAINT disparos_enviado_check CHECK (
        CASE WHEN status IN ('enviado', 'confirmado') THEN enviado_em IS NOT NULL
             WHEN status = 'erro' THEN true
             ELSE enviado_em IS NULL END);

-- No more than one successor for each.
CREATE UNIQUE INDEX disparos_alternativa_de_key ON disparos (tenant_id, alternativa_de) WHERE alternativa_de IS NOT NULL;
-- What waits for a channel, to be let go when it is back.
CREATE INDEX disparos_pausados_idx ON disparos (tenant_id, canal, disparo_id)
    WHERE status = 'pendente' AND espera = 'canal_pausado';

DROP TRIGGER disparos_moves ON disparos;

CREATE TRIGGER disparos_moves BEFORE UPDATE OF status ON disparos FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('pendente', 'enviando'), ('pendente', 'cancelado'),
        ('enviando', 'pendente'), ('enviando', 'enviado'), ('enviando', 'erro'), ('enviando', 'incerto'),
        ('enviando', 'simulado'), ('enviando', 'suprimido'), ('enviando', 'expirado'),
        ('enviado', 'confirmado'), ('enviado', 'erro'),
        ('incerto', 'enviado'), ('incerto', 'confirmado'), ('incerto', 'erro'),
        ('erro', 'pendente')))
    EXECUTE FUNCTION refuse_move_of_disparo();

-- What was decided or tried, step by step, without personal data. Each claim leaves exactly one row: what came of it,
-- or that its worker was never heard of again.
CREATE TABLE disparo_tentativas (
    tenant_id           text COLLATE "C" NOT NULL,
    disparo_id          uuid             NOT NULL,
    -- `disparos.passos` when it was taken.
    passo               integer          NOT NULL,
    em                  timestamptz      NOT NULL,
    -- The attempt that it was, counted or not; NULL where nothing was tried.
    tentativa           smallint,
    classe              text             NOT NULL,
    -- The provider's code or ours.
    codigo              text,
    -- Until when it waits after this.
    ate                 timestamptz,
    latencia_ms         integer,
    provider_message_id text,
    CONSTRAINT disparo_tentativas_pkey PRIMARY KEY (tenant_id, disparo_id, passo),
    CONSTRAINT disparo_tentativas_disparo_id_fkey
        FOREIGN KEY (tenant_id, disparo_id) REFERENCES disparos (tenant_id, disparo_id) ON DELETE CASCADE,
    CONSTRAINT disparo_tentativas_classe_check CHECK (classe ~ '^[a-z_]{1,40}$'),
    CONSTRAINT disparo_tentativas_latencia_ms_check CHECK (latencia_ms >= 0)
);

-- How fast a tenant may send by a channel: the state of its limiter (chalicelib/dispatch/limiter.py). Instants are whole
-- microseconds since 1970, so that the arithmetic is exact.
CREATE TABLE canal_limites (
    tenant_id   text COLLATE "C" NOT NULL,
    canal       text             NOT NULL,
    -- Theoretical arrival times of the two rates, by the minute and by the second (GCRA).
    tat_minuto  bigint           NOT NULL DEFAULT 0,
    tat_segundo bigint           NOT NULL DEFAULT 0,
    -- The last place in the queue that was given away.
    fila        bigint           NOT NULL DEFAULT 0,
    -- The provider asked for a rest until then; how many times in a row.
    nao_antes   bigint           NOT NULL DEFAULT 0,
    falhas      smallint         NOT NULL DEFAULT 0,
    -- The day of the budget, and how much of it is spent.
    dia         date             NOT NULL DEFAULT '1970-01-01',
    gastos      integer          NOT NULL DEFAULT 0,
    CONSTRAINT canal_limites_pkey PRIMARY KEY (tenant_id, canal),
    CONSTRAINT canal_limites_canal_check CHECK (canal IN ('whatsapp', 'email')),
    CONSTRAINT canal_limites_gastos_check CHECK (gastos >= 0)
);

-- Channels that nothing leaves by: a person must look, or a person wished it so. Removing the row resumes it.
CREATE TABLE canal_pausas (
    tenant_id text COLLATE "C" NOT NULL,
    canal     text             NOT NULL,
    codigo    text             NOT NULL,
    desde     timestamptz      NOT NULL,
    -- When one message is let through to see whether it is back; NULL: never, until a person resumes it.
    sondar_em timestamptz,
    CONSTRAINT canal_pausas_pkey PRIMARY KEY (tenant_id, canal),
    CONSTRAINT canal_pausas_canal_check CHECK (canal IN ('whatsapp', 'email'))
);

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['disparo_tentativas', 'canal_limites', 'canal_pausas']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;

GRANT SELECT, INSERT ON disparo_tentativas TO disparo_agenda_api;
GRANT SELECT ON canal_limites TO disparo_agenda_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON canal_pausas TO disparo_agenda_api;
