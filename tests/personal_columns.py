"""What each text of the database holds of a person, and how it is erased: the decision about every column.

A column that is not decided here turns `tests/integration/test_personal_columns.py` red. So a new column of type text,
text[] or jsonb cannot be forgotten by an erasure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Personal(NamedTuple):
    """A column that may hold personal data, and the query of `privacy` that blanks it or deletes its row."""

    erased_by: str


class NotPersonal(NamedTuple):
    """A column that holds none of the person, and why."""

    because: str


CODE = NotPersonal("a code or a name of ours")
SUBJECT = NotPersonal("the subject of a user's login")
TEAM = NotPersonal("a person of the team: what is theirs goes with their row")
OF_TENANT = NotPersonal("the tenant's own words or settings: for everybody, about nobody")
OF_FILE = NotPersonal("about the file: names of columns and sheets, options, and its object")
CALENDAR = NotPersonal("the id of an event in a calendar, made from the id of its agendamento or by the calendar")
HASHED = NotPersonal("a keyed digest")
_LEAD = Personal("erase_titular_leads")
_DISPARO = Personal("erase_titular_disparos")
_AGENDAMENTO = Personal("erase_titular_agendamentos")
_RESPOSTA = Personal("erase_titular_respostas")
_ERRO = Personal("delete_titular_erros")
_SUPRESSAO = Personal("delete_titular_supressoes")

COLUMNS: Mapping[str, Mapping[str, Personal | NotPersonal]] = {
    "leads": {
        **dict.fromkeys(
            ("lead_id_externo", "nome", "contato", "documento", "telefone_raw", "email_raw", "tags", "campos"), _LEAD
        ),
        **dict.fromkeys(("status", "status_antes"), CODE),
        "origem": OF_TENANT,
        **dict.fromkeys(("origem_arquivo", "origem_aba"), OF_FILE),
    },
    "lead_telefones": {"telefone": Personal("delete_titular_telefones"), "tipo_origem": CODE},
    "lead_emails": {"email": Personal("delete_titular_emails")},
    # A trigger of `leads` deletes the row at once. The query deletes what was copied at that very moment.
    "lead_buscas": dict.fromkeys(("texto", "numeros", "tags"), Personal("forget_erased_buscas")),
    "leads_suprimidos": {"nota": Personal("delete_titular_suprimidos"), "por": SUBJECT},
    "leads_manuais": {
        "por": SUBJECT,
    },
    "disparos": {
        **dict.fromkeys(
            ("destino", "variaveis", "avisos", "provider_message_id"),
            _DISPARO,
        ),
        **dict.fromkeys(("canal", "status", "espera", "ultimo_codigo", "erro_codigo", "agendamento_tipo"), CODE),
        **dict.fromkeys(("template", "variante"), OF_TENANT),
    },
    "disparo_tentativas": {
        **dict.fromkeys(("motivo", "provider_message_id"), Personal("erase_titular_tentativas")),
        **dict.fromkeys(("classe", "codigo"), CODE),
        "por": SUBJECT,
    },
    "disparo_usos": {"canal": CODE, "template": OF_TENANT},
    "disparo_contagens": dict.fromkeys(("canal", "status", "motivo"), CODE),
    "chaves_de_idempotencia": dict.fromkeys(("corpo", "pessoas"), Personal("erase_titular_chaves")),
    "avisos_de_entrega": {
        "provider_message_id": Personal("erase_titular_avisos"),
        **dict.fromkeys(("canal", "situacao", "codigo"), CODE),
    },
    "respostas": {
        **dict.fromkeys(
            ("provider_message_id", "remetente", "usuario", "contato", "em_resposta_a", "texto"), _RESPOSTA
        ),
        **dict.fromkeys(("canal", "pedido", "decisao"), CODE),
        **dict.fromkeys(("atribuida_por", "resolvida_por"), SUBJECT),
    },
    "provedor_usuarios": {**dict.fromkeys(("usuario", "contato"), Personal("delete_titular_usuarios")), "canal": CODE},
    "consentimentos": {"contato": Personal("delete_titular_consentimentos"), "canal": CODE, "por": SUBJECT},
    "supressoes": {
        **dict.fromkeys(("contato", "nota"), _SUPRESSAO),
        **dict.fromkeys(("canal", "motivo"), CODE),
        "por": SUBJECT,
    },
    "contatos_apagados": {"motivo": CODE},
    "titular_pedidos": {
        "titular_resumos": HASHED,
        **dict.fromkeys(("tipo", "contagens", "pendencias"), CODE),
        "por": SUBJECT,
    },
    "lead_eventos": {
        **dict.fromkeys(("motivo", "mudancas"), Personal("erase_titular_eventos")),
        **dict.fromkeys(("tipo", "de", "para", "fato"), CODE),
        "por": SUBJECT,
    },
    "lead_notas": {
        "texto": Personal("delete_titular_notas"),
        "por": SUBJECT,
    },
    "agendamento_horarios": {
        "motivo": Personal("erase_titular_horarios"),
        "por": SUBJECT,
    },
    "agendamento_eventos": {"evento_id": CALENDAR, **dict.fromkeys(("status", "codigo"), CODE)},
    "calendario_leituras": {"codigo": CODE},
    "calendario_ocupados": {"evento_id": CALENDAR},
    "agendamento_avisos": dict.fromkeys(("tipo", "status", "motivo"), CODE),
    "responsaveis": {
        **dict.fromkeys(("nome", "email"), TEAM),
        **dict.fromkeys(("fuso", "expediente", "uf"), OF_TENANT),
        **dict.fromkeys(("criado_por", "atualizado_por"), SUBJECT),
    },
    "bloqueios": {
        "motivo": TEAM,
        **dict.fromkeys(("hora_inicio", "hora_fim"), OF_TENANT),
        "criado_por": SUBJECT,
    },
    "agendas": {"responsavel": TEAM, "criado_por": SUBJECT},
    "orcamentos": {"quem": CODE},
    "sessoes_encerradas": {"usuario_id": SUBJECT},
    "chaves": {
        "nome": OF_TENANT,
        **dict.fromkeys(("grupo", "rotas"), CODE),
        "final": NotPersonal("the end of the key of a machine"),
        **dict.fromkeys(("criada_por", "revogada_por"), SUBJECT),
    },
    "agendamentos": {
        **dict.fromkeys(
            (
                "observacoes",
                "local",
                "link",
                "motivo_cancelamento",
                "avisos",
            ),
            _AGENDAMENTO,
        ),
        **dict.fromkeys(("tipo", "canal", "status"), CODE),
        "responsavel": TEAM,
        "cancelado_por": SUBJECT,
    },
    "ingest_jobs": {
        **dict.fromkeys(
            (
                "bucket",
                "chave",
                "evento_s3",
                "nome_arquivo",
                "etag",
                "aba",
                "aba_pedida",
                "colunas",
                "leitura",
                "mapeamento",
                "codificacao_pedida",
                "separador_pedido",
            ),
            OF_FILE,
        ),
        **dict.fromkeys(
            ("modo", "status", "erro_codigo", "mensagem_erro", "leads_mantidos", "mesclas_mantidas", "duplicados_por"),
            CODE,
        ),
        **dict.fromkeys(("origem", "tags"), OF_TENANT),
        "criado_por": SUBJECT,
    },
    "ingest_erros": {
        **dict.fromkeys(("lead_id_externo", "valor", "celulas"), _ERRO),
        "coluna": OF_FILE,
        **dict.fromkeys(("alcance", "codigo"), CODE),
    },
    "ingest_previas": {"lead": Personal("delete_titular_previas"), "resultado": CODE},
    "ingest_mesclas": dict.fromkeys(("antes", "telefones", "emails"), Personal("delete_titular_mesclas")),
    "tenant_campos": {
        "amostras": Personal("erase_titular_amostras"),
        "tipo": CODE,
        **dict.fromkeys(("campo", "titulo"), OF_FILE),
    },
    "tenant_mapeamentos": dict.fromkeys(("cabecalho", "mapeamento"), OF_FILE),
    "tenants": {"config": OF_TENANT},
    "templates": dict.fromkeys(("nome", "canal", "idioma", "assunto", "texto", "html", "variaveis"), OF_TENANT),
    "eventos": {"tipo": CODE, "detalhe": NotPersonal("ids and codes (events.record); retention deletes it")},
    "assinaturas": {
        **dict.fromkeys(("url", "descricao"), OF_TENANT),
        **dict.fromkeys(("eventos", "status", "codigo"), CODE),
        **dict.fromkeys(("criado_por", "atualizado_por"), SUBJECT),
    },
    "assinatura_entregas": dict.fromkeys(("status", "codigo"), CODE),
    "canal_limites": {"canal": CODE},
    "canal_redatacoes": {
        **dict.fromkeys(("canal", "parte"), CODE),
        **dict.fromkeys(("termos", "aberturas"), NotPersonal("numbers and times (dispatch.worker.redating)")),
    },
    "canal_pausas": {**dict.fromkeys(("canal", "codigo"), CODE), "por": SUBJECT, "motivo": OF_TENANT},
    "canal_historico": {**dict.fromkeys(("canal", "acao"), CODE), "por": SUBJECT, "motivo": OF_TENANT},
    "segmentos": {
        **dict.fromkeys(("nome", "filtro"), OF_TENANT),
        **dict.fromkeys(("criado_por", "atualizado_por"), SUBJECT),
    },
    "campanhas": {
        **dict.fromkeys(("nome", "filtro", "etapas", "pausa_motivo"), OF_TENANT),
        **dict.fromkeys(("status", "pausa_codigo", "piloto_decisao"), CODE),
        "criado_por": SUBJECT,
    },
    "campanha_mensagens": {"canal": CODE, **dict.fromkeys(("variante", "template", "variaveis"), OF_TENANT)},
    "campanha_excluidos": {
        "variante": OF_TENANT,
        "motivo": CODE,
        "detalhe": NotPersonal("names of variables that are missing"),
    },
    "campanha_historico": {**dict.fromkeys(("de", "para", "codigo"), CODE), "por": SUBJECT, "motivo": OF_TENANT},
    "campanha_contagens": {"variante": OF_TENANT, **dict.fromkeys(("canal", "status", "motivo"), CODE)},
    "campanha_desfechos": {"ultimos": CODE},
    "lead_contatos_periodo": {"periodo": CODE},
    "auditoria": {
        **dict.fromkeys(("rota", "requisicao", "acao", "objeto"), CODE),
        "quem": SUBJECT,
        "objeto_id": NotPersonal("an id of ours, or the name of a template or a channel"),
        "mudancas": NotPersonal("names of fields, and the values of those that are decided here to be codes"),
    },
}
"""Every column of type text, text[] or jsonb of a table with a tenant, `tenant_id` apart."""
