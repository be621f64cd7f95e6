-- What happened in each hour of a past day (GET /disparo/serie): the counters of quarters of an hour are kept for 400 days now, and not for
-- two. So they are looked up by their time, and what was forgotten is counted once more, as far as the disparos tell. A disparo that was sent
-- again tells of the last time alone.
DROP INDEX disparo_contagens_tenant_id_idx;
CREATE INDEX disparo_contagens_quando_idx ON disparo_contagens (tenant_id, quando);

INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos, somado)
SELECT d.tenant_id, d.canal, f.status, f.motivo, quarto_de_hora(f.em), count(*), true
  FROM disparos d
 CROSS JOIN LATERAL (
       VALUES ('enviado', '', d.enviado_em),
              ('confirmado', '', d.confirmado_em),
              ('erro', coalesce(d.erro_codigo, ''), CASE WHEN d.status = 'erro' THEN d.atualizado_em END)) AS f (status, motivo, em)
  LEFT JOIN (SELECT tenant_id, min(quando) AS desde FROM disparo_contagens WHERE quando > '-infinity' GROUP BY 1) c
         ON c.tenant_id = d.tenant_id
 WHERE f.em < coalesce(c.desde, quarto_de_hora(now())) AND f.em > now() - interval '400 days'
 GROUP BY 1, 2, 3, 4, 5;
