-- What a campaign may send now, in one place: the claim, the next wake-up and the sweep ask the same.

-- Campaigns under way, by channel: from when on the channel has room for messages that have no place in its queue yet, and
-- for how many. Places are given away for a minute at most (`limiter.answer`), so a tenant's other messages never wait
-- longer behind a campaign. New room is taken in portions of half a minute. A queue that no message has left lately is stale
-- (limiter.STALE_AFTER). A channel that was never asked for is tried with a hundred; one that is paused has no room.
CREATE FUNCTION campanhas_em_curso(agora timestamptz)
    RETURNS TABLE (tenant_id text, campanha_id uuid, piloto_liberado boolean, canal text, abre_em timestamptz, lugares bigint)
    LANGUAGE sql STABLE AS $$
    SELECT c.tenant_id, c.campanha_id, c.piloto_liberado, k.canal,
           CAST('1970-01-01 00:00:00+00' AS timestamptz) + interval '1 microsecond' * greatest(
               l.nao_antes, l.sem_orcamento_ate,
               f.fila - greatest(0, least(30000000, 60000000 - l.intervalo))),
           CASE WHEN coalesce(l.intervalo, 0) = 0 THEN 100
                ELSE greatest((f.us + 60000000 - greatest(f.fila, f.us)) / l.intervalo,
                              CASE WHEN f.fila <= f.us THEN 1 ELSE 0 END) END
      FROM campanhas c
     CROSS JOIN (VALUES ('whatsapp'), ('email')) AS k (canal)
      LEFT JOIN canal_limites l ON l.tenant_id = c.tenant_id AND l.canal = k.canal
     CROSS JOIN LATERAL (
           SELECT n.us, CASE WHEN greatest(l.tat_minuto + l.intervalo + 30000000, l.nao_antes) > n.us THEN l.fila ELSE 0 END AS fila
             FROM (SELECT CAST(extract(epoch FROM agora) * 1000000 AS bigint) AS us) n) f
     WHERE c.status = 'em_andamento'
       AND NOT EXISTS (SELECT FROM canal_pausas p WHERE p.tenant_id = c.tenant_id AND p.canal = k.canal)
$$;

-- A report that came before its message was known may say that the person has read it.
ALTER TABLE avisos_de_entrega ADD COLUMN lido boolean NOT NULL DEFAULT false;
-- Providers report failures through the API.
GRANT UPDATE (ultimos) ON campanha_desfechos TO disparo_agenda_api;
