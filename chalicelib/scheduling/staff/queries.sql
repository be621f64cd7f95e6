-- Responsáveis, bloqueios, and what is free. As the API's login, within one tenant.

-- name: insert_responsavel
INSERT INTO responsaveis (tenant_id, responsavel_id, nome, email, fuso, expediente, folga_antes_minutos,
                          folga_depois_minutos, antecedencia_minutos, horizonte_dias, maximo_por_dia,
                          granularidade_minutos, respeita_feriados, uf, criado_em, criado_por, atualizado_em,
                          atualizado_por)
VALUES (:tenant_id, :responsavel_id, :nome, CAST(:email AS text), CAST(:fuso AS text), CAST(:expediente AS jsonb),
        :folga_antes_minutos, CAST(:folga_depois_minutos AS smallint), :antecedencia_minutos,
        CAST(:horizonte_dias AS smallint), CAST(:maximo_por_dia AS smallint), :granularidade_minutos,
        :respeita_feriados, CAST(:uf AS text), :agora, :por, :agora, :por);

-- name: responsavel_by_id
SELECT responsavel_id, nome, email, fuso, expediente, folga_antes_minutos, folga_depois_minutos, antecedencia_minutos,
       horizonte_dias, maximo_por_dia, granularidade_minutos, respeita_feriados, uf, criado_em, criado_por,
       atualizado_em, atualizado_por
  FROM responsaveis
 WHERE tenant_id = :tenant_id AND responsavel_id = :responsavel_id;

-- name: list_responsaveis
-- By name, as it is compared.
SELECT responsavel_id, nome, email, fuso, expediente, folga_antes_minutos, folga_depois_minutos, antecedencia_minutos,
       horizonte_dias, maximo_por_dia, granularidade_minutos, respeita_feriados, uf, criado_em, criado_por,
       atualizado_em, atualizado_por, lower(nome) AS ordem
  FROM responsaveis
 WHERE tenant_id = :tenant_id AND (CAST(:depois AS text) IS NULL OR lower(nome) > CAST(:depois AS text))
 ORDER BY lower(nome)
 LIMIT :limite OFFSET :pular;

-- name: lock_responsavel
-- Whoever books with this name waits (`share_responsavel`): no agendamento keeps a name that is being changed.
SELECT nome FROM responsaveis WHERE tenant_id = :tenant_id AND responsavel_id = :responsavel_id FOR UPDATE;

-- name: update_responsavel
UPDATE responsaveis
   SET nome = :nome, email = :email, fuso = :fuso, expediente = CAST(:expediente AS jsonb),
       folga_antes_minutos = :folga_antes_minutos, folga_depois_minutos = :folga_depois_minutos,
       antecedencia_minutos = :antecedencia_minutos, horizonte_dias = :horizonte_dias,
       maximo_por_dia = :maximo_por_dia, granularidade_minutos = :granularidade_minutos,
       respeita_feriados = :respeita_feriados, uf = :uf, atualizado_em = :agora, atualizado_por = :por
 WHERE tenant_id = :tenant_id AND responsavel_id = :responsavel_id;

-- name: rename_in_agendamentos
-- The past ones, too: it is the same person. No trigger and no calendar looks at the name.
UPDATE agendamentos
   SET responsavel = :nome
 WHERE tenant_id = :tenant_id AND lower(responsavel) = lower(:antigo);

-- name: count_live_agendamentos_of
SELECT count(*) AS total
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND lower(responsavel) = lower(:nome) AND status IN ('pendente', 'confirmado');

-- name: delete_responsavel
DELETE FROM responsaveis WHERE tenant_id = :tenant_id AND responsavel_id = :responsavel_id;

-- name: insert_bloqueio
INSERT INTO bloqueios (tenant_id, bloqueio_id, responsavel_id, motivo, inicio, fim, dia_semana, hora_inicio, hora_fim,
                       valido_de, valido_ate, criado_em, criado_por)
