"""One person in every table and every object, in words that nothing else has; and the search for what is left."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Database
from chalicelib.ids import new_id
from chalicelib.leads.requests import LeadExport
from chalicelib.wiring import Services
from local.aws import Aws
from tests.builders import (
    CREATED_AT,
    TENANT,
    a_campaign,
    a_disparo,
    a_lead,
    a_recipient,
    an_agendamento,
    an_answer,
    ask,
    insert,
    literal,
    run,
)
from tests.conftest import STARTED_AT
from tests.ingesting import Office
from tests.workbooks import by_xlsxwriter

DOCUMENT = "52998224725"
PHONE = "+5571987654321"
EMAIL = "zulmira.marcadora@example.com"
SECOND_EMAIL = "segunda.marcadora@example.com"
SECRET_WORDS = ("zulmira", "marcador", "987654321", "87654321", DOCUMENT, "529.982.247-25")
"""Whatever is left of the person holds one of these, in upper or lower case."""
_WAMID = "wamid." + base64.b64encode(PHONE.encode()).decode()
_HEADER = ["ID", "Nome", "Contato", "CNPJ/CPF", "Email", "Telefone", "Bairro"]
_ROW = [
    "ZULMIRA-7",
    "Zulmira Marcadora",
    "Tia Marcadora",
    "529.982.247-25",
    EMAIL,
    "(71) 98765-4321 | 12",
    "Marcadorópolis",
]
OTHER_ROW = ["8", "Bento", "", "", "bento@example.com", "71 99999-0002", "Centro"]
_REFUSED_ROW = ["", "", "", "111.111.111-11", "nada", "+55 71 8765-4321 ramal", "Marcadorópolis"]


def workbook() -> bytes:
    """A workbook that holds the person, another one, and a refused row with the person's phone."""
    return by_xlsxwriter([_HEADER, _ROW, OTHER_ROW, _REFUSED_ROW])


def spread(services: Services, *, tenant_id: str = TENANT) -> UUID:
    """Put the person into everything; one of the leads. Templates `oi` and `oi-email` are there."""
    owner = services.owner_database
    office = Office(services, tenant_id)
    office.ingest(workbook(), name="leads.xlsx", validar_apenas=True)
    office.ingest(workbook(), name="leads.xlsx")
    office.ingest(
        by_xlsxwriter([_HEADER, [*_ROW[:4], SECOND_EMAIL, "71 98765-4321", "Marcadorópolis Velha"]]),
        name="mais.xlsx", modo="atualizar",
    )  # fmt: skip
    services.exports.create(tenant_id, LeadExport())
    [[lead_id]] = ask(owner, f"SELECT lead_id FROM leads WHERE tenant_id = '{tenant_id}' AND documento = '{DOCUMENT}'")
    _spread_by_hand(owner, tenant_id)
    _spread_messages(owner, lead_id, tenant_id)
    _spread_contacts(owner, lead_id, tenant_id)
    return UUID(str(lead_id))


def _spread_by_hand(owner: Database, tenant_id: str) -> None:
    """A second lead of the person, that somebody made by hand."""
    lead_id = a_lead(
        owner, tenant_id=tenant_id, nome="Zulmira M.", documento=DOCUMENT, telefones=[PHONE], emails=[EMAIL],
        campos={"nota": "marcador de campo"}, tags=["marcador"],
    )  # fmt: skip
    insert(
        owner, "leads_manuais", tenant_id=tenant_id, lead_id=lead_id, por="u", criado_em=CREATED_AT,
    )  # fmt: skip
    for number, whom in enumerate((str(lead_id), PHONE, EMAIL, DOCUMENT)):
        insert(
            owner, "chaves_de_idempotencia", tenant_id=tenant_id, chave=f"\\x{number:064x}", pedido=f"\\x{0:064x}",
            status=201, corpo="Zulmira", pessoas=[whom], criado_em=CREATED_AT,
        )  # fmt: skip


