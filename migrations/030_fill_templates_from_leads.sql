-- Templates whose variables come from the lead, in formats of their own: `{{valor|moeda}}`.

-- By which rules a version shows a value without a format. 1, all versions until now: a text as it is. 2: an ISO date as
-- in a sheet, 05/12/2026. So what was made before reads as it did.
ALTER TABLE templates ADD COLUMN regras smallint NOT NULL DEFAULT 1;
ALTER TABLE templates ALTER COLUMN regras SET DEFAULT 2;
ALTER TABLE templates ADD CONSTRAINT templates_regras_check CHECK (regras IN (1, 2));

-- Whether it is in use is all that may change.
DROP TRIGGER templates_versions_are_final ON templates;
CREATE TRIGGER templates_versions_are_final BEFORE UPDATE ON templates FOR EACH ROW
    WHEN ((OLD.tenant_id, OLD.nome, OLD.versao, OLD.canal, OLD.idioma, OLD.assunto, OLD.texto, OLD.html, OLD.variaveis, OLD.regras,
           OLD.criado_em)
          IS DISTINCT FROM
          (NEW.tenant_id, NEW.nome, NEW.versao, NEW.canal, NEW.idioma, NEW.assunto, NEW.texto, NEW.html, NEW.variaveis, NEW.regras,
           NEW.criado_em))
    EXECUTE FUNCTION refuse_change_of_template();

-- Whether a value of a lead, as its `campos` hold it, meets what a template demands of it: `Demand` in
-- `dispatch/rules/demands.py`, which says the same in Python. `maior` is the longest value for which the message has room.
-- NULL is a missing value; what holds nothing to see is missing, too. The patterns are those of `rules/formats.py`.
CREATE FUNCTION demanda_atendida(valor jsonb, tipo text, tem_padrao boolean, maior integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE jsonb_typeof(valor)
           WHEN 'string' THEN
                CASE WHEN valor #>> '{}' !~ '[^\u0001- \u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0]'
                     THEN tem_padrao
                     ELSE length(valor #>> '{}') <= maior AND
                          CASE tipo
                          WHEN 'texto' THEN true
                          WHEN 'numero' THEN valor #>> '{}' ~
                              '^(?:[ \u00a0]*(?:[-\u2212]?[ \u00a0]*(?:R\$[ \u00a0]*)?|R\$[ \u00a0]*[-\u2212]?)(?:[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?|[0-9]+\.[0-9]{1,2})[ \u00a0]*)$'
                          WHEN 'percentual' THEN valor #>> '{}' ~
                              '^(?:[ \u00a0]*[-\u2212]?(?:[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?|[0-9]+\.[0-9]{1,2})[ \u00a0]*%[ \u00a0]*)$'
                          -- First most dates as campos hold them: the whole pattern takes twice as long.
                          WHEN 'data' THEN valor #>> '{}' ~
                              '^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?$'
                              OR valor #>> '{}' ~
                              '^(?:[ \u00a0]*(?:(?:[1-9][0-9]{3}-(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|[1-9][0-9]{3}-(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|[1-9][0-9]{3}-02-(?:0[1-9]|1[0-9]|2[0-8])|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)|(?:(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[13578]|1[02])/[1-9][0-9]{3}|(?:0?[1-9]|[12][0-9]|30)/(?:0?[469]|11)/[1-9][0-9]{3}|(?:0?[1-9]|1[0-9]|2[0-8])/0?2/[1-9][0-9]{3}|29/0?2/(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)))(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?[ \u00a0]*)$'
                          WHEN 'hora' THEN valor #>> '{}' ~
                              '^(?:[ \u00a0]*(?:(?:(?:[1-9][0-9]{3}-(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|[1-9][0-9]{3}-(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|[1-9][0-9]{3}-02-(?:0[1-9]|1[0-9]|2[0-8])|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)|(?:(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[13578]|1[02])/[1-9][0-9]{3}|(?:0?[1-9]|[12][0-9]|30)/(?:0?[469]|11)/[1-9][0-9]{3}|(?:0?[1-9]|1[0-9]|2[0-8])/0?2/[1-9][0-9]{3}|29/0?2/(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)))[T ])?(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?[ \u00a0]*)$'
                          ELSE false
                          END
                END
           WHEN 'number' THEN length(valor #>> '{}') <= maior AND tipo IN ('texto', 'numero', 'percentual')
           WHEN 'boolean' THEN 5 <= maior AND tipo = 'texto'
           WHEN 'object' THEN false
           WHEN 'array' THEN false
           ELSE tem_padrao
           END
$$;
