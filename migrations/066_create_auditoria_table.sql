-- Who changed what, when and by which route, without personal data. Rows are written by the triggers below, in the
-- transaction of the change: what fails or is refused leaves none. Nobody changes a row, and only retention deletes one.

-- Time-ordered (RFC 9562, version 7), as the ids that the code makes. The 12 bits behind the version are microseconds
-- (section 6.2, method 3). PostgreSQL 15 has no function of its own for it.
CREATE FUNCTION novo_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT CAST(encode(int8send((micros / 1000) << 16 | 28672 | (micros % 1000) * 4096 / 1000)
                       || substring(uuid_send(gen_random_uuid()) FROM 9), 'hex') AS uuid)
      FROM (SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS micros) agora
$$;

-- The defaults read who acts (`adapters/database.py` sets it for each transaction). Nobody named: a worker of ours, or a
-- person at the database.
CREATE TABLE auditoria (
    tenant_id   text COLLATE "C" NOT NULL,
    registro_id uuid             NOT NULL DEFAULT novo_id(),
    em          timestamptz      NOT NULL DEFAULT clock_timestamp(),
    -- The subject of a person's login, `chave:` and the id of a key, `lead`, or `sistema:` and one of our functions.
    quem        text COLLATE "C" NOT NULL DEFAULT coalesce(nullif(current_setting('app.quem', true), ''), 'sistema'),
    -- `PATCH /leads/{lead_id}`, and the X-Request-Id; NULL where no request was made.
    rota        text COLLATE "C"          DEFAULT nullif(current_setting('app.rota', true), ''),
    requisicao  text                      DEFAULT nullif(current_setting('app.requisicao', true), ''),
    acao        text             NOT NULL,
    objeto      text COLLATE "C" NOT NULL,
    -- NULL where the tenant has one such object only, or where the row stands for many.
    objeto_id   text COLLATE "C",
    quantos     integer          NOT NULL DEFAULT 1,
    -- [{"campo", "de", "para", "oculto"}]. A field that may hold personal data is named, and its values are left out.
    mudancas    jsonb            NOT NULL DEFAULT '[]',
    CONSTRAINT auditoria_pkey PRIMARY KEY (tenant_id, registro_id),
    CONSTRAINT auditoria_acao_check CHECK (acao IN ('criacao', 'mudanca', 'remocao')),
    CONSTRAINT auditoria_quantos_check CHECK (quantos > 0 AND (quantos = 1 OR objeto_id IS NULL))
);
-- Each filter of the list, newest first. Ids are unique whatever the kind of the object.
CREATE INDEX auditoria_quem_idx ON auditoria (tenant_id, quem, registro_id);
CREATE INDEX auditoria_rota_idx ON auditoria (tenant_id, rota, registro_id) WHERE rota IS NOT NULL;
CREATE INDEX auditoria_objeto_idx ON auditoria (tenant_id, objeto, registro_id);
CREATE INDEX auditoria_objeto_id_idx ON auditoria (tenant_id, objeto_id, registro_id) WHERE objeto_id IS NOT NULL;

ALTER TABLE auditoria ALTER COLUMN tenant_id SET (n_distinct = 200);
ALTER TABLE auditoria ENABLE ROW LEVEL SECURITY;
CREATE POLICY auditoria_do_tenant ON auditoria USING (tenant_id = current_setting('app.tenant_id', true));
-- The triggers write as the owner of the table: the API's login reads, and does nothing else.
GRANT SELECT ON auditoria TO disparo_agenda_api;

CREATE FUNCTION refuse_change_of_auditoria() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of the audit is final'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'auditoria_is_final';
END
$$;
CREATE TRIGGER auditoria_is_final BEFORE UPDATE ON auditoria FOR EACH ROW
    EXECUTE FUNCTION refuse_change_of_auditoria();

