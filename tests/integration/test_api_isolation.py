"""The real app over HTTP: no access without a token, none to another tenant, and no input that is a 500."""

from __future__ import annotations

import json
import os
import re
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from chalice.app import S3EventConfig, SQSEventConfig
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.adapters.database import Database, Rows, StatementFailed
from chalicelib.api.every_answer import PREFLIGHT
from chalicelib.api.handlers import Operation, Takes, operation_of
from chalicelib.identity import ADMIN, Group, Identity
from chalicelib.permissions import FOR_PEOPLE_ALONE, LEAST
from chalicelib.tenants.config import TenantConfig
from local.aws import Aws
from local.tokens import issue
from tests.builders import CREATED_AT, a_lead, a_template, ask, insert, run
from tests.conftest import DatabaseUrls
from tests.integration.test_local_api import Client, forged
from tests.people import a_person

MINE, THEIRS = "acme", "outra"
PROBLEM = "application/problem+json"
TABLES = (
    "leads", "lead_telefones", "lead_emails", "disparos", "agendamentos", "ingest_jobs", "ingest_erros",
    "ingest_previas", "ingest_mesclas", "tenants", "templates", "eventos", "supressoes", "avisos_de_entrega",
    "disparo_tentativas", "disparo_contagens", "chaves_de_idempotencia", "canal_limites", "canal_pausas",
    "disparo_usos", "canal_redatacoes", "canal_historico",
    "respostas", "provedor_usuarios", "consentimentos", "leads_suprimidos", "tenant_campos", "leads_manuais",
    "segmentos", "tenant_mapeamentos", "campanhas", "campanha_mensagens", "campanha_excluidos", "campanha_historico",
    "campanha_contagens", "campanha_desfechos", "lead_contatos_periodo", "responsaveis", "bloqueios",
    "agendamento_horarios", "agendamento_avisos", "agendas", "lead_eventos", "lead_notas",
    "agendamento_eventos", "calendario_leituras", "calendario_ocupados",
    "contatos_apagados", "titular_pedidos", "chaves", "assinaturas", "assinatura_entregas", "auditoria",
    "sessoes_encerradas", "orcamentos", "lead_buscas", "buscas_a_refazer",
)  # fmt: skip
COUNTS_REQUESTS = "orcamentos"
"""What every request may change, a refused one too."""
OF_THE_SWEEP = frozenset({"canal_redatacoes", "lead_buscas", "buscas_a_refazer"})
"""What the API's login may not even read."""
# Refusals of the state that the rows of `seeded` are in, for their own tenant.
REFUSED = {
    "job_em_andamento",
    "job_nao_terminou",
    "job_nao_retomavel",
    "sem_previa",
    "disparo_nao_reenviavel",
    "disparo_nao_resolvivel",
    "disparo_nao_confirmavel",
    "agendamento_nao_comecou",
    "evento_nao_resolvivel",
    "contato_com_disparos",
    "campanha_nao_muda",
    "campanha_sem_publico",
    "campanha_sem_resultados",
    "requisicao_invalida",  # `fitting` knows no lead that a reply could be assigned to
}


class Route(NamedTuple):
    """One method of one path of the app."""

    method: str
    path: str
    operation: Operation

    @property
    def handler(self) -> str:
        """The name of its handler."""
        return self.operation.handler.__name__

    @property
    def takes(self) -> Takes:
        """What its handler takes."""
        return self.operation.takes

    def to(self, ids: dict[str, str]) -> str:
        """The path with these ids as its parameters."""
        return self.path.format(**{"canal": "whatsapp"} | {name: quote(value, safe="") for name, value in ids.items()})


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    yield database
    database.close()


def routes(api: Client) -> list[Route]:
    """Every route that takes a token."""
    return [
        Route(method, path, operation_of(route.view_function))
        for path, methods in api.app.routes.items()
        for method, route in methods.items()
        if route.authorizer is not None
    ]


def _insert_calendar(
    owner: Database, tenant_id: str, agendamento_id: UUID, responsavel_id: UUID, at: datetime
) -> None:  # fmt: skip
    insert(
        owner, "agendamento_eventos", tenant_id=tenant_id, agendamento_id=agendamento_id, quando=at,
        atualizado_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "calendario_leituras", tenant_id=tenant_id, responsavel_id=responsavel_id, lido_em=at, tentado_em=at,
    )  # fmt: skip
    insert(
        owner, "calendario_ocupados", tenant_id=tenant_id, responsavel_id=responsavel_id, inicio=at,
        fim=at + timedelta(hours=1), ordem=1,
    )  # fmt: skip


def seeded_staff(owner: Database, tenant_id: str, number: int) -> tuple[UUID, UUID, UUID]:
    """A responsável with a bloqueio and a feed; the ids of the feed, the responsável and the bloqueio."""
    times = {"criado_em": CREATED_AT, "atualizado_em": CREATED_AT}
    agenda_id = UUID(int=number << 64 | 8)
    insert(
        owner, "agendas", tenant_id=tenant_id, agenda_id=agenda_id, responsavel=f"Pessoa de {tenant_id}",
        token_hash=f"\\x{number:064x}", criado_por="x", criado_em=CREATED_AT,
    )  # fmt: skip
    responsavel_id, bloqueio_id = UUID(int=number << 64 | 8), UUID(int=number << 64 | 9)
    insert(
        owner, "responsaveis", tenant_id=tenant_id, responsavel_id=responsavel_id, nome=f"Pessoa de {tenant_id}",
        expediente={}, folga_antes_minutos=0, antecedencia_minutos=0, granularidade_minutos=30, respeita_feriados=True,
        criado_por="x", atualizado_por="x", **times,
    )  # fmt: skip
    insert(
        owner, "bloqueios", tenant_id=tenant_id, bloqueio_id=bloqueio_id, responsavel_id=responsavel_id,
        motivo=f"Pessoa de {tenant_id}", inicio=CREATED_AT, fim=CREATED_AT + timedelta(days=900),
        criado_em=CREATED_AT, criado_por="x",
    )  # fmt: skip
    return agenda_id, responsavel_id, bloqueio_id


