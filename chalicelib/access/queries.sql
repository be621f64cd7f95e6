-- name: insert_chave
INSERT INTO chaves (tenant_id, chave_id, nome, resumo, final, grupo, rotas, criada_em, criada_por, expira_em)
VALUES (:tenant_id, :chave_id, :nome, CAST(:resumo AS bytea), :final, :grupo, CAST(:rotas AS text[]), :agora, :por,
        :expira_em)
RETURNING chave_id, nome, grupo, rotas, final, criada_em, criada_por, expira_em, usada_em, revogada_em, revogada_por;

-- name: list_chaves
-- Newest first: the ids are in the order of their times.
SELECT chave_id, nome, grupo, rotas, final, criada_em, criada_por, expira_em, usada_em, revogada_em, revogada_por
  FROM chaves
 WHERE tenant_id = :tenant_id AND (CAST(:depois AS uuid) IS NULL OR chave_id < CAST(:depois AS uuid))
 ORDER BY chave_id DESC
 LIMIT :limite OFFSET :pular;

-- name: list_chave_nomes
-- Those that are revoked as well: what they did stays theirs.
SELECT chave_id, nome FROM chaves WHERE tenant_id = :tenant_id ORDER BY chave_id DESC LIMIT :limite;

-- name: revoke_chave
-- A key that was revoked before stays as it was: the first time counts.
UPDATE chaves
   SET revogada_em = COALESCE(revogada_em, :agora), revogada_por = COALESCE(revogada_por, :por)
 WHERE tenant_id = :tenant_id AND chave_id = :chave_id
RETURNING chave_id;

-- name: chave_by_resumo
SELECT chave_id, grupo, rotas, usada_em
  FROM chaves
 WHERE tenant_id = :tenant_id AND resumo = CAST(:resumo AS bytea) AND revogada_em IS NULL AND expira_em > :agora;

-- name: mark_chave_used
UPDATE chaves SET usada_em = :agora WHERE tenant_id = :tenant_id AND chave_id = :chave_id;

-- name: list_auditoria
-- Newest first: ids are in the order of time, and each filter has an index that ends with them.
SELECT registro_id, em, quem, rota, requisicao, acao, objeto, objeto_id, quantos, mudancas
  FROM auditoria
 WHERE tenant_id = :tenant_id
   AND (CAST(:antes AS uuid) IS NULL OR registro_id < CAST(:antes AS uuid))
   AND (CAST(:quem AS text) IS NULL OR quem = CAST(:quem AS text))
   AND (CAST(:rota AS text) IS NULL OR rota = CAST(:rota AS text))
   AND (CAST(:objeto AS text) IS NULL OR objeto = CAST(:objeto AS text))
   AND (CAST(:objeto_id AS text) IS NULL OR objeto_id = CAST(:objeto_id AS text))
   AND (CAST(:de AS uuid) IS NULL OR registro_id >= CAST(:de AS uuid))
   AND (CAST(:ate AS uuid) IS NULL OR registro_id <= CAST(:ate AS uuid))
 ORDER BY registro_id DESC
 LIMIT :limite;

-- name: lock_usuarios
-- One change of a tenant's people after the other, to the end of the transaction: two administrators who take each other's
-- rights must not both succeed. No row if another change is under way: a request does not wait for Cognito twice.
SELECT 1 AS livre
 WHERE pg_try_advisory_xact_lock(hashtextextended('usuarios/' || CAST(:tenant_id AS text), 0));

-- name: audit_usuario
-- People are Cognito's, so no trigger tells what has changed.
SELECT audita_pedido(CAST(:acao AS text), 'usuario', CAST(:usuario_id AS text), CAST(:mudancas AS jsonb));

-- name: end_sessoes
INSERT INTO sessoes_encerradas (tenant_id, usuario_id, antes_de)
VALUES (:tenant_id, :usuario_id, :agora)
    ON CONFLICT ON CONSTRAINT sessoes_encerradas_pkey DO UPDATE
   SET antes_de = greatest(sessoes_encerradas.antes_de, excluded.antes_de);

-- name: find_sessoes_encerradas
-- Whether a token that was issued at this second counts no more.
SELECT 1 AS encerrada
  FROM sessoes_encerradas
 WHERE tenant_id = :tenant_id AND usuario_id = :usuario_id AND antes_de >= CAST(:emitido_em AS timestamptz);

-- name: take_orcamento
-- The next share of a minute for each of these; two that take at once take turns. A function whose clock is behind takes of
-- the minute that the others are in.
INSERT INTO orcamentos AS o (tenant_id, quem, minuto, padrao, usadas, concedidas)
SELECT :tenant_id, c.quem, CAST(:minuto AS timestamptz), c.padrao, parte, parte
  FROM unnest(CAST(:quem AS text[]), CAST(:limites AS integer[])) AS c (quem, padrao),
       parte_do_orcamento(c.padrao, 0) AS parte
 ORDER BY c.quem
    ON CONFLICT ON CONSTRAINT orcamentos_pkey DO UPDATE
   SET (minuto, padrao, usadas, concedidas) = (
       SELECT greatest(o.minuto, excluded.minuto), excluded.padrao, antes + parte, parte
         FROM CAST(CASE WHEN o.minuto >= excluded.minuto THEN o.usadas ELSE 0 END AS integer) AS antes,
              parte_do_orcamento(coalesce(o.limite, excluded.padrao), antes) AS parte)
RETURNING quem, coalesce(limite, padrao) AS limite, usadas, concedidas;