-- What is different between two states of a row. `mostra` names the columns whose values are shown. Any other column is
-- named when it changes, and its values are left out, unless it is in `ignora` or is a note of the machinery.
CREATE FUNCTION mudancas_de(velho jsonb, novo jsonb, mostra text[], ignora text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'campo', campo,
               'de', CASE WHEN campo = ANY (mostra) THEN de END,
               'para', CASE WHEN campo = ANY (mostra) THEN para END,
               'oculto', campo <> ALL (mostra)) ORDER BY campo), '[]')
      FROM (SELECT campo, nullif(velho -> campo, 'null') AS de, nullif(novo -> campo, 'null') AS para
              FROM jsonb_object_keys(coalesce(novo, velho)) AS campo) c
     WHERE de IS DISTINCT FROM para
       AND (campo = ANY (mostra)
            OR velho IS NOT NULL AND novo IS NOT NULL AND campo <> ALL (ignora)
               AND campo NOT IN ('criado_em', 'criado_por', 'atualizado_em', 'atualizado_por', 'acordado_em', 'lease_dono',
                                 'lease_ate', 'apagado_em'))
$$;

-- One row of the audit for each changed row of a table: its kind of object, the column with the id, what is shown, and
-- what is ignored.
CREATE FUNCTION audita() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    velho    jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    novo     jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    mudancas jsonb := mudancas_de(velho, novo, string_to_array(TG_ARGV[2], ','), string_to_array(TG_ARGV[3], ','));
BEGIN
    IF TG_OP <> 'UPDATE' OR mudancas <> '[]' THEN
        INSERT INTO auditoria (tenant_id, acao, objeto, objeto_id, mudancas)
        VALUES (coalesce(novo, velho) ->> 'tenant_id',
                CASE TG_OP WHEN 'INSERT' THEN 'criacao' WHEN 'UPDATE' THEN 'mudanca' ELSE 'remocao' END,
                TG_ARGV[0], coalesce(novo, velho) ->> TG_ARGV[1], mudancas);
    END IF;
    RETURN NULL;
END
$$;

-- What people did to a lead is in its own history, with the old and the new values, which an erasure removes. Here stand
-- its status and the names of the fields; the names of campos are the tenant's, so all of them are `campos`.
CREATE FUNCTION audita_lead() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO auditoria (tenant_id, acao, objeto, objeto_id, mudancas)
    SELECT NEW.tenant_id, 'mudanca', 'lead', NEW.lead_id,
           CASE NEW.tipo
               WHEN 'status' THEN jsonb_build_array(jsonb_build_object(
                   'campo', 'status', 'de', NEW.de, 'para', NEW.para, 'oculto', false))
               ELSE (SELECT jsonb_agg(jsonb_build_object('campo', campo, 'de', NULL, 'para', NULL, 'oculto', true) ORDER BY campo)
                       FROM (SELECT DISTINCT split_part(m ->> 'campo', '.', 1)
                                    || CASE NEW.tipo WHEN 'contato_incluido' THEN '_incluido'
                                                     WHEN 'contato_removido' THEN '_removido'
                                                     WHEN 'contato_principal' THEN '_principal' ELSE '' END AS campo
                               FROM jsonb_array_elements(NEW.mudancas) m) c)
           END;
    RETURN NULL;
END
$$;

-- A statement about disparos: up to twenty have a row each, more of them one row for each kind of change.
CREATE FUNCTION audita_disparos_criados() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM novos) <= 20 THEN
        INSERT INTO auditoria (tenant_id, acao, objeto, objeto_id, mudancas)
        SELECT tenant_id, 'criacao', 'disparo', disparo_id, mudancas_de(
                   NULL, to_jsonb(n), '{lead_id,canal,status,agendar_para,campanha_id,agendamento_id,teste_de}', '{}')
          FROM novos n;
    ELSE
        INSERT INTO auditoria (tenant_id, acao, objeto, quantos)
        SELECT tenant_id, 'criacao', 'disparo', count(*) FROM novos GROUP BY tenant_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION audita_disparos_mudados() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO auditoria (tenant_id, acao, objeto, objeto_id, quantos, mudancas)
    WITH mudados AS MATERIALIZED (
        SELECT tenant_id, disparo_id, v.status AS de, n.status AS para
          FROM velhos v JOIN novos n USING (tenant_id, disparo_id)
         WHERE v.status <> n.status
    ), poucos AS MATERIALIZED (
        SELECT count(*) <= 20 AS sao_poucos FROM mudados
    )
    SELECT tenant_id, 'mudanca', 'disparo', min(CASE WHEN sao_poucos THEN CAST(disparo_id AS text) END), count(*),
           jsonb_build_array(jsonb_build_object('campo', 'status', 'de', de, 'para', para, 'oculto', false))
      FROM mudados CROSS JOIN poucos
     GROUP BY tenant_id, de, para, CASE WHEN sao_poucos THEN disparo_id END;
    RETURN NULL;