def insert_agendamento(owner: Database, tenant_id: str, agendamento_id: UUID, lead_id: UUID, future: datetime) -> None:
    """An agendamento with its time and what is said of it."""
    times = {"criado_em": CREATED_AT, "atualizado_em": CREATED_AT}
    insert(
        owner, "agendamentos", tenant_id=tenant_id, agendamento_id=agendamento_id, lead_id=lead_id, tipo="callback",
        canal="telefone", data_agendada=future, ocupado_ate=future + timedelta(hours=1), responsavel="Ana", **times,
    )  # fmt: skip
    insert(
        owner, "agendamento_horarios", tenant_id=tenant_id, agendamento_id=agendamento_id, versao=0,
        data_agendada=future, duracao_minutos=60, em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "agendamento_avisos", tenant_id=tenant_id, agendamento_id=agendamento_id, versao=0, tipo="lembrete_60",
        quando=future, **times,
    )  # fmt: skip


def seeded(owner: Database, tenant_id: str) -> dict[str, str]:
    """One row in every table for a tenant; the ids, by the names that they have in paths."""
    number = len(ask(owner, "SELECT 1 FROM tenants")) + 1
    lead_id = a_lead(owner, tenant_id=tenant_id, nome=f"Pessoa de {tenant_id}")
    nome = a_template(owner, tenant_id=tenant_id)
    disparo_id, agendamento_id, job_id = (UUID(int=number << 64 | kind) for kind in (1, 2, 3))
    times = {"criado_em": CREATED_AT, "atualizado_em": CREATED_AT}
    future = datetime.now(UTC) + timedelta(days=30)
    insert(
        owner, "disparos", tenant_id=tenant_id, disparo_id=disparo_id, lead_id=lead_id, canal="whatsapp",
        contato_id=UUID(int=1), destino="+5571999990001", template=nome, template_versao=1,
        enviar_apos=future, agendar_para=future, passos=1, **times,
    )  # fmt: skip
    insert_agendamento(owner, tenant_id, agendamento_id, lead_id, future)
    insert(
        owner, "ingest_jobs", tenant_id=tenant_id, job_id=job_id, bucket="b", chave="k",
        nome_arquivo=f"{tenant_id}.xlsx", **times,
    )  # fmt: skip
    insert(
        owner, "ingest_erros", tenant_id=tenant_id, job_id=job_id, linha=2, ordem=1, alcance="linha",
        lead_id_externo="x", coluna="Email", codigo="email_invalido", valor="x",
    )  # fmt: skip
    insert(
        owner, "ingest_previas", tenant_id=tenant_id, job_id=job_id, linha=2, resultado="criado", lead_id=lead_id,
        lead={"nome": f"Pessoa de {tenant_id}"},
    )  # fmt: skip
    insert(
        owner, "ingest_mesclas", tenant_id=tenant_id, job_id=job_id, lead_id=lead_id,
        antes={"nome": f"Pessoa de {tenant_id}"}, telefones=[], emails=[],
    )  # fmt: skip
    insert(owner, "tenants", tenant_id=tenant_id, config={"idioma": "en"})
    insert(
        owner, "disparo_tentativas", tenant_id=tenant_id, disparo_id=disparo_id, passo=1, em=CREATED_AT, classe="adiado"
    )
    insert(owner, "canal_limites", tenant_id=tenant_id, canal="whatsapp")
    insert(
        owner, "canal_redatacoes", tenant_id=tenant_id, canal="whatsapp", pedida_em=CREATED_AT, desde=CREATED_AT,
        termos={}, aberturas={}, parte="janela", de_id=UUID(int=0), antes=0,
    )  # fmt: skip
    insert(owner, "canal_pausas", tenant_id=tenant_id, canal="whatsapp", codigo="190", desde=CREATED_AT)
    insert(
        owner, "canal_historico", tenant_id=tenant_id, canal="whatsapp", passo_id=UUID(int=number), em=CREATED_AT,
        acao="pausado", por="ana",
    )  # fmt: skip
    insert(
        owner, "chaves_de_idempotencia", tenant_id=tenant_id, chave=f"\\x{number:064x}", pedido=f"\\x{number:064x}",
        status=201, corpo=f"Pessoa de {tenant_id}", criado_em=CREATED_AT,
    )  # fmt: skip
    supressao_id = UUID(int=number << 64 | 4)
    insert(
        owner, "supressoes", tenant_id=tenant_id, canal="email", contato=f"pessoa@{tenant_id}.example",
        supressao_id=supressao_id, motivo="manual", criado_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "avisos_de_entrega", tenant_id=tenant_id, canal="whatsapp", provider_message_id="wamid.0",
        situacao="entregue", suprimir=False, alternativo=False, recebido_em=CREATED_AT, olhar_em=CREATED_AT,
    )  # fmt: skip
    resposta_id = UUID(int=number << 64 | 5)
    insert(
        owner, "respostas", tenant_id=tenant_id, resposta_id=resposta_id, canal="whatsapp", remetente="557199990001",
        texto=f"Pessoa de {tenant_id}", recebida_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "provedor_usuarios", tenant_id=tenant_id, canal="whatsapp", usuario="BR.1", contato="+5571999990001",
        visto_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "consentimentos", tenant_id=tenant_id, canal="email", contato=f"pessoa@{tenant_id}.example",
        desde=CREATED_AT, por="x",
    )  # fmt: skip
    insert(owner, "leads_suprimidos", tenant_id=tenant_id, lead_id=lead_id, por="x", criado_em=CREATED_AT)
    insert(owner, "leads_manuais", tenant_id=tenant_id, lead_id=lead_id, por="x", criado_em=CREATED_AT)
    insert(
        owner, "tenant_campos", tenant_id=tenant_id, campo="cidade", tipo="texto", titulo=f"Pessoa de {tenant_id}",
        visto_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "tenant_mapeamentos", tenant_id=tenant_id, cabecalho="x", mapeamento={"Pessoa": "nome"},
        atualizado_em=CREATED_AT,
    )  # fmt: skip
    segmento_id = UUID(int=number << 64 | 6)
    insert(
        owner, "segmentos", tenant_id=tenant_id, segmento_id=segmento_id, nome=f"Pessoas de {tenant_id}",
        filtro={"nome": f"Pessoa de {tenant_id}"}, criado_por="x", atualizado_por="x", **times,
    )  # fmt: skip
    agenda_id, responsavel_id, bloqueio_id = seeded_staff(owner, tenant_id, number)
    _insert_calendar(owner, tenant_id, agendamento_id, responsavel_id, future)
    campanha_id = UUID(int=number << 64 | 7)
    of_campaign = {"tenant_id": tenant_id, "campanha_id": campanha_id}
    steps = [{"variantes": [{"nome": "a", "peso": 100, "mensagens": [{"canal": "whatsapp", "template": nome}]}]}]
    insert(
        owner, "campanhas", **of_campaign, nome=f"Pessoa de {tenant_id}", filtro={"todos": []},
        etapas=json.dumps(steps), criado_por="x", **times,
    )  # fmt: skip
    insert(
        owner, "campanha_mensagens", **of_campaign, etapa=1, variante="z", ordem=1, canal="whatsapp", template=nome,
        template_versao=1, de=0, ate=100,
    )  # fmt: skip
    insert(owner, "campanha_excluidos", **of_campaign, lead_id=lead_id, etapa=1, variante="a", motivo="sem_contato")
    insert(
        owner, "campanha_historico", **of_campaign, passo_id=UUID(int=number), em=CREATED_AT, de="rascunho",
        para="agendada", por="x",
    )  # fmt: skip
    insert(owner, "campanha_desfechos", **of_campaign, ultimos="0")
    insert(
        owner, "lead_contatos_periodo", tenant_id=tenant_id, lead_id=lead_id, periodo="dia", desde="2026-11-24", vaga=1,
        disparo_id=disparo_id,
    )  # fmt: skip
    nota_id = _seeded_life(owner, tenant_id, lead_id, number)
    chave_id = UUID(int=number << 64 | 14)
    insert(
        owner, "chaves", tenant_id=tenant_id, chave_id=chave_id, nome=f"Pessoa de {tenant_id}",
        resumo=f"\\x{number:064x}", final="0000", grupo="leitor", criada_em=CREATED_AT, criada_por="x",
        expira_em=future,
    )  # fmt: skip
    assinatura_id = _seeded_subscription(owner, tenant_id, number)
    [[telefone_id, email_id]] = ask(
        owner,
        f"SELECT contato_id('{lead_id}', '+5571999990001'), contato_id('{lead_id}', 'maria@example.com')",
    )
    return {
        "lead_id": str(lead_id),
        "telefone_id": str(telefone_id),
        "email_id": str(email_id),
        "disparo_id": str(disparo_id),
        "agendamento_id": str(agendamento_id),
        "job_id": str(job_id),
        "nome": nome,
        "versao": "1",
        "supressao_id": str(supressao_id),
        "resposta_id": str(resposta_id),
        "campanha_id": str(campanha_id),
        "segmento_id": str(segmento_id),
        "agenda_id": str(agenda_id),
        "responsavel_id": str(responsavel_id),
        "bloqueio_id": str(bloqueio_id),
        "nota_id": str(nota_id),
        "chave_id": str(chave_id),
        "assinatura_id": str(assinatura_id),
        "evento_id": str(UUID(int=number << 64 | 15)),
        "usuario_id": _seeded_person(owner, tenant_id),
    }