def _spread_messages(owner: Database, lead_id: UUID, tenant_id: str) -> None:
    of_tenant: dict[str, Any] = {"tenant_id": tenant_id}
    words: dict[str, Any] = {"variaveis": {"nome": "Zulmira"}, "destino": PHONE, "avisos": {"marcador": 1}}
    for status in ("pendente", "enviado", "confirmado", "erro", "incerto", "cancelado", "simulado"):
        disparo_id = a_disparo(
            owner,
            lead_id,
            status=status,
            **of_tenant,
            **words,
            provider_message_id=f"{_WAMID}-marcador-{status}",
        )
        insert(
            owner, "disparo_tentativas", **of_tenant, disparo_id=disparo_id, passo=0, em=CREATED_AT, classe="enviado",
            motivo="marcador", por="u", provider_message_id=f"marcador-{status}",
        )  # fmt: skip
    a_disparo(
        owner, lead_id, **of_tenant, canal="email", template="oi-email", destino=EMAIL, variaveis={"n": "Zulmira"}
    )
    a_disparo(
        owner, lead_id, **of_tenant, **words, em_duvida=True, ultimo_codigo="tempo", tentativas=1, espera="tentativa"
    )
    campanha_id = a_campaign(owner, **of_tenant)
    a_recipient(owner, campanha_id, lead_id, **of_tenant, **words)
    insert(
        owner, "campanha_excluidos", **of_tenant, campanha_id=campanha_id, lead_id=lead_id, etapa=2, variante="a",
        motivo="sem_contato",
    )  # fmt: skip
    an_answer(
        owner, disparo_id, lead_id, **of_tenant, texto="Sou a Zulmira", remetente=PHONE, contato=PHONE, usuario="BR.m"
    )
    an_answer(
        owner, disparo_id, None, **of_tenant, texto="marcador sem lead", remetente="557187654321", revisar=True,
        provider_message_id=f"{_WAMID}-marcador", em_resposta_a="marcador",
    )  # fmt: skip
    insert(
        owner, "avisos_de_entrega", **of_tenant, canal="whatsapp", provider_message_id=f"{_WAMID}-marcador-enviado",
        situacao="entregue", suprimir=False, alternativo=False, recebido_em=CREATED_AT, olhar_em=CREATED_AT,
    )  # fmt: skip
    live = an_agendamento(
        owner, lead_id, **of_tenant, at=STARTED_AT + timedelta(days=3), observacoes="Trazer o marcador",
        canal="presencial", local="Rua do Marcador, 7",
    )  # fmt: skip
    insert(
        owner, "agendamento_horarios", **of_tenant, agendamento_id=live, versao=1, data_agendada=STARTED_AT,
        duracao_minutos=60, em=CREATED_AT, motivo="Zulmira pediu",
    )  # fmt: skip
    insert(
        owner, "agendamento_avisos", **of_tenant, agendamento_id=live, versao=0, tipo="lembrete_60", quando=STARTED_AT,
        criado_em=CREATED_AT, atualizado_em=CREATED_AT,
    )  # fmt: skip
    an_agendamento(
        owner, lead_id, **of_tenant, at=STARTED_AT + timedelta(days=4), canal="video", link="https://x/marcador"
    )
    of_lead: dict[str, Any] = {**of_tenant, "lead_id": lead_id}
    insert(
        owner, "lead_eventos", **of_lead, em=CREATED_AT, tipo="dados", por="u",
        mudancas=json.dumps([{"campo": "nome", "de": "Zulmira", "para": "Zulmira M."}]),
    )  # fmt: skip
    insert(
        owner, "lead_eventos", **of_lead, em=CREATED_AT, tipo="status", de="novo", para="em_disparo", por="u",
        motivo="marcador",
    )  # fmt: skip
    insert(
        owner, "lead_notas", **of_lead, criado_em=CREATED_AT, nota_id=new_id(CREATED_AT), texto="Zulmira ligou", por="u"
    )
    an_agendamento(
        owner, lead_id, **of_tenant, status="cancelado", motivo_cancelamento="Zulmira ligou",
        avisos={"marcador": 1},
    )  # fmt: skip


