-- What is asked about many disparos at once: counters for a dashboard, lists by reason, sending again by filter.

-- The counters of GET /disparo/overview, kept by the statements that change disparos: counting a million of them takes
-- a fifth of a second. Each statement leaves a row for every counter that it moves, so that nobody waits for anybody:
-- a counter is the sum of its rows. Now and then the sweep puts the sums in the place of the rows.
CREATE TABLE disparo_contagens (
    tenant_id  text COLLATE "C" NOT NULL,
    canal      text             NOT NULL,
    status     text             NOT NULL,
    -- Why those wait (espera) or ended so (erro_codigo); '' where there is nothing to say.
    motivo     text             NOT NULL,
    -- The quarter of an hour in which so many became so (of which every zone's days are made); '-infinity': how many
    -- are so now.
    quando     timestamptz      NOT NULL,
    quantos    bigint           NOT NULL,
    somado     boolean          NOT NULL DEFAULT false
);

CREATE INDEX disparo_contagens_tenant_id_idx ON disparo_contagens (tenant_id);
CREATE INDEX disparo_contagens_por_somar_idx ON disparo_contagens (tenant_id) WHERE NOT somado;

CREATE FUNCTION quarto_de_hora(instante timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN date_bin('15 minutes', instante, '2000-01-01 00:00:00+00');

CREATE FUNCTION count_new_disparos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos)
    SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), '-infinity', count(*)
      FROM novos GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT tenant_id, canal, 'criado', '', quarto_de_hora(criado_em), count(*) FROM novos GROUP BY 1, 2, 5;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_changed_disparos() RETURNS trigger LANGUAGE plpgsql AS $$
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
    RETURN NULL;
END
$$;

CREATE FUNCTION count_removed_disparos() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos)
    SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), '-infinity', -count(*)
      FROM velhos GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END
$$;

CREATE TRIGGER disparos_contagens_insert AFTER INSERT ON disparos
    REFERENCING NEW TABLE AS novos FOR EACH STATEMENT EXECUTE FUNCTION count_new_disparos();
CREATE TRIGGER disparos_contagens_update AFTER UPDATE ON disparos
    REFERENCING OLD TABLE AS velhos NEW TABLE AS novos FOR EACH STATEMENT EXECUTE FUNCTION count_changed_disparos();
CREATE TRIGGER disparos_contagens_delete AFTER DELETE ON disparos
    REFERENCING OLD TABLE AS velhos FOR EACH STATEMENT EXECUTE FUNCTION count_removed_disparos();

-- The triggers hold writers off until the end of this transaction: nothing is counted twice, and nothing missed.
INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos, somado)
SELECT tenant_id, canal, status, coalesce(espera, erro_codigo, ''), '-infinity', count(*), true
  FROM disparos GROUP BY 1, 2, 3, 4;

-- What waits, by its time; why it waits, and why it failed, each with its rows in the order of the lists. A disparo is in
-- one of the last two at most, and what was sent at once in neither.
CREATE INDEX disparos_fila_idx ON disparos (tenant_id, enviar_apos) WHERE status = 'pendente';
CREATE INDEX disparos_espera_idx ON disparos (tenant_id, espera, disparo_id) WHERE espera IS NOT NULL;
CREATE INDEX disparos_erro_codigo_idx ON disparos (tenant_id, erro_codigo, disparo_id) WHERE erro_codigo IS NOT NULL;

-- Requests to send many again, by the client's key: the same one again gets the same answer and sends nothing.
CREATE TABLE disparo_reenvios (
    tenant_id       text COLLATE "C" NOT NULL,
    idempotency_key text             NOT NULL,
    fingerprint     text             NOT NULL,
    resposta        jsonb            NOT NULL,
    criado_em       timestamptz      NOT NULL,
    CONSTRAINT disparo_reenvios_pkey PRIMARY KEY (tenant_id, idempotency_key)
);

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['disparo_contagens', 'disparo_reenvios']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;

GRANT SELECT, INSERT ON disparo_contagens, disparo_reenvios TO disparo_agenda_api;