def _seeded_person(owner: Database, tenant_id: str) -> str:
    """A person in the user pool, whose sessions were ended once; their id."""
    insert(owner, "orcamentos", tenant_id=tenant_id, quem="")
    usuario_id = a_person(Aws(os.environ["AWS_ENDPOINT_URL"]), tenant_id, email=f"{uuid4()}@{tenant_id}.example")
    insert(owner, "sessoes_encerradas", tenant_id=tenant_id, usuario_id=usuario_id, antes_de=CREATED_AT)
    return usuario_id


def _seeded_subscription(owner: Database, tenant_id: str, number: int) -> UUID:
    """A subscription with the delivery of the tenant's event; its id."""
    assinatura_id = UUID(int=number << 64 | 14)
    insert(
        owner, "assinaturas", tenant_id=tenant_id, assinatura_id=assinatura_id, url=f"https://{tenant_id}.example/x",
        criado_por="x", criado_em=CREATED_AT, atualizado_por="x", atualizado_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "assinatura_entregas", tenant_id=tenant_id, assinatura_id=assinatura_id,
        evento_id=UUID(int=number << 64 | 15), proxima_em=CREATED_AT, criado_em=CREATED_AT,
    )  # fmt: skip
    return assinatura_id


def _seeded_life(owner: Database, tenant_id: str, lead_id: UUID, number: int) -> UUID:
    """What happened to the lead, what was noted about it, and what its person asked for; the id of the note."""
    insert(
        owner, "lead_eventos", tenant_id=tenant_id, lead_id=lead_id, em=CREATED_AT, tipo="dados", por="x",
        mudancas=json.dumps([{"campo": "nome", "de": None, "para": f"Pessoa de {tenant_id}"}]),
    )  # fmt: skip
    nota_id = UUID(int=number << 64 | 13)
    insert(
        owner, "lead_notas", tenant_id=tenant_id, lead_id=lead_id, nota_id=nota_id, criado_em=CREATED_AT,
        texto=f"Pessoa de {tenant_id}", por="x",
    )  # fmt: skip
    insert(
        owner, "contatos_apagados", tenant_id=tenant_id, resumo=f"\\x{number:064x}", motivo="apagamento",
        criado_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner, "titular_pedidos", tenant_id=tenant_id, pedido_id=UUID(int=number), tipo="exportacao",
        por=f"Pessoa de {tenant_id}", titular_resumos=[], concluido=True, criado_em=CREATED_AT,
        atualizado_em=CREATED_AT,
    )  # fmt: skip
    insert(
        owner,
        "eventos",
        tenant_id=tenant_id,
        evento_id=UUID(int=number << 64 | 15),
        tipo="x",
        detalhe={},
        criado_em=CREATED_AT,
    )
    return nota_id


