-- Finds leads by a part of their name, by the last digits of their numbers, and by the one kind of contact that they have. What
-- the indexes below need is copied out of `leads` behind the load, by the sweep: an index of trigrams on `leads` itself would make
-- loading three times as slow (docs/decisions.md, 2026-11-30).
--
-- A look-up finds candidates, never too few: the rows of `lead_buscas`, the leads whose row may be old (`buscas_a_refazer`), and
-- the leads of jobs that nobody has copied yet. The query that shows leads holds each candidate to the lead itself.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE lead_buscas (
    tenant_id    text COLLATE "C" NOT NULL,
    lead_id      uuid             NOT NULL,
    -- The beginnings of `nome` and `contato`, without case and accents.
    texto        text             NOT NULL,
    -- The digits of its phones and its document, with a blank behind each.
    numeros      text             NOT NULL,
    -- Whether it has a contact of this kind that is fit for sending.
    tem_telefone boolean          NOT NULL,
    tem_email    boolean          NOT NULL,
    CONSTRAINT lead_buscas_pkey PRIMARY KEY (tenant_id, lead_id),
    CONSTRAINT lead_buscas_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads ON DELETE CASCADE
);
CREATE INDEX lead_buscas_texto_idx ON lead_buscas USING gin (tenant_id, texto gin_trgm_ops, numeros gin_trgm_ops);
CREATE INDEX lead_buscas_um_contato_idx ON lead_buscas (tenant_id, tem_telefone, lead_id) WHERE tem_telefone <> tem_email;

-- Leads that have changed since they were copied, and those that a person made.
CREATE TABLE buscas_a_refazer (
    tenant_id text COLLATE "C" NOT NULL,
    lead_id   uuid             NOT NULL,
    CONSTRAINT buscas_a_refazer_pkey PRIMARY KEY (tenant_id, lead_id),
    CONSTRAINT buscas_a_refazer_lead_id_fkey FOREIGN KEY (tenant_id, lead_id) REFERENCES leads ON DELETE CASCADE
);

-- How many of `leads_criados` have been copied. The leads of a job are copied when it has ended, in the order of their ids;
-- `buscas_ate` is the last one while that takes several sweeps.
ALTER TABLE ingest_jobs
    ADD COLUMN leads_buscaveis integer NOT NULL DEFAULT 0,
    ADD COLUMN buscas_ate uuid;
CREATE INDEX ingest_jobs_a_buscar_idx ON ingest_jobs (tenant_id, job_id)
    WHERE leads_criados > leads_buscaveis AND NOT validar_apenas;
INSERT INTO buscas_a_refazer (tenant_id, lead_id) SELECT tenant_id, lead_id FROM leads_manuais;

-- The row of a lead is written again after this transaction. Two who change a lead at once, or the sweep and one of them, wait for
-- each other at the row here: so what the sweep reads after it took the row away is the last that anybody wrote.
CREATE FUNCTION redo_busca() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO buscas_a_refazer (tenant_id, lead_id) VALUES (NEW.tenant_id, NEW.lead_id)
        ON CONFLICT (tenant_id, lead_id) DO UPDATE SET lead_id = EXCLUDED.lead_id;
    RETURN NULL;
END
$$;
-- Whoever changes contacts of a lead says in the lead how they are written now.
CREATE TRIGGER leads_redo_busca AFTER UPDATE OF nome, contato, documento, telefone_raw, email_raw ON leads
    FOR EACH ROW EXECUTE FUNCTION redo_busca();
CREATE TRIGGER leads_manuais_redo_busca AFTER INSERT ON leads_manuais
    FOR EACH ROW EXECUTE FUNCTION redo_busca();

-- Of an erased lead nothing is kept, not even until the sweep comes.
CREATE FUNCTION forget_busca() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM lead_buscas WHERE tenant_id = NEW.tenant_id AND lead_id = NEW.lead_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER leads_forget_busca AFTER UPDATE OF apagado_em ON leads
    FOR EACH ROW WHEN (NEW.apagado_em IS NOT NULL) EXECUTE FUNCTION forget_busca();