VALUES (:tenant_id, :bloqueio_id, CAST(:responsavel_id AS uuid), :motivo, CAST(:inicio AS timestamptz),
        CAST(:fim AS timestamptz), CAST(:dia_semana AS smallint), CAST(:hora_inicio AS text), CAST(:hora_fim AS text),
        CAST(:valido_de AS date), CAST(:valido_ate AS date), :agora, :por);

-- name: bloqueio_by_id
SELECT b.bloqueio_id, b.responsavel_id, r.nome AS responsavel, b.motivo, b.inicio, b.fim, b.dia_semana, b.hora_inicio,
       b.hora_fim, b.valido_de, b.valido_ate, b.criado_em, b.criado_por
  FROM bloqueios b
  LEFT JOIN responsaveis r ON r.tenant_id = b.tenant_id AND r.responsavel_id = b.responsavel_id
 WHERE b.tenant_id = :tenant_id AND b.bloqueio_id = :bloqueio_id;

-- name: list_bloqueios
-- Newest first: ids are in the order of time. Those of one responsável include those of all; a weekly one is of every span.
SELECT b.bloqueio_id, b.responsavel_id, r.nome AS responsavel, b.motivo, b.inicio, b.fim, b.dia_semana, b.hora_inicio,
       b.hora_fim, b.valido_de, b.valido_ate, b.criado_em, b.criado_por
  FROM bloqueios b
  LEFT JOIN responsaveis r ON r.tenant_id = b.tenant_id AND r.responsavel_id = b.responsavel_id
 WHERE b.tenant_id = :tenant_id
   AND (CAST(:depois AS uuid) IS NULL OR b.bloqueio_id < CAST(:depois AS uuid))
   AND (CAST(:responsavel_id AS uuid) IS NULL OR b.responsavel_id IS NULL
        OR b.responsavel_id = CAST(:responsavel_id AS uuid))
   AND (CAST(:de AS timestamptz) IS NULL OR b.fim IS NULL OR b.fim > CAST(:de AS timestamptz))
   AND (CAST(:ate AS timestamptz) IS NULL OR b.inicio IS NULL OR b.inicio < CAST(:ate AS timestamptz))
 ORDER BY b.bloqueio_id DESC
 LIMIT :limite OFFSET :pular;

-- name: delete_bloqueio
DELETE FROM bloqueios WHERE tenant_id = :tenant_id AND bloqueio_id = :bloqueio_id;

-- name: share_responsavel
-- Booking looks here in its own transaction: a new name, or a deletion, waits until it has ended.
SELECT folga_antes_minutos, folga_depois_minutos
  FROM responsaveis
 WHERE tenant_id = :tenant_id AND lower(nome) = lower(:nome)
   FOR SHARE;

-- name: list_asked_agendas
-- What is known of each name that was asked about, in that order; a name without a row has none of it.
SELECT n.nome AS pedido, r.responsavel_id, coalesce(r.nome, n.nome) AS nome, lower(n.nome) AS chave, r.fuso,
       CAST(r.expediente AS text) AS expediente, r.folga_antes_minutos, r.folga_depois_minutos, r.antecedencia_minutos, r.horizonte_dias, r.maximo_por_dia, r.granularidade_minutos,
       r.respeita_feriados, r.uf
  FROM unnest(CAST(:nomes AS text[])) WITH ORDINALITY n (nome, ordem)
  LEFT JOIN responsaveis r ON r.tenant_id = :tenant_id AND lower(r.nome) = lower(n.nome)
 ORDER BY n.ordem;

-- name: list_agendas
-- All of them, by name.
SELECT responsavel_id, nome, lower(nome) AS chave, fuso, CAST(expediente AS text) AS expediente, folga_antes_minutos,
       folga_depois_minutos, antecedencia_minutos, horizonte_dias, maximo_por_dia, granularidade_minutos, respeita_feriados, uf
  FROM responsaveis
 WHERE tenant_id = :tenant_id
 ORDER BY lower(nome)
 LIMIT :limite;