def fitting(handler: str) -> dict[str, Any] | None:
    """A body that the route takes."""
    at = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    bodies: dict[str, dict[str, Any]] = {
        "create_ingest_job": {"arquivo": "a.xlsx", "tamanho": 10},
        "resolve_event": {"resultado": "nao_existe"},
        "change_lead": {
            "status": "em_disparo",
            "tags": ["vip"],
            "nome": "Ana",
            "contato": "Bia",
            "documento": "52998224725",
            "campos": {"cidade": "Salvador"},
        },
        "create_lead": {
            "nome": "Ana",
            "telefones": ["71 99999-0009"],
            "emails": ["ana@example.com"],
            "documento": "52998224725",
            "contato": "Bia",
            "campos": {"cidade": "Salvador"},
            "tags": ["vip"],
            "lead_id_externo": "7",
            "origem": "crm",
        },
        "tag_leads": {"lead_ids": [str(UUID(int=1))], "adicionar": ["vip"], "retirar": ["frio"]},
        "add_lead_note": {"texto": "Prefere à tarde"},
        "add_lead_phone": {"telefone": "71 99999-0009"},
        "add_lead_email": {"email": "ana@example.com"},
        "create_disparo": {"canal": "whatsapp", "template": "oi", "payload": {"variaveis": {"nome": "Maria"}}},
        "create_agendamento": {"tipo": "reuniao", "canal": "video", "data_agendada": at, "responsavel": "Ana"},
        "reschedule_agendamento": {"data_agendada": at},
        "create_agenda": {"responsavel": "Ana"},
        "reschedule_campanha": {"iniciar_em": at},
        "put_template": {"canal": "whatsapp", "idioma": "pt_BR", "texto": "Oi, {{nome}}", "variaveis": ["nome"]},
        "put_tenant_config": TenantConfig(fuso="America/Manaus").model_dump(mode="json"),
        "patch_tenant_config": {"fuso": "America/Manaus"},
        "create_segmento": {"nome": "Todos", "filtro": {"todos": []}},
        "replace_segmento": {"nome": "Com e-mail", "filtro": {"tem": "email"}},
        "count_segmento": {"filtro": {"todos": []}},
        "create_responsavel": {"nome": "Bia"},
        "create_assinatura": {"url": "https://203.0.114.1/eventos", "eventos": ["disparo.failed"], "descricao": "ERP"},
        "change_assinatura": {"eventos": [], "descricao": "ERP", "ativa": True},
        "replay_entregas": {"de": "2026-11-01T00:00:00Z", "ate": "2026-11-30T00:00:00Z"},
        "replace_responsavel": {"nome": "Bia"},
        "create_bloqueio": {"motivo": "Férias", "periodo": {"inicio": at, "fim": "2099-01-01T00:00:00Z"}},
        "create_campanha": {
            "nome": "Cobrança",
            "filtro": {"todos": []},
            "mensagem": {"canal": "whatsapp", "template": "oi"},
        },
        "change_campanha": {"nome": "Outra"},
        "schedule_campanha": {},
        "repeat_campanha": {"quem": "falhas"},
        "test_campanha": {"contatos": [{"canal": "whatsapp", "contato": "71 98888-0001"}]},
        "create_disparos": {"canal": "whatsapp", "template": "oi", "lead_ids": [str(UUID(int=1))]},
        "cancel_disparos": {"filtro": {"canal": "whatsapp"}, "motivo": "O chefe ligou"},
        "pause_campanhas": {"todas": True, "motivo": "O chefe ligou"},
        "resend_disparos": {"erro_codigo": "131016", "template": "oi"},
        "resolve_disparo": {"resultado": "enviado"},
        "add_supressao": {"canal": "email", "contato": "maria@example.com"},
        "suppress_lead": {"nota": "Pediu por telefone"},
        "assign_resposta": {"lead_id": str(UUID(int=1))},
        "export_titular": {"documentos": ["529.982.247-25"], "telefones": ["71 98888-0009"], "emails": ["z@x.com"]},
        "erase_titular": {"documentos": ["529.982.247-25"], "telefones": ["71 98888-0009"], "emails": ["z@x.com"]},
        "settle_resposta": {"decisao": "sem_pedido"},
        "invite_usuario": {"email": "bia@example.com", "grupo": "leitor"},
        "change_usuario": {"grupo": "operador"},
        "create_chave": {"nome": "Painel", "grupo": "leitor", "rotas": ["GET /leads"]},
    }
    return bodies.get(handler)


def sent(api: Client, route: Route, ids: dict[str, str], token: str | None, body: Any = ..., **headers: str) -> Any:
    """Status, document and media type of the response."""
    document = fitting(route.handler) if body is ... else body
    raw = document if isinstance(document, bytes | None) else json.dumps(document).encode()
    status, answer, received = api.ask(
        route.method, route.to(ids), token=token, body=raw, Content_Type="application/json", **headers
    )
    return status, answer, received["Content-Type"]


