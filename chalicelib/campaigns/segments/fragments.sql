-- The conditions of a segment, over a lead `l`. Each is true or false, never NULL: a NOT around it must mean the rest.
--
-- Rows that belong to one lead are asked for by the lead's own tenant: with `:tenant_id`, which stands in a sub-query, older
-- versions of PostgreSQL would not look through the leads in parallel. OFFSET 0 keeps the planner from a join that begins with
-- all contacts or disparos of the tenant: the leads come in slices, and only theirs are looked at. Whoever reads all leads of
-- the tenant uses `counted_…` in their place (compiler.py): what they need of other tables is read once, and hashed. `IS TRUE`
-- keeps the planner from a join there, which it would do in nested loops: it expects a small tenant.

-- name: lead_status
l.status = ANY (CAST(:valores AS text[]))

-- name: lead_has_any_tag
l.tags && CAST(:valores AS text[])

-- name: lead_has_all_tags
l.tags @> CAST(:valores AS text[])

-- name: lead_nome_contains
-- Case and accents do not matter.
strpos(lower(unaccent(coalesce(l.nome, ''))), (SELECT lower(unaccent(CAST(:texto AS text))))) > 0

-- name: lead_campo_numero
-- A value of another type fits no comparison. As jsonb, numbers are compared as numbers, so nothing is cast; the parameter
-- decides which comparison it is before the first lead is read.
coalesce(CASE CAST(:op AS text)
         WHEN '=' THEN l.campos -> CAST(:campo AS text) = CAST(:valor AS jsonb)
         WHEN '!=' THEN l.campos -> CAST(:campo AS text) <> CAST(:valor AS jsonb)
         WHEN '<' THEN l.campos -> CAST(:campo AS text) < CAST(:valor AS jsonb)
         WHEN '<=' THEN l.campos -> CAST(:campo AS text) <= CAST(:valor AS jsonb)
         WHEN '>' THEN l.campos -> CAST(:campo AS text) > CAST(:valor AS jsonb)
         ELSE l.campos -> CAST(:campo AS text) >= CAST(:valor AS jsonb) END
     AND jsonb_typeof(l.campos -> CAST(:campo AS text)) = 'number', false)

-- name: lead_campo_data
-- A day from `de` on and before `ate`, or for `fora` any other. ISO days are in the order of their text, and so a time of a
-- day lies before the next day. The pattern is what costs most here, so a campo that has days only is matched roughly.
coalesce((l.campos ->> CAST(:campo AS text) COLLATE "C" >= CAST(:de AS text)
          AND l.campos ->> CAST(:campo AS text) COLLATE "C" < CAST(:ate AS text)) <> CAST(:fora AS boolean)
     AND CASE WHEN CAST(:tem_textos AS boolean)
              THEN l.campos ->> CAST(:campo AS text) ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)'
              ELSE l.campos ->> CAST(:campo AS text) LIKE '____-__-__%' END, false)

-- name: lead_campo_hora
CASE WHEN l.campos ->> CAST(:campo AS text) ~ '^[0-9]{2}:[0-9]{2}:[0-9]{2}$'
     THEN CAST(l.campos ->> CAST(:campo AS text) COLLATE "C" > CAST(:valor AS text) AS integer)
        - CAST(l.campos ->> CAST(:campo AS text) COLLATE "C" < CAST(:valor AS text) AS integer)
        = ANY (CAST(:sinais AS integer[]))
     ELSE false END

-- name: lead_campo_texto
-- Case and accents do not matter. Texts are equal or not; they have no order here.
CASE WHEN jsonb_typeof(l.campos -> CAST(:campo AS text)) = 'string'
     THEN (lower(unaccent(l.campos ->> CAST(:campo AS text))) = (SELECT lower(unaccent(CAST(:valor AS text)))))
        = (0 = ANY (CAST(:sinais AS integer[])))
     ELSE false END

-- name: lead_campo_logico
CASE WHEN jsonb_typeof(l.campos -> CAST(:campo AS text)) = 'boolean'
     THEN (l.campos -> CAST(:campo AS text) = to_jsonb(CAST(:valor AS boolean))) = (0 = ANY (CAST(:sinais AS integer[])))
     ELSE false END

-- name: lead_campo_contains
CASE WHEN jsonb_typeof(l.campos -> CAST(:campo AS text)) = 'string'
     THEN strpos(lower(unaccent(l.campos ->> CAST(:campo AS text))), (SELECT lower(unaccent(CAST(:valor AS text))))) > 0
     ELSE false END

-- name: lead_campo_is_blank
coalesce(l.campos ->> CAST(:campo AS text), '') = ''

-- name: lead_ddd
-- Of the principal phone, as for the window of an e-mail. Phones are E.164, so this is the pattern of contacts/places.py.
EXISTS (SELECT FROM lead_telefones t
         WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id AND t.principal
           AND substr(t.telefone, 4, 2) = ANY (CAST(:valores AS text[])) AND t.telefone LIKE '+55%'
           AND length(t.telefone) IN (13, 14) AND substr(t.telefone, 6, 1) >= '2'
        OFFSET 0)