-- The least id that is made at this time or later.
CREATE FUNCTION id_de(instante timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CAST(lpad(to_hex(CAST(floor(extract(epoch FROM instante) * 1000) AS bigint)), 12, '0') || repeat('0', 20) AS uuid);

CREATE FUNCTION sem_acentos(escrito text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN lower(public.unaccent(escrito));

-- Candidates that `lead_buscas` says nothing about, or something old. As its owner, because the API may not read it: it names
-- the tenant of the transaction.
CREATE FUNCTION leads_fora_das_buscas(antes uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.lead_id
      FROM buscas_a_refazer r
     WHERE r.tenant_id = (SELECT current_setting('app.tenant_id', true)) AND (antes IS NULL OR r.lead_id < antes)
     UNION ALL
    SELECT l.lead_id
      FROM ingest_jobs j
      JOIN leads l ON l.tenant_id = j.tenant_id AND l.job_id = j.job_id
       AND l.lead_id BETWEEN id_de(j.criado_em - interval '5 minutes')
                         AND coalesce(id_de(j.concluido_em + interval '5 minutes'), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
     WHERE j.tenant_id = (SELECT current_setting('app.tenant_id', true))
       AND j.leads_criados > j.leads_buscaveis AND NOT j.validar_apenas
       AND (antes IS NULL OR l.lead_id < antes)
$$;

-- The newest of the tenant's rows that fit, by the index of trigrams: it yields them without order, so all are read. The planner
-- does not know how many rows the tenant has, and is given no other way.
CREATE FUNCTION buscas_pelo_indice(no_texto text, nos_numeros text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    inquilino text := current_setting('app.tenant_id', true);
BEGIN
    RETURN QUERY
    SELECT b.lead_id
      FROM lead_buscas b
     WHERE b.tenant_id = (SELECT inquilino)
       AND (no_texto IS NULL OR b.texto LIKE no_texto) AND (nos_numeros IS NULL OR b.numeros LIKE nos_numeros)
       AND (antes IS NULL OR b.lead_id < antes)
     ORDER BY b.lead_id DESC
     LIMIT quantos;
END
$$;

-- The same among the `janela` newest rows, in their order: a name that many leads have is found here, without reading all.
CREATE FUNCTION buscas_pela_ordem(no_texto text, antes uuid, quantos integer, janela integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
    inquilino text := current_setting('app.tenant_id', true);
BEGIN
    RETURN QUERY
    SELECT b.lead_id
      FROM (SELECT c.lead_id, c.texto
              FROM lead_buscas c
             WHERE c.tenant_id = (SELECT inquilino) AND (antes IS NULL OR c.lead_id < antes)
             ORDER BY c.lead_id DESC
             LIMIT janela) b
     WHERE b.texto LIKE no_texto
     LIMIT quantos;
END
$$;

CREATE FUNCTION contido(procurado text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '%' || regexp_replace(procurado, '([\\%_])', '\\\1', 'g') || '%';

-- Candidates whose name or contact has this text, newest first. Three letters or digits at least: with fewer there is no trigram,
-- and every row of the tenant would be read.
CREATE FUNCTION leads_com_texto(procurado text, antes uuid, quantos integer) RETURNS SETOF uuid
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
        achados := ARRAY(SELECT buscas_pelo_indice(contido(dobrado), NULL, antes, quantos));
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

-- How many rows have this text, without those that may be old. Of one that each tenth of the newest has, the first `teto` are
-- soon met in their order; the index would yield all of them first.
CREATE FUNCTION contar_buscas(no_texto text, teto integer) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    contados bigint;
BEGIN
    IF (SELECT count(*) FROM buscas_pela_ordem(no_texto, NULL, 200, 2000)) = 200 THEN
        SELECT count(*) INTO contados
          FROM buscas_pela_ordem(no_texto, NULL, teto, teto * 12) AS b (lead_id)
         WHERE NOT EXISTS (SELECT FROM buscas_a_refazer r
                            WHERE r.tenant_id = current_setting('app.tenant_id', true) AND r.lead_id = b.lead_id);
        IF contados >= teto THEN
            RETURN contados;
        END IF;
    END IF;
    RETURN contar_buscas_pelo_indice(no_texto, teto);
END
$$;

CREATE FUNCTION contar_buscas_pelo_indice(no_texto text, teto integer) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_indexscan = off AS $$
DECLARE
    inquilino text := current_setting('app.tenant_id', true);
BEGIN
    RETURN (SELECT count(*)
              FROM (SELECT
                      FROM lead_buscas b
                     WHERE b.tenant_id = (SELECT inquilino) AND b.texto LIKE no_texto
                       AND NOT EXISTS (SELECT FROM buscas_a_refazer r
                                        WHERE r.tenant_id = b.tenant_id AND r.lead_id = b.lead_id)
                     LIMIT teto) b);
END
$$;

-- How many leads have this text in their name or contact, counted up to `teto`.
CREATE FUNCTION contar_leads_com_texto(procurado text, teto integer) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    dobrado text := sem_acentos(procurado);
BEGIN
    IF length(regexp_replace(dobrado, '[^[:alnum:]]', '', 'g')) < 3 THEN
        RETURN 0;
    END IF;
    RETURN least(teto, contar_buscas(contido(dobrado), teto) + (
        SELECT count(DISTINCT l.lead_id)
          FROM leads_fora_das_buscas(NULL) AS f (lead_id)
          JOIN leads l ON l.tenant_id = current_setting('app.tenant_id', true) AND l.lead_id = f.lead_id
         WHERE strpos(sem_acentos(concat_ws(E'\n', l.nome, l.contato)), dobrado) > 0));
END
$$;

-- Candidates of which a phone or the document ends with these digits, newest first.
CREATE FUNCTION leads_com_final(digitos text, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF digitos !~ '^[0-9]{4,}$' THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.lead_id
      FROM (SELECT buscas_pelo_indice(NULL, '%' || digitos || ' %', antes, quantos) AS lead_id
             UNION
            SELECT leads_fora_das_buscas(antes)) c
     ORDER BY c.lead_id DESC
     LIMIT quantos;
END
$$;

-- Candidates that can be reached by this kind of contact alone, newest first.
CREATE FUNCTION leads_de_um_contato(por_telefone boolean, antes uuid, quantos integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    inquilino text := current_setting('app.tenant_id', true);
BEGIN
    RETURN QUERY
    SELECT c.lead_id
      FROM ((SELECT b.lead_id
               FROM lead_buscas b
              WHERE b.tenant_id = (SELECT inquilino) AND b.tem_telefone = por_telefone AND b.tem_telefone <> b.tem_email
                AND (antes IS NULL OR b.lead_id < antes)
              ORDER BY b.lead_id DESC
              LIMIT quantos)
             UNION
            SELECT leads_fora_das_buscas(antes)) c
     ORDER BY c.lead_id DESC
     LIMIT quantos;
END
$$;

-- What looks past row-level security is for the API's login alone, and its parts for nobody.
REVOKE EXECUTE ON FUNCTION leads_com_texto, leads_com_final, leads_de_um_contato, contar_leads_com_texto FROM PUBLIC;
GRANT EXECUTE ON FUNCTION leads_com_texto, leads_com_final, leads_de_um_contato, contar_leads_com_texto TO disparo_agenda_api;
REVOKE EXECUTE ON FUNCTION leads_fora_das_buscas, buscas_pelo_indice, buscas_pela_ordem, contar_buscas,
    contar_buscas_pelo_indice FROM PUBLIC;

DO $$
DECLARE
    tabela text;
BEGIN
    FOREACH tabela IN ARRAY ARRAY['lead_buscas', 'buscas_a_refazer']
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 200)', tabela);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tabela);
        EXECUTE format('CREATE POLICY %I ON %I USING (tenant_id = current_setting(''app.tenant_id'', true))',
                       tabela || '_do_tenant', tabela);
    END LOOP;
END
$$;