def read(rows: Rows, sql: str) -> list[list[Any]]:
    """The rows of a query in an open transaction."""
    return list(rows._exchange.connection.run(sql) or [])


def rows_of(owner: Database, tenant_id: str) -> dict[str, Any]:
    """Every row of a tenant, by table."""
    return {
        table: sorted(map(str, ask(owner, f"SELECT to_jsonb(t) FROM {table} t WHERE tenant_id = '{tenant_id}'")))
        for table in TABLES
        if table != COUNTS_REQUESTS
    }


# Authentication


def test_every_route_but_the_public_ones_takes_a_token(api: Client) -> None:
    free = {path for path in api.app.routes if path not in {route.path for route in routes(api)}}
    assert free == {
        "/saude",
        "/docs",
        "/openapi.json",
        "/descadastro/{token}",
        "/webhooks/{canal}",
        "/agenda/{token}",
        "/convite/{token}",
    }
    assert len(routes(api)) >= 25


def a_key(api: Client, tenant: str, group: Group, *rotas: str, **columns: Any) -> str:
    """A new API key, which has been used once."""
    body = {"nome": "x", "grupo": group, **({"rotas": rotas} if rotas else {}), **columns}
    status, made, _ = api.ask(
        "POST", "/chaves", token=api.token(tenant, ADMIN), body=json.dumps(body).encode(),
        Content_Type="application/json",
    )  # fmt: skip
    assert status == 201, made
    api.ask("GET", "/campos", token=made["chave"])
    return str(made["chave"])


def test_every_route_refuses_a_bad_token_or_key_and_changes_nothing(api: Client, owner: Database) -> None:
    ids = seeded(owner, MINE)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good, revoked, expired = (a_key(api, MINE, ADMIN) for _ in range(3))
    run(owner, f"UPDATE chaves SET revogada_em = criada_em, revogada_por = 'x' WHERE final = '{revoked[-4:]}'")
    run(
        owner,
        "UPDATE chaves SET criada_em = criada_em - interval '2 years', expira_em = expira_em - interval '2 years' "
        f"WHERE final = '{expired[-4:]}'",
    )
    tokens = {
        "none": None,
        "expired": forged(api, exp=1),
        "another key": forged(api, key=stranger),
        "revoked key": revoked,
        "expired key": expired,
        "unknown key": good.swapcase().replace("DA_LIVE_ACME_", "da_live_acme_"),
        "key of another tenant": good.replace(MINE, THEIRS),
        "malformed key": good[:-1],
    }
    before = rows_of(owner, MINE)
    wrong = {}
    for route in routes(api):
        for kind, token in tokens.items():
            status, document, headers = api.ask(route.method, route.to(ids), token=token, body=b"{}")
            answer = (status, document.get("status"), document.get("code"))
            how = (headers["Content-Type"], headers["WWW-Authenticate"])
            if (answer, how) != ((401, 401, "nao_autenticado"), (PROBLEM, "Bearer")):
                wrong[route, kind] = (status, document, how)
    assert wrong == {}
    assert rows_of(owner, MINE) == before
    assert api.ask("GET", "/leads", token=good)[0] == 200


def test_health_and_the_contract_need_no_token(api: Client) -> None:
    assert api.ask("GET", "/saude")[:2] == (200, {"status": "ok", "banco": "ok"})
    status, document, _ = api.ask("GET", "/openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")


# Groups


class Who(NamedTuple):
    """A caller of a tenant, and the identity that the table of permissions sees."""

    name: str
    token: str
    groups: frozenset[str]
    routes: frozenset[str] | None = None
    is_key: bool = False

    def may(self, route: str) -> bool:
        """Whether the table lets this caller use a route."""
        is_member = Identity(MINE, "x", self.groups).includes(LEAST[route])
        is_person_enough = not (self.is_key and route in FOR_PEOPLE_ALONE)
        return is_member and is_person_enough and (self.routes is None or route in self.routes)


NARROW = ("GET /leads/{lead_id}", "POST /leads", "DELETE /supressoes/{supressao_id}")
REFUSALS = {"grupo_exigido", "rota_fora_da_chave", "so_para_pessoas"}


def callers(api: Client, tenant: str) -> list[Who]:
    """A person and a key of each group, a person of none, and a narrower key."""
    nobody = issue(api.aws, api.pool_id, tenant)
    people = [Who(group, api.token(tenant, group), frozenset({group})) for group in Group]
    keys = [Who(f"key {group}", a_key(api, tenant, group), frozenset({group}), is_key=True) for group in Group]
    narrow = a_key(api, tenant, ADMIN, *NARROW)
    return [
        Who("no group", nobody, frozenset()),
        *people,
        *keys,
        Who("narrow key", narrow, frozenset({ADMIN}), frozenset(NARROW), is_key=True),
    ]


@pytest.mark.straight_path
def test_every_route_is_for_its_groups_and_refuses_all_others_without_a_change(api: Client, owner: Database) -> None:
    ids = seeded(owner, MINE)
    every = callers(api, MINE)
    before = rows_of(owner, MINE)
    asked = [(route, who, f"{route.method} {route.path}") for route in routes(api) for who in every]
    wrong = {}
    for route, who, name in asked:
        if not who.may(name):
            status, document, media_type = sent(api, route, ids, who.token)
            if (status, media_type) != (403, PROBLEM) or document["code"] not in REFUSALS:
                wrong[who.name, name] = (status, document)
    assert wrong == {}
    assert rows_of(owner, MINE) == before
    for route, who, name in asked:
        if who.may(name):
            status, document, _ = sent(api, route, ids, who.token)
            if status in {401, 500} or document.get("code") in REFUSALS:
                wrong[who.name, name] = (status, document)
    assert wrong == {}


