-- Numbers by their last digits, and leads with a tag, without reading more than is found.
--
-- The end of a number was looked up by its trigrams: each number has a dozen, and four digits have some that every other lead has. Now its
-- last four digits are a key of their own; longer ends are looked for among what these find. Copying writes three keys for a lead in the
-- place of thirty.
CREATE FUNCTION finais(numeros text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT right(numero, 4) FROM unnest(string_to_array(rtrim(numeros), ' ')) AS numero);

DROP INDEX lead_buscas_texto_idx;
CREATE INDEX lead_buscas_texto_idx ON lead_buscas USING gin (tenant_id, texto gin_trgm_ops);
CREATE INDEX lead_buscas_finais_idx ON lead_buscas USING gin (tenant_id, finais(numeros));

-- The newest of the tenant's rows of which a number ends so, as `buscas_pelo_indice`.
CREATE FUNCTION buscas_com_final(digitos text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    inquilino text := current_setting('app.tenant_id', true);
BEGIN
    RETURN QUERY
    SELECT b.lead_id
      FROM lead_buscas b
     WHERE b.tenant_id = (SELECT inquilino) AND finais(b.numeros) @> ARRAY[right(digitos, 4)]
       AND b.numeros LIKE '%' || digitos || ' %'
       AND (antes IS NULL OR b.lead_id < antes)
     ORDER BY b.lead_id DESC
     LIMIT quantos;
END
$$;

CREATE OR REPLACE FUNCTION leads_com_final(digitos text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF digitos !~ '^[0-9]{4,}$' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.lead_id
      FROM (SELECT buscas_com_final(digitos, antes, quantos) AS lead_id
             UNION
            SELECT leads_fora_das_buscas(antes)) c
     ORDER BY c.lead_id DESC
     LIMIT quantos;
END
$$;

-- `buscas_pelo_indice` is asked for texts alone now.
DROP FUNCTION buscas_pelo_indice(text, text, uuid, integer);
CREATE FUNCTION buscas_pelo_indice(no_texto text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    inquilino text := current_setting('app.tenant_id', true);
BEGIN
    RETURN QUERY
    SELECT b.lead_id
      FROM lead_buscas b
     WHERE b.tenant_id = (SELECT inquilino) AND b.texto LIKE no_texto AND (antes IS NULL OR b.lead_id < antes)
     ORDER BY b.lead_id DESC
     LIMIT quantos;
END
$$;

CREATE OR REPLACE FUNCTION leads_com_texto(procurado text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    dobrado text := sem_acentos(procurado);
    achados uuid[];
BEGIN
    IF length(regexp_replace(dobrado, '[^[:alnum:]]', '', 'g')) < 3 THEN
        RETURN;
    END IF;
    achados := ARRAY(SELECT buscas_pela_ordem(contido(dobrado), antes, quantos, 2000));
    IF cardinality(achados) < quantos THEN
        achados := ARRAY(SELECT buscas_pelo_indice(contido(dobrado), antes, quantos));
    END IF;
    RETURN QUERY
    SELECT c.lead_id
      FROM (SELECT unnest(achados) AS lead_id
             UNION
            SELECT f.lead_id
              FROM leads_fora_das_buscas(antes) AS f (lead_id)
              JOIN leads l ON l.tenant_id = current_setting('app.tenant_id', true) AND l.lead_id = f.lead_id
             WHERE strpos(sem_acentos(concat_ws(E'\n', l.nome, l.contato)), dobrado) > 0) c
     ORDER BY c.lead_id DESC
     LIMIT quantos;
END
$$;
REVOKE EXECUTE ON FUNCTION buscas_com_final, buscas_pelo_indice FROM PUBLIC;

-- Counting the leads of a tag reads no lead. A lead without tags is not in this index, so loading pays nothing.
DROP INDEX leads_com_tags_idx;
CREATE INDEX leads_com_tags_idx ON leads (tenant_id, lead_id) INCLUDE (tags) WHERE tags <> '{}';