def _spread_contacts(owner: Database, lead_id: UUID, tenant_id: str) -> None:
    of_tenant: dict[str, Any] = {"tenant_id": tenant_id}
    insert(
        owner, "supressoes", **of_tenant, canal="whatsapp", contato=PHONE, supressao_id=new_id(CREATED_AT),
        motivo="resposta", nota="marcador", criado_em=CREATED_AT,
    )  # fmt: skip
    insert(owner, "consentimentos", **of_tenant, canal="email", contato=EMAIL, desde=CREATED_AT, por="u")
    insert(
        owner, "provedor_usuarios", **of_tenant, canal="whatsapp", usuario="BR.m", contato=PHONE, visto_em=CREATED_AT
    )
    insert(owner, "leads_suprimidos", **of_tenant, lead_id=lead_id, nota="Zulmira pediu", por="u", criado_em=CREATED_AT)


def rows_left(owner: Database) -> dict[str, int]:
    """The tables that still hold the person, with the number of their rows."""
    tables = ask(
        owner,
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
    )
    words = " OR ".join(f"lower(CAST(to_jsonb(t) AS text)) LIKE {literal(f'%{word}%')}" for word in SECRET_WORDS)
    found = {
        f"{schema}.{table}": ask(owner, f'SELECT count(*) FROM "{schema}"."{table}" t WHERE {words}')[0][0]
        for schema, table in tables
    }
    return {table: count for table, count in found.items() if count}


def objects_left(aws: Aws, bucket: str) -> list[str]:
    """The objects that still hold the person, in what they are packed too."""
    s3 = aws.client("s3")
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
    return [key for key in keys if any(map(_tells, _contents(s3.get_object(Bucket=bucket, Key=key)["Body"].read())))]


def _contents(content: bytes) -> Iterator[bytes]:
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            yield from (packed.read(name) for name in packed.namelist())


def _tells(content: bytes) -> bool:
    text = content.decode("utf-8", "replace").lower()
    return any(word in text for word in SECRET_WORDS)


def rows_of_others(owner: Database, *lead_ids: UUID) -> str:
    """Everything that hangs on these leads, as text to compare."""
    ids = ", ".join(literal(each) for each in lead_ids)
    tables = ("leads", "lead_telefones", "lead_emails", "disparos", "agendamentos", "respostas")
    return json.dumps([
        [table, *sorted(str(row) for row in ask(owner, f"SELECT to_jsonb(t) FROM {table} t WHERE lead_id IN ({ids})"))]
        for table in tables
    ])  # fmt: skip


def counters(owner: Database) -> dict[str, Any]:
    """The counters that an erasure keeps: those of jobs, and the number of rows of the ledger."""
    jobs = "sum(linhas_processadas), sum(leads_criados), sum(linhas_rejeitadas), sum(telefones_criados)"
    return {
        "jobs": ask(owner, f"SELECT {jobs} FROM ingest_jobs"),
        "disparos": ask(owner, "SELECT count(*) FROM disparos"),
        "leads": ask(owner, "SELECT count(*) FROM leads"),
        "excluidos": ask(owner, "SELECT count(*) FROM campanha_excluidos"),
    }


def counters_disagree(owner: Database) -> list[Any]:
    """Where the counters of disparos are not the numbers of the rows."""
    return ask(
        owner,
        "SELECT tenant_id, status, sum(n) FROM (SELECT tenant_id, status, quantos AS n FROM disparo_contagens"
        " WHERE quando = '-infinity' UNION ALL SELECT tenant_id, status, -1 FROM disparos) c"
        " GROUP BY 1, 2 HAVING sum(n) <> 0",
    )


def unlock(owner: Database) -> None:
    """End the leases of whoever sends just now."""
    run(owner, "UPDATE disparos SET lease_ate = '2026-11-24' WHERE status = 'enviando'")