END
$$;

-- Deliveries that a person asked for, or called off with a subscription: one row for a statement.
CREATE FUNCTION audita_entregas() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO auditoria (tenant_id, acao, objeto, objeto_id, quantos, mudancas)
    SELECT tenant_id, CASE TG_OP WHEN 'INSERT' THEN 'criacao' ELSE 'mudanca' END, 'entrega',
           CASE WHEN count(*) = 1 THEN min(CAST(evento_id AS text)) END, count(*),
           jsonb_build_array(
               jsonb_build_object('campo', 'assinatura_id', 'de', NULL, 'para', assinatura_id, 'oculto', false),
               jsonb_build_object('campo', 'status', 'de', NULL, 'para', status, 'oculto', false))
      FROM novos
     GROUP BY tenant_id, assinatura_id, status;
    RETURN NULL;
END
$$;

-- A change that no row of a table tells: the configuration, of which only the code knows the defaults. For the tenant of the
-- transaction alone.
CREATE FUNCTION audita_pedido(acao text, objeto text, objeto_id text, mudancas jsonb) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO auditoria (tenant_id, acao, objeto, objeto_id, mudancas)
    VALUES (current_setting('app.tenant_id'), acao, objeto, objeto_id, mudancas)
$$;

-- Which changes are written down. What decides how the product behaves is, whoever changes it. Of what the engine itself moves
-- by the million (`so_pessoas`), only what a person, a key or a lead did is: the engine's own ledgers tell the rest, and
-- the trigger costs it the reading of one setting.
DO $$
DECLARE
    cada      record;
    por_gente constant text := 'WHEN (current_setting(''app.quem'', true) !~ ''^(sistema|$)'')';