-- name: lead_pessoa
CASE length(l.documento) WHEN 11 THEN 'fisica' WHEN 14 THEN 'juridica' ELSE 'sem_documento' END
    = ANY (CAST(:valores AS text[]))

-- name: lead_has_whatsapp
EXISTS (SELECT FROM lead_telefones t
         WHERE t.tenant_id = l.tenant_id AND t.lead_id = l.lead_id AND t.valido_para_disparo
        OFFSET 0)

-- name: lead_has_email
EXISTS (SELECT FROM lead_emails e
         WHERE e.tenant_id = l.tenant_id AND e.lead_id = l.lead_id AND e.valido_para_disparo
        OFFSET 0)

-- name: counted_whatsapp
-- `t` and `e` are in the query that counts: the leads with a contact that is fit for sending.
t.lead_id IS NOT NULL

-- name: counted_email
e.lead_id IS NOT NULL

-- name: counted_ddd
(l.lead_id IN (SELECT k.lead_id
                 FROM lead_telefones k
                WHERE k.tenant_id = :tenant_id AND k.principal
                  AND substr(k.telefone, 4, 2) = ANY (CAST(:valores AS text[])) AND k.telefone LIKE '+55%'
                  AND length(k.telefone) IN (13, 14) AND substr(k.telefone, 6, 1) >= '2')) IS TRUE

-- name: lead_origem_arquivo
l.origem_arquivo = ANY (CAST(:valores AS text[]))

-- name: lead_origem
l.origem = ANY (CAST(:valores AS text[]))

-- name: lead_job_id
l.job_id = ANY (CAST(:valores AS uuid[]))

-- name: lead_created_between
l.criado_em >= CAST(:de AS timestamptz) AND l.criado_em < CAST(:ate AS timestamptz)

-- name: lead_disparo_since
-- A message that left, or may have left: a failure may be reported after the provider took it.
EXISTS (SELECT FROM disparos d
         WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id
           AND (d.enviado_em IS NOT NULL OR d.status IN ('enviando', 'incerto'))
           AND coalesce(d.enviado_em, d.atualizado_em) >= CAST(:desde AS timestamptz)
        OFFSET 0)

-- name: counted_disparo_since
(l.lead_id IN (SELECT d.lead_id
                 FROM disparos d
                WHERE d.tenant_id = :tenant_id AND (d.enviado_em IS NOT NULL OR d.status IN ('enviando', 'incerto'))
                  AND coalesce(d.enviado_em, d.atualizado_em) >= CAST(:desde AS timestamptz))) IS TRUE

-- name: lead_in_campanha
-- A failure from which it goes on by another contact is not the lead's: what comes of that one is.
EXISTS (SELECT FROM disparos d
         WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id AND d.campanha_id = CAST(:campanha_id AS uuid)
           AND CASE CAST(:resultado AS text)
               WHEN 'qualquer' THEN true
               WHEN 'enviado' THEN d.enviado_em IS NOT NULL
               WHEN 'confirmado' THEN d.confirmado_em IS NOT NULL
               WHEN 'lido' THEN d.lido_em IS NOT NULL
               WHEN 'respondeu' THEN d.respondido_em IS NOT NULL
               ELSE d.status = CAST(:resultado AS text)
                    AND NOT EXISTS (SELECT FROM disparos n
                                     WHERE n.tenant_id = d.tenant_id AND n.alternativa_de = d.disparo_id) END
        OFFSET 0)

-- name: counted_in_campanha
(l.lead_id IN (SELECT d.lead_id
                 FROM disparos d
                WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid)
                  AND CASE CAST(:resultado AS text)
                      WHEN 'qualquer' THEN true
                      WHEN 'enviado' THEN d.enviado_em IS NOT NULL
                      WHEN 'confirmado' THEN d.confirmado_em IS NOT NULL
                      WHEN 'lido' THEN d.lido_em IS NOT NULL
                      WHEN 'respondeu' THEN d.respondido_em IS NOT NULL
                      ELSE d.status = CAST(:resultado AS text)
                           AND NOT EXISTS (SELECT FROM disparos n
                                            WHERE n.tenant_id = d.tenant_id AND n.alternativa_de = d.disparo_id) END)) IS TRUE

-- name: lead_failed_in_campanha
-- Who gets it again after a failure. Whoever may have got anything of the campaign, or still waits for it, does not. A
-- failure from which it goes on by another contact is not the lead's, here and below.
coalesce((SELECT bool_or(d.status = 'erro')
             AND NOT bool_or(d.em_duvida OR d.status IN ('pendente', 'enviando', 'enviado', 'confirmado', 'incerto'))
            FROM disparos d
           WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id AND d.campanha_id = CAST(:campanha_id AS uuid)
             AND NOT EXISTS (SELECT FROM disparos n WHERE n.tenant_id = d.tenant_id AND n.alternativa_de = d.disparo_id)
          OFFSET 0), false)