# Tenants


@pytest.mark.parametrize("by_key", [False, True], ids=["person", "key"])
def test_resources_of_another_tenant_are_a_404_and_stay_unchanged(api: Client, owner: Database, by_key: bool) -> None:
    theirs = seeded(owner, THEIRS)
    before = rows_of(owner, THEIRS)
    token = a_key(api, MINE, ADMIN) if by_key else api.token(MINE, ADMIN)
    wrong = {}
    for route in routes(api):
        # Names are not ids: every tenant may have a template of this name, and has a channel of this name.
        named = "{canal}" in route.path or (route.method, route.path) == ("PUT", "/templates/{nome}")
        may_not = by_key and f"{route.method} {route.path}" in FOR_PEOPLE_ALONE
        if "{" in route.path and not named and not may_not:
            status, document, media_type = sent(api, route, theirs, token)
            if (status, document.get("code"), media_type) != (404, "nao_encontrado", PROBLEM):
                wrong[route] = (status, document)
    assert wrong == {}
    assert rows_of(owner, THEIRS) == before


def test_template_or_channel_of_the_same_name_is_another_one_in_each_tenant(api: Client, owner: Database) -> None:
    theirs = seeded(owner, THEIRS)
    before = rows_of(owner, THEIRS)
    named = [each for each in routes(api) if "{canal}" in each.path or each.handler == "put_template"]
    assert len(named) == 3
    for route in named:
        assert sent(api, route, theirs, api.token(MINE, ADMIN))[0] == 200
    assert rows_of(owner, THEIRS) == before


def test_same_requests_succeed_for_own_resources(api: Client, owner: Database) -> None:
    token = api.token(MINE, ADMIN)
    wrong = {}
    for route in routes(api):
        for table in ("orcamentos", "sessoes_encerradas", "chaves", "assinatura_entregas", "assinaturas",
                      "contatos_apagados", "titular_pedidos", "agendas", "lead_contatos_periodo",
                      "campanhas", "campanha_excluidos", "campanha_historico",
                      "campanha_contagens", "campanha_desfechos", "segmentos", "respostas", "provedor_usuarios",
                      "consentimentos", "leads_suprimidos", "leads_manuais", "tenant_campos", "tenant_mapeamentos",
                      "agendamentos", "disparos", "lead_telefones", "lead_emails", "leads",
                      "templates", "ingest_erros", "ingest_previas", "ingest_mesclas", "ingest_jobs", "tenants",
                      "eventos", "supressoes", "avisos_de_entrega", "canal_redatacoes", "canal_limites", "canal_pausas",
                      "canal_historico", "chaves_de_idempotencia", "disparo_contagens",
                      "calendario_ocupados", "calendario_leituras", "agendamento_eventos", "bloqueios",
                      "responsaveis"):  # fmt: skip
            run(owner, f"DELETE FROM {table}")
        status, document, _ = sent(api, route, seeded(owner, MINE), token)
        if status >= 400 and document.get("code") not in REFUSED:
            wrong[route] = (status, document)
    assert wrong == {}


@pytest.mark.parametrize("by_key", [False, True], ids=["person", "key"])
def test_lists_show_nothing_of_another_tenant(api: Client, owner: Database, by_key: bool) -> None:
    theirs = seeded(owner, THEIRS)
    mine = seeded(owner, MINE)
    secrets = [value for name, value in theirs.items() if name not in {"nome", "versao"}]
    secrets += [f"Pessoa de {THEIRS}", f"{THEIRS}.xlsx", f"@{THEIRS}"]
    token = a_key(api, MINE, ADMIN) if by_key else api.token(MINE, ADMIN)
    for route in routes(api):
        if route.method == "GET" and "{" not in route.path:
            status, document, _ = sent(api, route, mine, token, body=None)
            assert status == 200, route
            assert not [secret for secret in secrets if secret in json.dumps(document)], route


def test_message_of_any_queue_moves_no_row_of_another_tenant(api: Client, owner: Database) -> None:
    """Schedules send the same messages to the same queues."""
    theirs = seeded(owner, THEIRS)
    seeded(owner, MINE)
    # What waits to be published is published for all tenants, whoever wakes the worker.
    run(owner, "UPDATE eventos SET publicado_em = criado_em")
    queues = [each for each in api.app.event_sources if isinstance(each, SQSEventConfig)]
    assert len(queues) == 5
    moved = set()
    for tenant in (MINE, THEIRS):
        before = rows_of(owner, THEIRS)
        for each in queues:
            # Each worker finds the id that it knows: `job_id`, `disparo_id` and so on.
            receive(each.handler_string, {"messageId": "1", "body": json.dumps({**theirs, "tenant_id": tenant})})
            if rows_of(owner, THEIRS) != before:
                moved.add((tenant, each.name))
                before = rows_of(owner, THEIRS)
    assert moved >= {(THEIRS, "ingest_leads"), (THEIRS, "deliver_eventos")}
    assert {tenant for tenant, _ in moved} == {THEIRS}


def test_file_under_one_prefix_belongs_to_no_other_tenant(api: Client, owner: Database) -> None:
    theirs = seeded(owner, THEIRS)
    before = rows_of(owner, THEIRS)
    [files] = [each for each in api.app.event_sources if isinstance(each, S3EventConfig)]
    key = f"leads/{MINE}/{theirs['job_id']}/leads.csv"
    there = {"bucket": {"name": files.bucket}, "object": {"key": key, "size": 3, "eTag": "x"}}
    receive(files.handler_string, {"eventName": "ObjectCreated:Put", "s3": there})
    assert rows_of(owner, THEIRS) == before
    assert ask(owner, f"SELECT count(*) FROM ingest_jobs WHERE chave = '{key}' AND tenant_id = '{MINE}'") == [[1]]
    body = json.dumps({"bucket": files.bucket, "key": f"leads/{THEIRS}/leads.csv"}).encode()
    status, document, _ = api.ask(
        "POST", "/ingest/leads/xlsx", token=api.token(MINE), body=body, Content_Type="application/json"
    )
    assert (status, document["code"]) == (422, "fora_do_prefixo")


