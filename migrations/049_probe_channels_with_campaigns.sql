-- A paused channel is tried again with a message of a campaign, if nothing else waits for it.

-- As migration 035. A channel that is paused until a message gets through has room for one, from the time of the probe on. If
-- a message waits for the channel already and may be claimed (`wake_probes`), that one is the probe, and campaigns have no room. A
-- channel that a person paused has no room either. What has expired needs no channel: it finds room to end.
CREATE OR REPLACE FUNCTION campanhas_em_curso(agora timestamptz)
    RETURNS TABLE (tenant_id text, campanha_id uuid, piloto_liberado boolean, canal text, abre_em timestamptz, lugares bigint)
    LANGUAGE sql STABLE AS $$
    SELECT c.tenant_id, c.campanha_id, c.piloto_liberado, k.canal,
           CAST('1970-01-01 00:00:00+00' AS timestamptz) + interval '1 microsecond' * greatest(
               l.nao_antes, l.sem_orcamento_ate,
               f.fila - greatest(0, least(30000000, 60000000 - l.intervalo)),
               CASE WHEN c.expira_em <= agora THEN NULL ELSE CAST(extract(epoch FROM p.sondar_em) * 1000000 AS bigint) END),
           least(CASE WHEN coalesce(l.intervalo, 0) = 0 THEN 100
                      ELSE greatest((f.us + 60000000 - greatest(f.fila, f.us)) / l.intervalo,
                                    CASE WHEN f.fila <= f.us THEN 1 ELSE 0 END) END,
                 CASE WHEN p.canal IS NULL OR c.expira_em <= agora THEN NULL ELSE 1 END)
      FROM campanhas c
     CROSS JOIN (VALUES ('whatsapp'), ('email')) AS k (canal)
      LEFT JOIN canal_limites l ON l.tenant_id = c.tenant_id AND l.canal = k.canal
      LEFT JOIN canal_pausas p ON p.tenant_id = c.tenant_id AND p.canal = k.canal
     CROSS JOIN LATERAL (
           SELECT n.us, CASE WHEN greatest(l.tat_minuto + l.intervalo + 30000000, l.nao_antes) > n.us THEN l.fila ELSE 0 END AS fila
             FROM (SELECT CAST(extract(epoch FROM agora) * 1000000 AS bigint) AS us) n) f
     WHERE c.status = 'em_andamento'
       AND (p.canal IS NULL OR c.expira_em <= agora
            OR p.sondar_em IS NOT NULL AND NOT EXISTS (
               SELECT FROM disparos w
                WHERE w.tenant_id = p.tenant_id AND w.canal = p.canal AND w.status = 'pendente' AND w.espera = 'canal_pausado'
                  AND (w.campanha_id IS NULL OR w.em_duvida OR EXISTS (
                       SELECT FROM campanhas o
                        WHERE o.tenant_id = w.tenant_id AND o.campanha_id = w.campanha_id AND o.status = 'em_andamento'))))
$$;
