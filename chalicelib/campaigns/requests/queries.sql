-- Campaigns: their drafts, their moves, what they come to. As the API's login, within one tenant.

-- name: campanha_by_id
SELECT campanha_id, nome, status, filtro, segmento_id, etapas, iniciar_em, expira_em, piloto, piloto_percentual,
       piloto_decisao, piloto_liberado, publico_em, publico_ate, planejado_ate, planejada_em, a_cancelar, pausa_codigo,
       pausa_motivo, de_novo_de, criado_por, criado_em, atualizado_em, iniciada_em, encerrada_em
  FROM campanhas
 WHERE tenant_id = :tenant_id AND campanha_id = :campanha_id;
