-- When disparos by a template, a channel or a step of a campaign were made: pages of few among many look only there. An index of
-- `disparos` would be paid at every change of status (docs/decisions.md, 2026-11-30).
CREATE TABLE disparo_usos (
    tenant_id text COLLATE "C" NOT NULL,
    -- The least id of a span, of 4 hours and 40 minutes.
    inicio    uuid             NOT NULL,
    template  text             NOT NULL,
    canal     text             NOT NULL,
    -- 0 outside of campaigns.
    etapa     smallint         NOT NULL
);
-- Not unique: two who create at once would wait for each other. Whoever reads takes the spans once.
CREATE INDEX disparo_usos_inicio_idx ON disparo_usos (tenant_id, inicio, template, canal, etapa);

CREATE FUNCTION inicio_do_uso(id uuid) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CAST(left(CAST(id AS text), 6) || '00-0000-0000-0000-000000000000' AS uuid);
CREATE FUNCTION fim_do_uso(inicio uuid) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CAST(left(CAST(inicio AS text), 6) || 'ff-ffff-ffff-ffff-ffffffffffff' AS uuid);

INSERT INTO disparo_usos (tenant_id, inicio, template, canal, etapa)
SELECT DISTINCT tenant_id, inicio_do_uso(disparo_id), template, canal, coalesce(etapa, 0) FROM disparos;

CREATE FUNCTION note_usos_of_disparos() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO disparo_usos (tenant_id, inicio, template, canal, etapa)
    SELECT n.tenant_id, n.inicio, n.template, n.canal, n.etapa
      FROM (SELECT DISTINCT tenant_id, inicio_do_uso(disparo_id) AS inicio, template, canal, coalesce(etapa, 0) AS etapa
              FROM novos) n
      LEFT JOIN LATERAL (
           SELECT true AS is_noted
             FROM disparo_usos u
            WHERE u.tenant_id = n.tenant_id AND u.inicio = n.inicio AND u.template = n.template AND u.canal = n.canal
              AND u.etapa = n.etapa
            LIMIT 1) k ON true
     WHERE k.is_noted IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER disparos_usos_insert AFTER INSERT ON disparos
    REFERENCING NEW TABLE AS novos FOR EACH STATEMENT EXECUTE FUNCTION note_usos_of_disparos();

ALTER TABLE disparo_usos ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE disparo_usos ENABLE ROW LEVEL SECURITY;
CREATE POLICY disparo_usos_do_tenant ON disparo_usos USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT ON disparo_usos TO disparo_agenda_api;