def receive(handler: str, record: dict[str, Any]) -> None:
    """Have a function of the app called, as Lambda does, with one record of a queue or a bucket."""
    module, _, name = handler.partition(".")
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
    getattr(sys.modules[module], name)({"Records": [record]}, context)


def test_parameter_cannot_choose_the_tenant(api: Client, owner: Database) -> None:
    seeded(owner, THEIRS)
    for path in (f"/leads?tenant_id={THEIRS}", f"/leads/para-disparo?tenant_id={THEIRS}"):
        status, document, _ = api.ask("GET", path, token=api.token(MINE))
        assert (status, document["errors"][0]["code"]) == (422, "extra_forbidden")


def test_every_table_with_a_tenant_has_row_level_security(owner: Database) -> None:
    found = ask(
        owner,
        "SELECT c.relname::text, c.relrowsecurity FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'tenant_id'",
    )
    assert {name for name, _ in found} == set(TABLES)
    assert {name for name, is_secured in found if not is_secured} == set()


def test_every_table_with_a_tenant_counts_each_tenant_as_an_average_one(owner: Database) -> None:
    found = ask(
        owner,
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'tenant_id' "
        "AND a.attoptions IS DISTINCT FROM ARRAY['n_distinct=200']",
    )
    assert found == []


def test_login_of_the_api_sees_no_row_without_a_tenant_and_only_those_of_its_tenant_with_one(
    owner: Database, database_urls: DatabaseUrls
) -> None:
    seeded(owner, MINE)
    seeded(owner, THEIRS)
    database = Database(lambda: database_urls.api)
    try:
        for table in OF_THE_SWEEP:
            with pytest.raises(StatementFailed, match="42501"), database.transaction(MINE) as rows:
                rows.execute(f"SELECT FROM {table}")
        for table in TABLES:
            if table in OF_THE_SWEEP:
                continue
            with database.across_tenants() as rows:
                assert read(rows, f"SELECT count(*) FROM {table}") == [[0]], table
            with database.transaction(MINE) as rows:
                assert read(rows, f"SELECT DISTINCT tenant_id FROM {table}") == [[MINE]], table
    finally:
        database.close()


def test_login_of_the_api_writes_no_row_of_another_tenant(owner: Database, database_urls: DatabaseUrls) -> None:
    seeded(owner, THEIRS)
    before = rows_of(owner, THEIRS)
    database = Database(lambda: database_urls.api)
    try:
        with database.transaction(MINE) as rows:
            rows.execute("UPDATE leads SET status = 'descartado'")
            rows.execute("UPDATE agendamentos SET status = 'cancelado'")
        for statement in (
            f"INSERT INTO tenants (tenant_id) VALUES ('{THEIRS}x')",
            "DELETE FROM leads",
            "DELETE FROM agendamentos",
            "UPDATE leads SET origem_arquivo = 'x'",
        ):
            with pytest.raises(StatementFailed, match="42501"), database.transaction(MINE) as rows:
                rows.execute(statement)
    finally:
        database.close()
    assert rows_of(owner, THEIRS) == before


# Input


def is_a_problem(status: int, document: Any, media_type: str) -> bool:
    """A refusal that a client can act on."""
    return 400 <= status < 500 and media_type == PROBLEM and bool(document["code"]) and document["status"] == status


def is_pointed_at(status: int, document: Any, media_type: str) -> bool:
    """A refusal that names the fields and the reasons."""
    is_refused = status == 422 and is_a_problem(status, document, media_type)
    return is_refused and all("pointer" in each and each["code"] and each["detail"] for each in document["errors"])


# PostgreSQL keeps times in UTC: the offsets of these lead out of its calendar.
NO_INSTANTS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"]
NOT_DOCUMENTS = [b"nada", b"[]", b"null", b'"x"', b"7", b"{", b'{"a":1,}', b"\xff\xfe", b"[" * 5_000]
ODD_VALUES: list[Any] = [
    7, -1, 1.5, True, [], {}, [[]], {"a": {"b": []}}, "", "x" * 70_000, "\x00", "a\x00b", 10**400, float("inf"),
    float("nan"), -(10**30), "\u202e", None, *NO_INSTANTS,
]  # fmt: skip