-- name: list_blocking
-- What blocks time of these responsáveis, or of all, in a span. Instants are microseconds since 2000, as the rule has them.
-- A double has room for them; `extract` would give slow numerics.
SELECT bloqueio_id, responsavel_id, CAST((date_part('epoch', inicio) - 946684800) * 1000000 AS bigint) AS inicio,
       CAST((date_part('epoch', fim) - 946684800) * 1000000 AS bigint) AS fim, dia_semana, hora_inicio, hora_fim, valido_de, valido_ate
  FROM bloqueios
 WHERE tenant_id = :tenant_id
   AND (responsavel_id IS NULL OR responsavel_id = ANY (CAST(:responsaveis AS uuid[])))
   AND (fim IS NULL OR (fim > :de AND inicio < :ate))
 UNION ALL
-- What their own calendars have, as it was last read, but for the events that we keep there. No bloqueio says so.
SELECT CAST('00000000-0000-0000-0000-000000000000' AS uuid), o.responsavel_id,
       CAST((date_part('epoch', o.inicio) - 946684800) * 1000000 AS bigint), CAST((date_part('epoch', o.fim) - 946684800) * 1000000 AS bigint),
       NULL, NULL, NULL, NULL, NULL
  FROM calendario_ocupados o
 WHERE o.tenant_id = :tenant_id
   AND o.responsavel_id = ANY (CAST(:responsaveis AS uuid[]))
   AND o.fim > :de AND o.inicio < :ate
   AND EXISTS (SELECT FROM tenants t
                WHERE t.tenant_id = :tenant_id AND t.config #> '{canais,calendario,bloqueia_horarios}' = 'true')
   AND NOT EXISTS (SELECT FROM agendamento_eventos e
                    WHERE e.tenant_id = :tenant_id AND e.evento_id = o.evento_id);

-- name: list_stale_calendars
-- The responsáveis whose calendar has not been read for a while, and when it last was.
SELECT r.responsavel_id, l.lido_em
  FROM responsaveis r
  LEFT JOIN calendario_leituras l ON l.tenant_id = :tenant_id AND l.responsavel_id = r.responsavel_id
 WHERE r.tenant_id = :tenant_id AND r.responsavel_id = ANY (CAST(:responsaveis AS uuid[]))
   AND (l.lido_em IS NULL OR l.lido_em <= :antes);

-- name: list_busy_times
-- The live agendamentos of each spelling of these names: occupied from, occupied until, and start of each, as PostgreSQL
-- sends instants, eight bytes each. To write and read thousands of rows would take longer than to find them. The
-- span is read once for all names: under row-level security no index finds `lower(responsavel)`, which is not leakproof.
-- `chaves` are names in lower case; a list that is known when the plan is made is searched by a hash. Names are put
-- in lower case once more for the groups alone. `exceto` is one that is to be moved.
SELECT lower(o.responsavel) AS chave, o.ocupados
  FROM (SELECT a.responsavel,
               string_agg(timestamptz_send(coalesce(a.ocupado_de, a.data_agendada)) || timestamptz_send(a.ocupado_ate)
                          || timestamptz_send(a.data_agendada), '') AS ocupados
          FROM agendamentos a
         WHERE a.tenant_id = :tenant_id AND a.status IN ('pendente', 'confirmado')
           AND a.data_agendada > :de AND a.data_agendada < :ate
           AND a.agendamento_id IS DISTINCT FROM CAST(:exceto AS uuid)
           AND lower(a.responsavel) = ANY (CAST(:chaves AS text[]))
         GROUP BY a.responsavel) o;

-- name: agendamento_to_move
SELECT responsavel, duracao_minutos
  FROM agendamentos
 WHERE tenant_id = :tenant_id AND agendamento_id = :agendamento_id;
