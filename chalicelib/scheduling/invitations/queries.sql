-- Invitations: what calendars show of agendamentos, and the feeds that they subscribe to.

-- name: meeting_for_calendar
-- The lead by their principal contacts. An address that may get no e-mail invites nobody.
SELECT a.agendamento_id, a.tipo, a.canal, a.data_agendada, a.duracao_minutos, a.responsavel, a.status, a.versao,
       a.local, a.link, a.criado_em, a.atualizado_em, l.nome, r.fuso, r.email AS organizador,
       (SELECT e.email FROM lead_emails e
         WHERE e.tenant_id = :tenant_id AND e.lead_id = a.lead_id AND e.principal AND e.valido_para_disparo) AS email
  FROM agendamentos a
  JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = a.lead_id
  LEFT JOIN responsaveis r ON r.tenant_id = :tenant_id AND lower(r.nome) = lower(a.responsavel)
 WHERE a.tenant_id = :tenant_id AND a.agendamento_id = :agendamento_id;

-- name: meetings_of_feed
-- Live ones and the others are in an index each. The earliest ones if there are more than the limit. Cancelled ones stay
-- for a while, so that the calendars that have them take them away.
WITH na_agenda AS (
    (SELECT a.* FROM agendamentos a
      WHERE a.tenant_id = :tenant_id AND lower(a.responsavel) = lower(CAST(:responsavel AS text))
        AND a.data_agendada >= CAST(:desde AS timestamptz) AND a.status IN ('pendente', 'confirmado')
      ORDER BY a.data_agendada
      LIMIT :limite)
    UNION ALL
    (SELECT a.* FROM agendamentos a
      WHERE a.tenant_id = :tenant_id AND lower(a.responsavel) = lower(CAST(:responsavel AS text))
        AND a.data_agendada >= CAST(:desde AS timestamptz) AND a.status NOT IN ('pendente', 'confirmado')
        AND (a.status <> 'cancelado' OR a.atualizado_em >= CAST(:desde AS timestamptz))
      ORDER BY a.data_agendada
      LIMIT :limite)
)
SELECT a.agendamento_id, a.tipo, a.canal, a.data_agendada, a.duracao_minutos, a.responsavel, a.status, a.versao,
       a.local, a.link, a.criado_em, a.atualizado_em, a.observacoes, l.nome,
       (SELECT e.email FROM lead_emails e
         WHERE e.tenant_id = :tenant_id AND e.lead_id = a.lead_id AND e.principal) AS email,
       (SELECT t.telefone FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = a.lead_id AND t.principal) AS telefone
  FROM na_agenda a
  JOIN leads l ON l.tenant_id = :tenant_id AND l.lead_id = a.lead_id
 ORDER BY a.data_agendada, a.agendamento_id
 LIMIT :limite;

-- name: publish_feed
-- One feed for each responsável: a new address takes the place of the one before.
INSERT INTO agendas (tenant_id, agenda_id, responsavel, token_hash, criado_por, criado_em)
VALUES (:tenant_id, :agenda_id, :responsavel, CAST(:token_hash AS bytea), :por, :agora)
ON CONFLICT (tenant_id, lower(responsavel)) DO UPDATE
   SET responsavel = excluded.responsavel, token_hash = excluded.token_hash, criado_por = excluded.criado_por,
       criado_em = excluded.criado_em
RETURNING agenda_id, responsavel, criado_por, criado_em;

-- name: list_feeds
SELECT agenda_id, responsavel, criado_por, criado_em
  FROM agendas
 WHERE tenant_id = :tenant_id
 ORDER BY lower(responsavel), agenda_id
 LIMIT :limite;

-- name: feed_by_token
-- With the zone and the address of the responsável, where they have their own.
SELECT g.agenda_id, g.responsavel, r.fuso, r.email
  FROM agendas g
  LEFT JOIN responsaveis r ON r.tenant_id = :tenant_id AND lower(r.nome) = lower(g.responsavel)
 WHERE g.tenant_id = :tenant_id AND g.token_hash = CAST(:token_hash AS bytea);

-- name: delete_feed
DELETE FROM agendas
 WHERE tenant_id = :tenant_id AND agenda_id = :agenda_id
RETURNING agenda_id;

-- name: meeting_of_invitation
-- What a link shows and decides about; the principal phone says where the lead is.
SELECT a.agendamento_id, a.status, a.versao, a.reagendamentos, a.data_agendada, a.duracao_minutos, a.responsavel, a.canal,
       a.local, a.link,
       (SELECT t.telefone FROM lead_telefones t
         WHERE t.tenant_id = :tenant_id AND t.lead_id = a.lead_id AND t.principal) AS telefone,
       (SELECT h.por FROM agendamento_horarios h
         WHERE h.tenant_id = :tenant_id AND h.agendamento_id = a.agendamento_id AND h.versao = a.versao) AS movido_por
  FROM agendamentos a
 WHERE a.tenant_id = :tenant_id AND a.agendamento_id = :agendamento_id;

-- name: meetings_of_disparos
-- Of the messages that tell of a time or of its end; a reminder tells nothing new. All of it stays as it is for one
-- version, whatever the lead answers meanwhile, so that a repeated message is the same one.
SELECT d.tenant_id, d.disparo_id, d.destino AS email, d.criado_em AS atualizado_em, a.agendamento_id, a.tipo, a.canal,
       a.data_agendada, a.duracao_minutos, a.responsavel, a.versao, a.local, a.link, a.criado_em, l.nome, r.fuso,
       r.email AS organizador, CASE WHEN a.status = 'cancelado' THEN 'cancelado' ELSE 'pendente' END AS status, t.config
  FROM unnest(CAST(:tenant_ids AS text[]), CAST(:disparo_ids AS uuid[])) AS c (tenant_id, disparo_id)
  JOIN disparos d ON d.tenant_id = c.tenant_id AND d.disparo_id = c.disparo_id
                 AND d.agendamento_tipo IN ('convite', 'mudou', 'cancelado')
  JOIN agendamentos a ON a.tenant_id = d.tenant_id AND a.agendamento_id = d.agendamento_id
                     AND a.versao = d.agendamento_versao
  JOIN leads l ON l.tenant_id = d.tenant_id AND l.lead_id = a.lead_id
  LEFT JOIN responsaveis r ON r.tenant_id = d.tenant_id AND lower(r.nome) = lower(a.responsavel)
  LEFT JOIN tenants t ON t.tenant_id = d.tenant_id;
