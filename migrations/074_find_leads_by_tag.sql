-- Finds the leads of a tag that few or none have: all leads with any tag were read for it. The copy of leads is filled behind the
-- load (migration 070), so loading pays nothing for its index.
ALTER TABLE lead_buscas ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
UPDATE lead_buscas b SET tags = l.tags
  FROM leads l
 WHERE l.tenant_id = b.tenant_id AND l.lead_id = b.lead_id AND l.tags <> '{}';
CREATE INDEX lead_buscas_tags_idx ON lead_buscas USING gin (tenant_id, tags) WHERE tags <> '{}';

DROP TRIGGER leads_redo_busca ON leads;
CREATE TRIGGER leads_redo_busca AFTER UPDATE OF nome, contato, documento, telefone_raw, email_raw, tags ON leads
    FOR EACH ROW EXECUTE FUNCTION redo_busca();

-- The newest of the tenant's rows with this tag, by the index, as `buscas_pelo_indice`.
CREATE FUNCTION buscas_com_tag(procurada text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    inquilino text := current_setting('app.tenant_id', true);
BEGIN
    RETURN QUERY
    SELECT b.lead_id
      FROM lead_buscas b
     WHERE b.tenant_id = (SELECT inquilino) AND b.tags <> '{}' AND b.tags @> ARRAY[procurada]
       AND (antes IS NULL OR b.lead_id < antes)
     ORDER BY b.lead_id DESC
     LIMIT quantos;
END
$$;

-- Candidates with this tag, newest first.
CREATE FUNCTION leads_com_tag(procurada text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT c.lead_id
      FROM (SELECT buscas_com_tag(procurada, antes, quantos) AS lead_id
             UNION
            SELECT f.lead_id
              FROM leads_fora_das_buscas(antes) AS f (lead_id)
              JOIN leads l ON l.tenant_id = current_setting('app.tenant_id', true) AND l.lead_id = f.lead_id
             WHERE l.tags @> ARRAY[procurada]) c
     ORDER BY c.lead_id DESC
     LIMIT quantos;
END
$$;
REVOKE EXECUTE ON FUNCTION leads_com_tag FROM PUBLIC;
GRANT EXECUTE ON FUNCTION leads_com_tag TO disparo_agenda_api;
REVOKE EXECUTE ON FUNCTION buscas_com_tag FROM PUBLIC;