-- name: counted_failed_in_campanha
(l.lead_id IN (SELECT d.lead_id
                 FROM disparos d
                WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid)
                  AND NOT EXISTS (SELECT FROM disparos n
                                   WHERE n.tenant_id = d.tenant_id AND n.alternativa_de = d.disparo_id)
                GROUP BY d.lead_id
               HAVING bool_or(d.status = 'erro')
                  AND NOT bool_or(d.em_duvida
                                  OR d.status IN ('pendente', 'enviando', 'enviado', 'confirmado', 'incerto')))) IS TRUE

-- name: lead_not_reached_by_campanha
-- Who was to get it and was not reached. A step that was called off for the lead's sake (it answered, a person cancelled
-- it) has another code, or none.
coalesce((SELECT bool_or(d.status IN ('pendente', 'expirado')
                         OR (d.status = 'cancelado' AND d.erro_codigo = 'campanha_cancelada'))
             AND NOT bool_or(d.em_duvida OR d.status IN ('enviando', 'enviado', 'confirmado', 'incerto', 'erro'))
            FROM disparos d
           WHERE d.tenant_id = l.tenant_id AND d.lead_id = l.lead_id AND d.campanha_id = CAST(:campanha_id AS uuid)
             AND NOT EXISTS (SELECT FROM disparos n WHERE n.tenant_id = d.tenant_id AND n.alternativa_de = d.disparo_id)
          OFFSET 0), false)

-- name: counted_not_reached_by_campanha
(l.lead_id IN (SELECT d.lead_id
                 FROM disparos d
                WHERE d.tenant_id = :tenant_id AND d.campanha_id = CAST(:campanha_id AS uuid)
                  AND NOT EXISTS (SELECT FROM disparos n
                                   WHERE n.tenant_id = d.tenant_id AND n.alternativa_de = d.disparo_id)
                GROUP BY d.lead_id
               HAVING bool_or(d.status IN ('pendente', 'expirado')
                              OR (d.status = 'cancelado' AND d.erro_codigo = 'campanha_cancelada'))
                  AND NOT bool_or(d.em_duvida OR d.status IN ('enviando', 'enviado', 'confirmado', 'incerto', 'erro')))) IS TRUE

-- name: lead_left_out_of_campanha
EXISTS (SELECT FROM campanha_excluidos x
         WHERE x.tenant_id = l.tenant_id AND x.campanha_id = CAST(:campanha_id AS uuid) AND x.lead_id = l.lead_id
        OFFSET 0)

-- name: counted_left_out_of_campanha
(l.lead_id IN (SELECT x.lead_id
                 FROM campanha_excluidos x
                WHERE x.tenant_id = :tenant_id AND x.campanha_id = CAST(:campanha_id AS uuid))) IS TRUE

-- name: lead_replied_since
-- There are few replies: they are read once, not for each lead. One that nobody has assigned counts for every lead with
-- its contact, as on their timelines.
(l.lead_id IN (SELECT r.lead_id
                 FROM respostas r
                WHERE r.tenant_id = :tenant_id AND r.lead_id IS NOT NULL AND r.recebida_em >= CAST(:desde AS timestamptz)
                UNION ALL
               SELECT t.lead_id
                 FROM respostas r
                 JOIN lead_telefones t ON t.tenant_id = r.tenant_id AND t.telefone = r.contato
                WHERE r.tenant_id = :tenant_id AND r.lead_id IS NULL AND r.canal = 'whatsapp'
                  AND r.recebida_em >= CAST(:desde AS timestamptz)
                UNION ALL
               SELECT e.lead_id
                 FROM respostas r
                 JOIN lead_emails e ON e.tenant_id = r.tenant_id AND e.email = r.contato
                WHERE r.tenant_id = :tenant_id AND r.lead_id IS NULL AND r.canal = 'email'
                  AND r.recebida_em >= CAST(:desde AS timestamptz))) IS TRUE

-- name: lead_is_suppressed
-- The person, or one of the contacts. The list is short beside the leads: it is read once.
(l.lead_id IN (SELECT p.lead_id FROM leads_suprimidos p WHERE p.tenant_id = :tenant_id
                UNION ALL
               SELECT t.lead_id
                 FROM supressoes s
                 JOIN lead_telefones t ON t.tenant_id = s.tenant_id AND t.telefone = s.contato
                WHERE s.tenant_id = :tenant_id AND s.canal = 'whatsapp'
                UNION ALL
               SELECT e.lead_id
                 FROM supressoes s
                 JOIN lead_emails e ON e.tenant_id = s.tenant_id AND e.email = s.contato
                WHERE s.tenant_id = :tenant_id AND s.canal = 'email')) IS TRUE
