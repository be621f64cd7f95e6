"""Which problems each operation can answer: those of its signature, and its own, which this table names.

A test holds every refusal of the HTTP tests to it. A code that an operation does not declare is red there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from chalice.app import RouteEntry

from chalicelib.api.contract.problems import PROBLEMS, Problem
from chalicelib.api.handlers import Operation
from chalicelib.permissions import FOR_PEOPLE_ALONE

_OF_RENDERING = "mensagem_longa valor_fora_do_formato valor_longo variavel_ausente variavel_invalida"
_OF_A_MESSAGE = (
    "agendar_para_distante agendar_para_no_passado contato_de_outro_canal contato_desconhecido contato_invalido "
    "expira_antes_do_envio expira_em_distante lead_encerrado sem_contato_valido template_de_outro_canal "
    f"template_desconhecido variavel_desconhecida {_OF_RENDERING}"
)
_OF_CAMPO_FILTERS = "campo_de_outro_tipo campo_desconhecido campo_sem_ordem"
_OF_A_DATE = "data_distante data_no_passado"
_OF_A_MOVE = "agendamento_desatualizado transicao_de_agendamento_invalida"
_OF_A_START = "expira_antes_do_envio inicio_distante inicio_no_passado"
_OF_A_REMOVAL = "contato_com_disparos contato_em_envio ultimo_contato"
_OF_A_RESPONSAVEL = "agendas_sobrepostas nome_de_responsavel_repetido"
_OF_TEMPLATE_WORDS = (
    "assunto_de_uma_linha assunto_obrigatorio campo_reservado campo_so_de_email canal_do_template_padrao "
    "caractere_invalido chaves_desequilibradas chaves_simples formato_desconhecido formato_fora_de_ordem "
    "idioma_da_meta nome_de_template_invalido padrao_em_branco padrao_invalido template_longo template_vazio "
    "variaveis_com_falhas variaveis_demais variaveis_diferentes variaveis_misturadas variavel_invalida"
)

OWN: Mapping[str, str] = MappingProxyType(
    {
        "POST /ingest/leads/xlsx": "arquivo_ausente arquivo_grande_demais arquivo_obrigatorio bucket_alheio "
        "formato_nao_suportado fora_do_prefixo multipart_invalido nome_de_arquivo_invalido",
        "GET /ingest/leads/jobs/{job_id}/erros": "job_em_andamento sem_relatorio",
        "GET /ingest/leads/jobs/{job_id}/previa": "sem_previa",
        "POST /ingest/leads/jobs/{job_id}/cancelar": "job_encerrado",
        "POST /ingest/leads/jobs/{job_id}/retomar": "job_desfeito job_nao_retomavel upload_nao_recebido",
        "POST /ingest/leads/jobs/{job_id}/desfazer": "job_nao_terminou nada_a_desfazer",
        "GET /leads": f"buscas_demais {_OF_CAMPO_FILTERS}",
        "POST /leads": "id_de_outro_lead lead_existente lead_sem_contato",
        "GET /leads.csv": f"buscas_demais {_OF_CAMPO_FILTERS}",
        "GET /leads/para-disparo": "buscas_demais",
        "POST /leads/tags": "tags_no_limite",
        "PATCH /leads/{lead_id}": "documento_de_outro_lead lead_apagado transicao_de_lead_invalida ultimo_contato",
        "DELETE /leads/{lead_id}/notas/{nota_id}": "nota_de_outra_pessoa",
        "POST /leads/{lead_id}/telefones": "contato_nao_enviavel contato_repetido contatos_no_limite lead_apagado",
        "DELETE /leads/{lead_id}/telefones/{telefone_id}": _OF_A_REMOVAL,
        "POST /leads/{lead_id}/telefones/{telefone_id}/principal": "contato_nao_enviavel",
        "POST /leads/{lead_id}/emails": "contato_nao_enviavel contato_repetido contatos_no_limite lead_apagado",
        "DELETE /leads/{lead_id}/emails/{email_id}": _OF_A_REMOVAL,
        "POST /leads/{lead_id}/emails/{email_id}/principal": "contato_nao_enviavel",
        "POST /leads/{lead_id}/disparos": _OF_A_MESSAGE,
        "GET /disparos": "buscas_demais",
        "GET /disparo/serie": "dia_sem_serie",
        "POST /disparos/cancelar": "buscas_demais",
        "POST /disparos/{disparo_id}/cancelar": "disparo_nao_cancelavel",
        "POST /disparos/{disparo_id}/reenviar": "disparo_apagado disparo_com_alternativa disparo_de_campanha_encerrada "
        "disparo_expirado disparo_nao_reenviavel lead_encerrado",
        "POST /disparos/{disparo_id}/resolver": "disparo_nao_resolvivel",
        "POST /disparos/{disparo_id}/confirmar": "disparo_nao_confirmavel",
        "POST /canais/{canal}/retomar": "pausa_de_admin",
        "POST /leads/{lead_id}/agendamentos": f"horario_ocupado lead_encerrado {_OF_A_DATE}",
        "GET /agendamentos": "buscas_demais",
        "GET /agendamentos/horarios": f"horarios_demais nao_encontrado periodo_longo {_OF_A_DATE}",
        "POST /agendamentos/{agendamento_id}/confirmar": _OF_A_MOVE,
        "POST /agendamentos/{agendamento_id}/realizar": f"agendamento_nao_comecou {_OF_A_MOVE}",
        "POST /agendamentos/{agendamento_id}/nao-compareceu": _OF_A_MOVE,
        "POST /agendamentos/{agendamento_id}/cancelar": _OF_A_MOVE,
        "POST /agendamentos/{agendamento_id}/reagendar": "horario_ocupado link_so_de_video local_so_presencial "
        f"reagendamentos_esgotados {_OF_A_DATE} {_OF_A_MOVE}",
        "POST /agendamentos/{agendamento_id}/calendario/resolver": "evento_nao_resolvivel",
        "POST /responsaveis": _OF_A_RESPONSAVEL,
        "PUT /responsaveis/{responsavel_id}": _OF_A_RESPONSAVEL,
        "DELETE /responsaveis/{responsavel_id}": "responsavel_com_agendamentos",
        "POST /bloqueios": "responsavel_desconhecido",
        "PUT /templates/{nome}": _OF_TEMPLATE_WORDS,
        "POST /templates/{nome}/previa": "lead_desconhecido segmento_desconhecido variavel_desconhecida",
        "POST /segmentos": "nome_de_segmento_repetido",
        "PUT /segmentos/{segmento_id}": "nome_de_segmento_repetido",
        "POST /segmentos/contar": "buscas_demais segmento_desconhecido",
        "POST /campanhas": "segmento_desconhecido",
        "PATCH /campanhas/{campanha_id}": "campanha_nao_e_rascunho segmento_desconhecido",
        "DELETE /campanhas/{campanha_id}": "campanha_nao_e_rascunho",
        "POST /campanhas/{campanha_id}/conferir": "buscas_demais campanha_nao_e_rascunho segmento_desconhecido",
        "POST /campanhas/{campanha_id}/testar": "buscas_demais campanha_sem_publico canal_sem_mensagem "
        "contato_de_teste_invalido etapa_desconhecida lead_desconhecido segmento_desconhecido variante_desconhecida "
        f"{_OF_RENDERING}",
        "POST /campanhas/{campanha_id}/agendar": "buscas_demais campanha_nao_e_rascunho campanha_sem_publico "
        f"segmento_desconhecido {_OF_A_START}",
        "POST /campanhas/{campanha_id}/reagendar": f"campanha_ja_comecou campanha_nao_muda {_OF_A_START}",
        "POST /campanhas/{campanha_id}/pausar": "campanha_nao_muda",
        "POST /campanhas/{campanha_id}/retomar": "campanha_nao_muda",
        "POST /campanhas/{campanha_id}/cancelar": "campanha_nao_muda",
        "POST /campanhas/{campanha_id}/de-novo": "campanha_nao_encerrada campanha_pausada_retome "
        "campanha_sem_resultados ninguem_de_novo variante_desconhecida",
        "GET /campanhas/{campanha_id}/destinatarios": "buscas_demais",
        "GET /campanhas/{campanha_id}/resultados.csv": "buscas_demais",
        "GET /supressoes": "buscas_demais",
        "DELETE /supressoes/{supressao_id}": "consentimento_exigido",
        "DELETE /leads/{lead_id}/supressao": "consentimento_exigido",
        "GET /descadastro/{token}": "descadastro_desconhecido",
        "POST /descadastro/{token}": "descadastro_desconhecido",
        "GET /convite/{token}": "convite_desconhecido",
        "POST /convite/{token}": "agendamento_desatualizado convite_desconhecido convite_horario_indisponivel "
        f"convite_nao_permite convite_pagina_antiga convite_sem_prova {_OF_A_DATE}",
        "GET /webhooks/{canal}": "chave_de_webhook_invalida desafio_recusado",
        "POST /webhooks/{canal}": "assinatura_invalida avisos_demais chave_de_webhook_invalida corpo_nao_e_json",
        "GET /respostas": "buscas_demais",
        "POST /respostas/{resposta_id}/atribuir": "resposta_sem_contato",
        "POST /respostas/{resposta_id}/resolver": "resposta_resolvida resposta_sem_contato",
        "GET /titulares/pedidos": "buscas_demais",
        "POST /assinaturas": "assinaturas_demais receptor_invalido",
        "PATCH /assinaturas/{assinatura_id}": "receptor_invalido",
        "POST /assinaturas/{assinatura_id}/testar": "assinatura_desligada",
        "POST /assinaturas/{assinatura_id}/entregas/{evento_id}/reenviar": "assinatura_desligada",
        "POST /assinaturas/{assinatura_id}/reenviar": "assinatura_desligada",
        "POST /usuarios": "requisicao_em_andamento usuario_ja_existe",
        "PATCH /usuarios/{usuario_id}": "requisicao_em_andamento ultimo_admin",
        "PUT /tenant/config": "canal_invalido configuracao_disputada configuracao_incompleta",
        "PATCH /tenant/config": "canal_invalido configuracao_disputada",
    }
)
"""What a service refuses, by route."""

_OF_THE_GATEWAY = ("requisicao_malformada", "acesso_negado", "requisicoes_demais", "erro_interno", "resposta_tardia")
_OF_WHAT_WE_DEPEND_ON = ("aws_indisponivel", "banco_indisponivel", "consulta_demorada", "segredo_ausente")
_OF_A_CALLER = (
    "nao_autenticado", "autenticacao_indisponivel", "chaves_do_cognito_indisponiveis", "grupo_exigido",
    "rota_fora_da_chave", "limite_de_requisicoes",
)  # fmt: skip
_OF_A_KEY = (
    "chave_de_idempotencia_invalida", "chave_de_idempotencia_reutilizada", "requisicao_em_andamento",
    "resposta_nao_guardada",
)  # fmt: skip
_OF_A_VERSION = ("if_match_invalido", "versao_mudou")
_DEPENDS_ON_NOTHING = frozenset({"GET /docs", "GET /openapi.json"})


def refusals(route: RouteEntry, operation: Operation) -> Mapping[int, Sequence[str]]:
    """The codes that the operation of a route can answer, by status.

    Raises:
        KeyError: a code of `OWN` is no problem code.
    """
    found = sorted({PROBLEMS[code] for code in _codes(route, operation)}, key=_by_status)
    return {status: [each.code for each in group] for status, group in groupby(found, key=lambda each: each.status)}


def _by_status(problem: Problem) -> tuple[int, str]:
    return problem.status, problem.code


def _codes(route: RouteEntry, operation: Operation) -> Iterator[str]:
    name = f"{route.method} {route.uri_pattern}"
    takes = operation.takes
    yield from _OF_THE_GATEWAY
    yield from OWN.get(name, "").split()
    if name not in _DEPENDS_ON_NOTHING:
        yield from _OF_WHAT_WE_DEPEND_ON
    if route.authorizer:
        yield from _OF_A_CALLER
        if name in FOR_PEOPLE_ALONE:
            yield "so_para_pessoas"
        # What the handler does not take is refused as well: a query, a body.
        yield from ("requisicao_invalida", "corpo_grande_demais", "resposta_grande_demais")
    if takes.query is not None or takes.body is not None:
        yield from ("requisicao_invalida", "corpo_grande_demais")
    if takes.query is not None and "cursor" in takes.query.model_fields:
        yield from ("cursor_de_outra_lista", "cursor_invalido")
    if takes.path:
        yield "nao_encontrado"
    if takes.key:
        yield from _OF_A_KEY
    if takes.expected:
        yield from _OF_A_VERSION
    if "*/*" not in route.content_types:
        yield "tipo_nao_suportado"