BEGIN
    FOR cada IN
        SELECT * FROM (VALUES
            ('templates', 'INSERT OR UPDATE OR DELETE', false, 'template', 'nome', 'versao,ativo,padrao', ''),
            ('segmentos', 'INSERT OR UPDATE OR DELETE', false, 'segmento', 'segmento_id', '', ''),
            ('campanhas', 'INSERT OR UPDATE OR DELETE', false, 'campanha', 'campanha_id',
             'status,segmento_id,iniciar_em,expira_em,piloto,piloto_percentual,piloto_decisao,piloto_liberado,pausa_codigo,de_novo_de',
             'publico_em,publico_ate,planejado_ate,planejada_em,a_cancelar,iniciada_em,encerrada_em,redatar_desde,redatada_ate'),
            ('canal_pausas', 'INSERT OR UPDATE OR DELETE', false, 'pausa_de_canal', 'canal', 'codigo,de_admin', 'desde,sondar_em,por'),
            ('responsaveis', 'INSERT OR UPDATE OR DELETE', false, 'responsavel', 'responsavel_id',
             'folga_antes_minutos,folga_depois_minutos,antecedencia_minutos,horizonte_dias,maximo_por_dia,granularidade_minutos,respeita_feriados',
             ''),
            ('bloqueios', 'INSERT OR UPDATE OR DELETE', false, 'bloqueio', 'bloqueio_id',
             'responsavel_id,inicio,fim,dia_semana,valido_de,valido_ate', ''),
            ('agendas', 'INSERT OR UPDATE OR DELETE', false, 'agenda', 'agenda_id', '', ''),
            ('chaves', 'INSERT OR UPDATE OR DELETE', false, 'chave', 'chave_id', 'grupo,rotas,expira_em,revogada_em',
             'usada_em,revogada_por'),
            ('assinaturas', 'INSERT OR UPDATE OR DELETE', false, 'assinatura', 'assinatura_id', 'eventos,status,codigo,segredo_versao',
             'desligada_em,falhas,falhando_desde,espera_ate'),
            ('ingest_jobs', 'INSERT', false, 'job', 'job_id', 'modo,status,validar_apenas,chave_recebida', ''),
            ('ingest_jobs', 'UPDATE', true, 'job', 'job_id', 'status,cancelamento_pedido,desfazer_pedido_em,chave_recebida',
             'tentativas,erro_codigo,mensagem_erro,concluido_em,retomado_em,linhas_ao_retomar,desfazer_depois,ensaio_aberto'),
            ('titular_pedidos', 'INSERT OR UPDATE', false, 'pedido_de_titular', 'pedido_id', 'tipo,lead_id,concluido',
             'leads,contagens,pendencias,eventos'),
            ('leads_manuais', 'INSERT', true, 'lead', 'lead_id', '', ''),
            ('lead_notas', 'INSERT OR DELETE', true, 'nota', 'nota_id', 'lead_id', ''),
            ('supressoes', 'INSERT OR DELETE', true, 'supressao', 'supressao_id', 'canal,motivo,disparo_id', ''),
            ('leads_suprimidos', 'INSERT OR DELETE', true, 'supressao_de_lead', 'lead_id', '', ''),
            ('respostas', 'UPDATE OF atribuida_por, resolvida_por', true, 'resposta', 'resposta_id',
             'lead_id,disparo_id,campanha_id,revisar,decisao', 'atribuida_em,atribuida_por,resolvida_em,resolvida_por'),
            ('agendamentos', 'INSERT', true, 'agendamento', 'agendamento_id', 'lead_id,tipo,canal,data_agendada,duracao_minutos,status', ''),
            ('agendamentos', 'UPDATE OF status, data_agendada', true, 'agendamento', 'agendamento_id',
             'tipo,canal,data_agendada,duracao_minutos,status',
             'versao,reagendamentos,ocupado_de,ocupado_ate,avisado_em,avisos,cancelado_por,confirmar_ate,avisar_lead,avisos_planejados_em'),
            ('agendamento_eventos', 'UPDATE OF status', true, 'evento_de_calendario', 'agendamento_id', 'status,codigo,existe',
             'iniciado,versao,tentativas,quando')
        ) AS t (tabela, quando, so_pessoas, objeto, chave, mostra, ignora)
    LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I FOR EACH ROW %s EXECUTE FUNCTION audita(%L, %L, %L, %L)',
                       cada.tabela || '_auditoria_' || lower(split_part(cada.quando, ' ', 1)), cada.quando, cada.tabela,
                       CASE WHEN cada.so_pessoas THEN por_gente ELSE '' END,
                       cada.objeto, cada.chave, cada.mostra, cada.ignora);
    END LOOP;
    EXECUTE 'CREATE TRIGGER lead_eventos_auditoria_insert AFTER INSERT ON lead_eventos FOR EACH ROW '
            'WHEN (NEW.por IS NOT NULL AND NEW.tipo <> ''nota_removida'') EXECUTE FUNCTION audita_lead()';
    EXECUTE 'CREATE TRIGGER disparos_auditoria_insert AFTER INSERT ON disparos REFERENCING NEW TABLE AS novos FOR EACH STATEMENT '
            || por_gente || ' EXECUTE FUNCTION audita_disparos_criados()';
    EXECUTE 'CREATE TRIGGER disparos_auditoria_update AFTER UPDATE ON disparos '
            'REFERENCING OLD TABLE AS velhos NEW TABLE AS novos FOR EACH STATEMENT '
            || por_gente || ' EXECUTE FUNCTION audita_disparos_mudados()';
    EXECUTE 'CREATE TRIGGER assinatura_entregas_auditoria_insert AFTER INSERT ON assinatura_entregas '
            'REFERENCING NEW TABLE AS novos FOR EACH STATEMENT ' || por_gente || ' EXECUTE FUNCTION audita_entregas()';
    EXECUTE 'CREATE TRIGGER assinatura_entregas_auditoria_update AFTER UPDATE ON assinatura_entregas '
            'REFERENCING NEW TABLE AS novos FOR EACH STATEMENT ' || por_gente || ' EXECUTE FUNCTION audita_entregas()';
END
$$;

-- A trigger needs no right to its function. What nobody else may call: that is as the owner.
REVOKE EXECUTE ON FUNCTION audita(), audita_lead(), audita_disparos_criados(), audita_disparos_mudados(), audita_entregas(),
    audita_pedido(text, text, text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audita_pedido(text, text, text, jsonb) TO disparo_agenda_api;