def test_every_route_with_a_body_refuses_one_that_is_not_an_object(api: Client, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    wrong = {}
    for route in [each for each in routes(api) if each.takes.documents]:
        for body in [*NOT_DOCUMENTS, b'{"campo_que_ninguem_conhece":1}', b'{"campo_que_ninguem_conhece":"\\u0000"}']:
            answer = sent(api, route, ids, token, body)
            if not is_pointed_at(*answer):
                wrong[route, body[:40]] = answer
    assert wrong == {}


def test_every_value_of_a_field_is_accepted_or_refused(api: Client, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    wrong = {}
    for route in [each for each in routes(api) if each.takes.documents]:
        for model in route.takes.documents:
            for field in model.model_fields:
                for value in ODD_VALUES:
                    answer = sent(api, route, ids, token, {**(fitting(route.handler) or {}), field: value})
                    if answer[0] >= 300 and not is_a_problem(*answer):
                        wrong[route, field, str(value)[:40]] = answer
    assert wrong == {}


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nada"]
)
def test_routes_that_take_only_json_refuse_other_media_types(api: Client, owner: Database, media_type: str) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    before = rows_of(owner, MINE)
    takes_all = {"create_ingest_job", "unsubscribe", "receive_webhook"}
    of_json = [
        Route(method, path, operation_of(route.view_function))
        for path, methods in api.app.routes.items()
        for method, route in methods.items()
        if route.content_types != ["*/*"] and method != PREFLIGHT
    ]
    assert {each.handler for each in routes(api)} - {each.handler for each in of_json} <= takes_all
    wrong = {}
    for route in of_json:
        status, document, headers = api.ask(
            route.method, route.to({"token": "x", **ids}), token=token, body=b"{}", Content_Type=media_type
        )
        if (status, document.get("code"), headers["Content-Type"]) != (415, "tipo_nao_suportado", PROBLEM):
            wrong[route] = (status, document)
    assert wrong == {}
    assert rows_of(owner, MINE) == before


def test_refusal_of_a_media_type_is_written_in_the_language_that_is_asked_for(api: Client) -> None:
    status, document, _ = api.ask(
        "POST", "/disparos/reenviar", token=api.token(MINE), body=b"a", Content_Type="text/plain", Accept_Language="en"
    )
    assert (status, document) == (
        415,
        {
            "type": "urn:disparo-agenda:problema:tipo_nao_suportado",
            "title": "Unsupported media type",
            "status": 415,
            "detail": "The body must be JSON, with Content-Type: application/json.",
            "code": "tipo_nao_suportado",
        },
    )


def test_text_that_postgresql_cannot_store_is_refused_in_every_field(api: Client, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    wrong = {}
    for route in [each for each in routes(api) if each.takes.documents]:
        fits = json.dumps(fitting(route.handler))
        for escape in ("\\u0000", "\\ud800", "\\udc00x"):
            for body in _with_every_text(json.loads(fits), escape):
                answer = sent(api, route, ids, token, body)
                if not is_pointed_at(*answer):
                    wrong[route, body] = answer
    assert wrong == {}


def _with_every_text(document: Any, escape: str) -> Iterator[bytes]:
    """One copy of the document for each text in it, with the escape at the end of that text."""
    mark = "\uffff"
    for changed in _marked(document, mark):
        yield json.dumps(changed, ensure_ascii=False).replace(mark, escape).encode()


def _marked(value: Any, mark: str) -> Iterator[Any]:
    if isinstance(value, str):
        yield value + mark
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from ([*value[:number], changed, *value[number + 1 :]] for changed in _marked(each, mark))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from ({**value, name: changed} for changed in _marked(each, mark))


def test_routes_without_a_body_ignore_one(api: Client, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    for route in [each for each in routes(api) if each.method == "POST" and not each.takes.documents]:
        assert sent(api, route, ids, token, b"nada \xff\x00")[0] < 500, route


def cursor_of(instant: str) -> str:
    """A forged cursor of the list of agendamentos."""
    return urlsafe_b64encode(json.dumps([instant, str(UUID(int=7))]).encode()).decode().rstrip("=")


def test_every_query_is_accepted_or_refused(api: Client, owner: Database) -> None:
    ids = seeded(owner, MINE)
    token = api.token(MINE, ADMIN)
    odd = ["", "%00", "a%00b", "%ED%A0%80", "%FF", "9" * 400, "-1", "1e400", "NaN", "x" * 2_000, "%27;--", "%25_%5C"]
    odd += [quote("[" * 3_000), quote('{"a":' * 1_500)]
    odd += [quote(each) for each in NO_INSTANTS] + [cursor_of(each) for each in NO_INSTANTS]
    wrong = {}
    for route in [each for each in routes(api) if each.takes.query]:
        assert route.takes.query is not None
        for name in [*route.takes.query.model_fields, "nada", "%00"]:
            for value in odd:
                status, document, headers = api.ask(route.method, f"{route.to(ids)}?{name}={value}", token=token)
                if status != 200 and not is_pointed_at(status, document, headers["Content-Type"]):
                    wrong[route, name, value] = (status, document)
    assert wrong == {}


def test_every_path_is_accepted_or_refused(api: Client, owner: Database) -> None:
    seeded(owner, MINE)
    token = api.token(MINE, ADMIN)
    wrong = {}
    for route in [each for each in routes(api) if "{" in each.path]:
        for odd in ("nada", "\x00", "a\x00", "%", "..", "\u202e", "x" * 1_000, "00000000-0000-0000-0000-000000000000"):
            answer = sent(api, route, dict.fromkeys(re.findall(r"{(\w+)}", route.path), odd), token)
            if answer[0] >= 300 and not is_a_problem(*answer):
                wrong[route, odd] = answer
    assert wrong == {}


@pytest.mark.parametrize("key", ["", "a" * 256, "a\tb"])
def test_malformed_key_is_refused_by_every_route_that_takes_one(api: Client, owner: Database, key: str) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    for route in [each for each in routes(api) if each.takes.key]:
        status, document, _ = sent(api, route, ids, token, Idempotency_Key=key)
        assert (status, document["code"]) == (422, "chave_de_idempotencia_invalida"), route


def test_same_key_for_another_lead_is_refused(api: Client, owner: Database) -> None:
    ids, token = seeded(owner, MINE), api.token(MINE, ADMIN)
    other = {**ids, "lead_id": str(a_lead(owner, tenant_id=MINE))}
    for route in [each for each in routes(api) if each.takes.key and "{lead_id}" in each.path]:
        body = fitting(route.handler)
        key = {"Idempotency_Key": f"k-{route.handler}"}
        first, again = (sent(api, route, ids, token, body, **key) for _ in range(2))
        assert first == again
        assert first[0] in {200, 201}
        status, document, _ = sent(api, route, other, token, body, **key)
        assert (status, document["code"]) == (422, "chave_de_idempotencia_reutilizada"), route
