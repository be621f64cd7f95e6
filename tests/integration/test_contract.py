"""Every operation of the app over HTTP, with rich data: what it answers is what the contract describes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chalicelib.adapters.database import Database
from chalicelib.api.contract.examples import PLACE
from chalicelib.api.form import MULTIPART
from chalicelib.api.text import HTML
from chalicelib.identity import ADMIN
from chalicelib.ids import new_id
from chalicelib.scheduling.invitations.links import LeadLinks
from chalicelib.scheduling.invitations.proofs import answer
from chalicelib.tokens import Signer
from chalicelib.wiring import Services
from local.aws import Aws, put_secret
from tests.builders import CREATED_AT, TENANT, a_lead, a_recipient, an_answer, ask, insert, literal, run
from tests.conftest import DatabaseUrls
from tests.integration.conftest import JSON, SIGNING_KEY, ContractClient
from tests.recorded_examples import Exchange, Recorder, requests_in, write
from tests.unaudited_routes import UNAUDITED

BOUNDARY = "boundary"
SHARED = "segredo-combinado"
SHEET = (
    "ID;Nome;CNPJ/CPF;Email;Telefone\n"
    "1;Maria da Silva;529.982.247-25;maria@example.com, nada;(71) 99999-0001\n"
    "2;João;;;(71) 99999-0002\n"
    "3;Sem contato;;;\n"
)


@pytest.fixture
def owner(database_urls: DatabaseUrls) -> Iterator[Database]:
    database = Database(lambda: database_urls.owner)
    yield database
    database.close()


class Caller:
    """An administrator of a tenant who expects every request to succeed."""

    def __init__(self, api: ContractClient) -> None:
        self.api = api
        self.recorder = Recorder(api.contract.document, datetime.now(UTC))
        self._token = api.token(TENANT, ADMIN)

    def __call__(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        raw = json.dumps(body).encode() if body else None
        return self.send(method, path, raw, JSON)

    def send(self, method: str, path: str, raw: bytes | None, media_type: str, **headers: str) -> dict[str, Any]:
        status, document, received = self.api.ask(
            method, path, token=self._token, body=raw, Content_Type=media_type, **headers
        )
        assert status < 300, (method, path, document)
        if method == "GET":
            self._ask_again(path, received["ETag"])
        given = json.loads(raw) if raw and media_type == JSON else None
        self._record(method, path, given, document or None)
        return document

    def _ask_again(self, path: str, tag: str) -> None:
        """Who has the answer gets no other, unless it is another one by now: it may have a time, or a signed URL."""
        status, document, headers = self.api.ask("GET", path, token=self._token, If_None_Match=tag)
        assert (status, document) == (304, {}) or (status == 200 and headers["ETag"] != tag), path
        assert self.api.read(path, token=self._token, If_None_Match="*")[:2] == (304, ""), path

    def _record(
        self, method: str, path: str, body: Any, answer: Any, *, media_type: str = JSON, answer_type: str = JSON
    ) -> None:
        pattern = self.api.contract.path_of(path)
        kind = None if body is None else media_type
        self.recorder.add(Exchange(method.lower(), pattern, path, kind, body, answer_type, deepcopy(answer)))

    def read(self, path: str) -> str:
        """The text of an answer that is not JSON; who has it already is told so."""
        status, text, headers = self.api.read(path, token=self._token)
        assert status == 200, (path, text)
        if (tag := headers["ETag"]) is not None:
            self._ask_again(path, tag)
        kind = headers["Content-Type"].partition(";")[0]
        self._record("GET", path, None, None if kind == HTML else text, answer_type=kind)
        return text

    def upload(self, **options: str) -> str:
        """The id of a job that has read `SHEET`."""
        parts = [('name="arquivo"; filename="leads.csv"', SHEET), *((f'name="{n}"', v) for n, v in options.items())]
        form = "".join(f"--{BOUNDARY}\r\nContent-Disposition: form-data; {n}\r\n\r\n{v}\r\n" for n, v in parts)
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        job = self.send("POST", "/ingest/leads/xlsx", f"{form}--{BOUNDARY}--\r\n".encode(), kind)
        said = {name: value == "true" if value in {"true", "false"} else value for name, value in options.items()}
        self._record("POST", "/ingest/leads/xlsx", {"arquivo": SHEET, **said}, job, media_type=MULTIPART)
        wake_up = json.dumps({"tenant_id": TENANT, "job_id": job["job_id"]})
        services: Services = sys.modules["app"].services
        services.ingestion.run({"Records": [{"body": wake_up}]}, remaining_ms=lambda: 900_000)
        return str(job["job_id"])


def use_jobs(call: Caller, owner: Database) -> None:
    previewed = call("GET", f"/ingest/leads/jobs/{call.upload(validar_apenas='true')}/previa")["itens"]
    assert [each["resultado"] for each in previewed] == ["criado", "criado", "rejeitado"]
    announced = call("POST", "/ingest/leads/xlsx", arquivo="leads.xlsx", tamanho=48_213)
    job_id = call.upload()
    job = call("GET", f"/ingest/leads/jobs/{job_id}")
    assert job["criado_por"] == call("GET", "/eu")["id"]
    assert (job["status"], job["leads_criados"], job["linhas_rejeitadas"]) == ("concluido", 2, 1)
    assert call("GET", f"/ingest/leads/jobs/{job_id}/erros")["url"]
    call("POST", f"/ingest/leads/jobs/{announced['job_id']}/cancelar")
    run(owner, "UPDATE ingest_jobs SET chave_recebida = true WHERE status = 'cancelado'")
    call("POST", f"/ingest/leads/jobs/{announced['job_id']}/retomar")
    insert_undone_job(owner)
    call("POST", f"/ingest/leads/jobs/{job_id}/desfazer")
    assert len(call("GET", "/ingest/leads/jobs?limit=2")["itens"]) == 2


def insert_undone_job(owner: Database) -> None:
    """A job in a state that no request leads to at once: undone, with leads that were kept."""
    past = datetime.now(UTC) - timedelta(days=1)
    times = ("criado_em", "iniciado_em", "retomado_em", "atualizado_em", "concluido_em", "desfazer_pedido_em")
    insert(
        owner, "ingest_jobs", tenant_id=TENANT, job_id="00000000-0000-0000-0000-000000000001", bucket="b", chave="k",
        nome_arquivo="a.xlsx", aba="Leads", status="erro", erro_codigo="arquivo_corrompido", mensagem_erro="x",
        linhas_estimadas=10, linhas_processadas=2, leads_criados=2, leads_removidos=1, leads_mantidos={"tags": 1},
        desfeito_em=past, **dict.fromkeys(times, past),
    )  # fmt: skip


def use_leads(call: Caller) -> str:
    """The id of a lead with everything that a lead may have."""
    page = call("GET", "/leads?limit=1")
    assert page["proximo"]
    assert len(call("GET", f"/leads?limit=1&cursor={page['proximo']}")["itens"]) == 1
    assert len(call("GET", "/leads/para-disparo")["itens"]) == 2
    [maria] = call("GET", "/leads?email=maria@example.com")["itens"]
    of_maria = f"/leads/{maria['lead_id']}"
    call("PATCH", of_maria, tags=["vip"], contato="Ana", campos={"cidade": "Salvador", "valor": 10.5, "vip": True})
    assert len(call("GET", "/campos?limit=2")["itens"]) == 2
    assert len(call("GET", "/leads?campo.cidade=salvador&campo.valor_min=10")["itens"]) == 1
    assert call("GET", "/leads.csv?campo.cidade=salvador")["leads"] == 1
    use_contacts(call, of_maria)
    use_history(call, of_maria)
    both = [maria["lead_id"], str(UUID(int=1))]
    tagged = call("POST", "/leads/tags", lead_ids=both, adicionar=["norte"], retirar=["frio"])
    assert tagged == {"alterados": 1, "desconhecidos": both[1:]}
    made = call("POST", "/leads", nome="Bia", telefones=["71 99999-0077"])
    assert (made["origem_arquivo"], made["job_id"]) == ("manual", None)
    lead = call("GET", of_maria)
    assert all(lead[name] for name in ("documento", "tags", "campos", "telefones", "emails", "linha_do_tempo"))
    return str(lead["lead_id"])


def use_history(call: Caller, of_lead: str) -> None:
    notes = [call("POST", f"{of_lead}/notas", texto=text) for text in ("Prefere à tarde", "Pediu desconto")]
    call("DELETE", f"{of_lead}/notas/{notes[0]['nota_id']}")
    assert [each["texto"] for each in call("GET", f"{of_lead}/notas")["itens"]] == ["Pediu desconto"]
    first = call("GET", f"{of_lead}/linha-do-tempo?limit=2")
    assert [each["tipo"] for each in first["itens"]] == ["nota_removida", "nota"]
    rest = call("GET", f"{of_lead}/linha-do-tempo?cursor={first['proximo']}")
    assert {each["tipo"] for each in rest["itens"]} >= {"dados", "contato_incluido", "contato_removido", "ingestao"}


def use_contacts(call: Caller, of_lead: str) -> None:
    for kind, text in (("telefone", "71 99999-0055"), ("email", "segundo@example.com")):
        *_, second = call("POST", f"{of_lead}/{kind}s", **{kind: text})[f"{kind}s"]
        place = f"{of_lead}/{kind}s/{second[f'{kind}_id']}"
        assert call("POST", f"{place}/principal")[f"{kind}s"][0]["principal"]
        call("DELETE", place)


def use_disparos(call: Caller, owner: Database, lead_id: str) -> None:
    call("PUT", "/templates/oi", canal="whatsapp", idioma="pt_BR", texto="Oi, {{nome}}")
    call("PUT", "/templates/carta", canal="email", idioma="pt_BR", assunto="Oi", texto="Oi", html="<p>Oi</p>")
    call("GET", "/templates/oi")
    assert len(call("GET", "/templates")["itens"]) == 2
    assert len(call("GET", "/templates/oi/versoes")["itens"]) == 1
    assert call("GET", "/templates/oi/versoes/1")["ativo"] is True
    [previewed] = call("POST", "/templates/oi/previa", lead_id=lead_id)["itens"]
    assert previewed["mensagem"]["parametros"]
    call("PUT", "/templates/novo", canal="whatsapp", idioma="pt_BR", texto="{{x}}")
    assert call("POST", "/templates/novo/previa", lead_id=lead_id)["itens"][0]["erros"]
    call("DELETE", "/templates/novo")
    use_batches(call, owner, lead_id)
    ids = [create_disparo(call, lead_id) for _ in range(5)]
    for disparo_id in ids[:4]:
        fail(owner, disparo_id, "incerto" if disparo_id in ids[:2] else "erro")
    assert call("GET", f"/disparos/{ids[0]}")["historico"][0]["mensagem"]
    overview = call("GET", "/disparo/overview")
    assert overview["esperas"]
    assert overview["erros"]
    assert len(call("GET", "/disparo/serie")["horas"]) in {23, 24, 25}
    assert call("GET", f"/disparo/serie?dia={overview['hoje']['desde'][:10]}")["erros"] == 2
    assert len(call("GET", "/disparos")["itens"]) == 5
    call("POST", f"/disparos/{ids[0]}/resolver", resultado="enviado")
    call("POST", f"/disparos/{ids[1]}/confirmar")
    call("POST", f"/disparos/{ids[2]}/reenviar")
    assert call("POST", "/disparos/reenviar", erro_codigo="131026")["reenviados"] == 1
    call("POST", f"/disparos/{ids[4]}/cancelar", motivo="Texto errado")
    call("DELETE", "/templates/oi")


def use_batches(call: Caller, owner: Database, lead_id: str) -> None:
    message = {"canal": "whatsapp", "template": "oi", "variaveis": {"nome": "Maria"}}
    made = call("POST", "/disparos/lote", **message, lead_ids=[lead_id, lead_id])
    assert [each["resultado"] for each in made["itens"]] == ["criado", "recusado"]
    item = {"lead_id": lead_id, "canal": "whatsapp", "template": "oi"}
    assert call("POST", "/disparos/lote", itens=[item])["itens"][0]["avisos"]
    wanted = {"filtro": {"template": "oi", "criado_de": "2026-01-01T00:00:00Z"}, "motivo": "Texto errado"}
    assert call("POST", "/disparos/cancelar", **wanted) == {"cancelados": 2, "em_voo": 0, "ha_mais": False}
    run(owner, "DELETE FROM disparos")


def create_disparo(call: Caller, lead_id: str) -> str:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    disparo = call(
        "POST", f"/leads/{lead_id}/disparos", canal="whatsapp", template="oi", payload={"variaveis": {"nome": "Maria"}},
        agendar_para=tomorrow.isoformat(), expira_em=(tomorrow + timedelta(days=1)).isoformat(),
    )  # fmt: skip
    return str(disparo["disparo_id"])


def fail(owner: Database, disparo_id: str, status: str) -> None:
    """Let a disparo end, as a worker would: its attempt failed, or nobody knows what became of it."""
    which = f"WHERE disparo_id = {literal(disparo_id)}"
    run(
        owner,
        f"UPDATE disparos SET status = 'enviando', espera = NULL, lease_dono = disparo_id, lease_ate = now() {which}",
    )
    run(
        owner,
        f"UPDATE disparos SET status = {literal(status)}, erro_codigo = '131026', ultimo_codigo = '131026', "
        f"em_duvida = {literal(status == 'incerto')}, lease_dono = NULL, lease_ate = NULL, tentativas = 1 {which}",
    )
    now = datetime.now(UTC)
    insert(
        owner, "disparo_tentativas", tenant_id=TENANT, disparo_id=disparo_id, passo=1, em=now, tentativa=1,
        classe="permanente", codigo="131026", ate=now, latencia_ms=7, provider_message_id="wamid.1",
    )  # fmt: skip
    run(owner, f"UPDATE disparos SET passos = 1 {which}")


def use_channels(call: Caller) -> None:
    assert {each["pausa"] for each in call("GET", "/canais")["itens"]} == {None}
    assert call("POST", "/canais/email/pausar", motivo="Manutenção")["pausa"]["motivo"] == "Manutenção"
    assert call("GET", "/disparo/overview")["pausas"]["email"]["por"]
    call("POST", "/canais/email/retomar", motivo="Manutenção feita")


def use_invitation(call: Caller, agendamento_id: str) -> None:
    """The lead answers by the page of their link."""
    links = LeadLinks(public_url=None, signer=Signer(lambda: [SIGNING_KEY]))
    path = f"/convite/{links.token(TENANT, UUID(agendamento_id), 1)}"
    [challenge] = re.findall(r'data-desafio="([^"]+)"', call.read(path))
    decided = call("POST", path, acao="confirmar", desafio=challenge, prova=answer(challenge, "confirmar"))
    assert decided["situacao"] == "confirmado"


def use_event(call: Caller, owner: Database, agendamento_id: str) -> None:
    """A person has looked at the calendar for an event in doubt."""
    insert(
        owner, "agendamento_eventos", tenant_id=TENANT, agendamento_id=UUID(agendamento_id), status="incerto",
        codigo="sem_resposta", iniciado=True, atualizado_em=CREATED_AT,
    )  # fmt: skip
    settled = call("POST", f"/agendamentos/{agendamento_id}/calendario/resolver", resultado="existe", evento_id="e1")
    assert settled["calendario"]["status"] == "pendente"


def use_agendamentos(call: Caller, owner: Database, lead_id: str) -> None:
    for number, move in enumerate(("confirmar", "realizar", "cancelar", "nao-compareceu"), 1):
        at = datetime.now(UTC) + timedelta(days=number)
        made = call(
            "POST", f"/leads/{lead_id}/agendamentos", tipo="reuniao", canal="video", data_agendada=at.isoformat(),
            responsavel="Ana", observacoes="Quer ver a proposta",
        )  # fmt: skip
        if move == "realizar":
            booked = literal(made["agendamento_id"])
            begun = "data_agendada = now(), ocupado_de = now(), ocupado_ate = now() + interval '1 hour'"
            run(owner, f"UPDATE agendamentos SET {begun}, versao = versao + 1 WHERE agendamento_id = {booked}")
        why = {"motivo": "O cliente desistiu"} if move == "cancelar" else {}
        call("POST", f"/agendamentos/{made['agendamento_id']}/{move}", **why)
        if move == "confirmar":
            later = (at + timedelta(hours=3)).isoformat()
            moved = call(
                "POST",
                f"/agendamentos/{made['agendamento_id']}/reagendar",
                data_agendada=later,
                motivo="O cliente pediu",
            )
            assert len(moved["horarios"]) == 2
            use_invitation(call, made["agendamento_id"])
            use_event(call, owner, made["agendamento_id"])
        call("GET", f"/agendamentos/{made['agendamento_id']}")
        call("GET", f"/agendamentos/{made['agendamento_id']}/briefing")
        assert call.read(f"/agendamentos/{made['agendamento_id']}/briefing?formato=md").startswith("# Briefing: ")
        assert call.read(f"/agendamentos/{made['agendamento_id']}.ics").startswith("BEGIN:VCALENDAR")
    assert len(call("GET", "/agendamentos")["itens"]) == 4
    feed = call("POST", "/agendas", responsavel="Ana")
    assert call.read(feed["url"]).count("BEGIN:VEVENT") == 4
    assert [each["agenda_id"] for each in call("GET", "/agendas")["itens"]] == [feed["agenda_id"]]
    call("DELETE", f"/agendas/{feed['agenda_id']}")


def use_campaigns(call: Caller, owner: Database, lead_id: str) -> None:
    insert(
        owner, "templates", tenant_id=TENANT, nome="cobra", versao=1, canal="whatsapp", idioma="pt_BR",
        texto="Olá, {{nome|padrao:\"cliente\"}}!", variaveis=["nome"], criado_em=CREATED_AT,
    )  # fmt: skip
    given = {"nome": "Cobrança", "filtro": {"todos": []}, "mensagem": {"canal": "whatsapp", "template": "cobra"}}
    made = call("POST", "/campanhas", **given, piloto={"percentual": 10})
    path = f"/campanhas/{made['campanha_id']}"
    assert call("PATCH", path, nome="Cobrança de novembro", piloto={"primeiros": 5})["piloto"]["primeiros"] == 5
    found = call("POST", f"{path}/conferir")
    assert found["publico"] == found["elegiveis"] + sum(each["quantos"] for each in found["excluidos"])
    call("POST", f"{path}/testar", contatos=[{"canal": "whatsapp", "contato": "71 98888-0001"}])
    call("POST", f"{path}/agendar", iniciar_em=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    call("POST", f"{path}/reagendar", iniciar_em=(datetime.now(UTC) + timedelta(days=2)).isoformat())
    stopped = call("POST", "/campanhas/pausar", todas=True, motivo="O chefe ligou")
    assert [(each["campanha_id"], each["status"]) for each in stopped["itens"]] == [(made["campanha_id"], "pausada")]
    assert call("POST", "/campanhas/pausar", campanha_ids=[lead_id], motivo="Preço errado")["itens"][0]["erro"]
    call("POST", f"{path}/retomar")
    assert call("POST", f"{path}/pausar", motivo="Espera")["espera"][0]["motivo"] == "Espera"
    call("POST", f"{path}/retomar", motivo="Pode seguir")
    assert call("GET", f"{path}/variantes")["itens"][0]["peso"] == 100
    assert call("POST", f"{path}/cancelar", motivo="Campanha errada")["status"] == "cancelada"
    use_results(call, owner, UUID(made["campanha_id"]))
    assert made["campanha_id"] in [each["campanha_id"] for each in call("GET", "/campanhas")["itens"]]
    assert len(call("GET", path)["historico"]) == 7
    draft = call("POST", "/campanhas", **given)
    call("DELETE", f"/campanhas/{draft['campanha_id']}")
    run(owner, "DELETE FROM disparos WHERE teste_de IS NOT NULL")


def use_results(call: Caller, owner: Database, campanha_id: UUID) -> None:
    """With one recipient that failed and went on by another contact, and one that was left out."""
    path = f"/campanhas/{campanha_id}"
    lead_id = a_lead(owner, tenant_id=TENANT)
    columns = {"tenant_id": TENANT, "template": "cobra"}
    first = a_recipient(owner, campanha_id, lead_id, status="erro", **columns)
    second = a_recipient(
        owner, campanha_id, lead_id, status="confirmado", alternativa_de=first, respondido_em=CREATED_AT, **columns
    )
    an_answer(owner, second, lead_id, tenant_id=TENANT)
    insert(
        owner, "campanha_excluidos", tenant_id=TENANT, campanha_id=campanha_id, lead_id=lead_id, etapa=2, variante="a",
        motivo="sem_contato",
    )  # fmt: skip
    run(owner, f"UPDATE campanhas SET planejada_em = now() WHERE campanha_id = '{campanha_id}'")
    found = call("GET", f"{path}/destinatarios")["itens"]
    assert [each["situacao"] for each in found] == ["respondido", "excluido"]
    assert found[0]["caminho"][0]["disparo_id"] == str(first)
    assert call("GET", f"{path}/resultados.csv")["destinatarios"] == 2
    [reply] = call("GET", f"{path}/respostas")["itens"]
    assert call("GET", f"/respostas?campanha_id={campanha_id}")["itens"][0]["resposta_id"] == reply["resposta_id"]
    expired = a_recipient(
        owner, campanha_id, a_lead(owner, tenant_id=TENANT), status="expirado", destino="x", **columns
    )
    made = call("POST", f"{path}/de-novo", quem="pendentes")
    assert made["de_novo_de"] == str(campanha_id)
    call("DELETE", f"/campanhas/{made['campanha_id']}")
    for disparo_id in (expired, second, first):
        run(owner, f"DELETE FROM disparos WHERE disparo_id = '{disparo_id}'")


def use_segments(call: Caller) -> None:
    filtro = {"todos": [{"status": ["novo", "em_disparo", "contato_efetuado"]}, {"tem": "email"}]}
    made = call("POST", "/segmentos", nome="Com e-mail", filtro=filtro)
    assert call("GET", "/segmentos")["itens"] == [made]
    assert call("GET", f"/segmentos/{made['segmento_id']}") == made
    changed = call("PUT", f"/segmentos/{made['segmento_id']}", nome="Todos", filtro={"todos": []})
    assert changed["filtro"] == {"todos": []}
    counted = call("POST", "/segmentos/contar", segmento_id=made["segmento_id"])
    assert counted["total"] > 0
    assert counted["amostra"]
    call("DELETE", f"/segmentos/{made['segmento_id']}")


def use_staff(call: Caller) -> None:
    made = call("POST", "/responsaveis", nome="Bia", email="bia@example.com", uf="SP")
    assert call("GET", "/responsaveis")["itens"] == [made]
    assert call("GET", f"/responsaveis/{made['responsavel_id']}") == made
    changed = call("PUT", f"/responsaveis/{made['responsavel_id']}", nome="Beatriz", maximo_por_dia=3)
    assert (changed["nome"], changed["email"]) == ("Beatriz", None)
    once = call(
        "POST", "/bloqueios", motivo="Férias", periodo={"inicio": "2099-01-01T00:00:00Z", "fim": "2099-02-01T00:00:00Z"}
    )
    every_week = {"dia": "seg", "inicio": "12:00", "fim": "13:00", "valido_de": "2026-01-01"}
    weekly = call("POST", "/bloqueios", motivo="Almoço", semanal=every_week, responsavel_id=made["responsavel_id"])
    assert call("GET", "/bloqueios")["itens"] == [weekly, once]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    until = tomorrow + timedelta(days=14)
    shown = call("GET", f"/agendamentos/horarios?em={tomorrow:%Y-%m-%dT%H:%M:%S.%fZ}&ate={until:%Y-%m-%dT%H:%M:%S.%fZ}")
    assert len(shown["propostas"]) == 3
    assert [each["responsavel"] for each in shown["responsaveis"]] == ["Beatriz"]
    for each in (once, weekly):
        call("DELETE", f"/bloqueios/{each['bloqueio_id']}")
    call("DELETE", f"/responsaveis/{made['responsavel_id']}")


def use_keys(call: Caller) -> None:
    made = call("POST", "/chaves", nome="Painel", grupo="leitor", rotas=["GET /leads"])
    key = made.pop("chave")
    assert made["final"] == key[-4:]
    assert call.api.ask("GET", "/leads", token=key)[0] == 200
    call("POST", "/chaves", nome="Integração", grupo="admin")
    call("DELETE", f"/chaves/{made['chave_id']}")
    first = call("GET", "/chaves?limit=1")
    [shown] = call("GET", f"/chaves?cursor={first['proximo']}")["itens"]
    assert shown == {**made, **{name: shown[name] for name in ("usada_em", "revogada_em", "revogada_por")}}
    assert all(shown[name] for name in ("usada_em", "revogada_em", "revogada_por"))


def use_people(call: Caller) -> None:
    made = call("POST", "/usuarios", email="rui@example.com", grupo="leitor")
    path = f"/usuarios/{made['usuario_id']}"
    assert call("GET", path) == made
    assert call("PATCH", path, grupo="operador", ativo=False)["ativo"] is False
    first = call("GET", "/usuarios?limit=1")
    [shown] = call("GET", f"/usuarios?cursor={first['proximo']}")["itens"]
    assert {shown["email"], first["itens"][0]["email"]} == {"rui@example.com", "local-acme-admin@example.com"}
    names = {each["id"]: (each["tipo"], each["nome"]) for each in call("GET", "/pessoas")["itens"]}
    assert names[made["usuario_id"]] == ("pessoa", "rui@example.com")
    assert ("chave", "Integração") in names.values()


def use_subscriptions(call: Caller, owner: Database) -> None:
    made = call("POST", "/assinaturas", url="https://203.0.114.1/eventos", eventos=["disparo.failed"], descricao="ERP")
    assert made.pop("segredo").startswith("whsec_")
    path = f"/assinaturas/{made['assinatura_id']}"
    assert call("GET", "/assinaturas")["itens"] == [made]
    assert call("GET", path) == made
    assert call("PATCH", path, eventos=[])["eventos"] == []
    assert call("POST", f"{path}/trocar-segredo")["segredo"].startswith("whsec_")
    delivery = call("POST", f"{path}/testar")
    assert call("GET", f"{path}/entregas?status=pendente")["itens"] == [delivery]
    assert call("POST", f"{path}/entregas/{delivery['evento_id']}/reenviar")["tentativas"] == 0
    span = {"de": "2026-11-01T00:00:00Z", "ate": "2026-11-02T00:00:00Z"}
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    insert(
        owner, "eventos", tenant_id=TENANT, evento_id=new_id(at), tipo="disparo.failed", detalhe={}, criado_em=at,
        publicado_em=at,
    )  # fmt: skip
    assert call("POST", f"{path}/reenviar", **span) == {"reenviadas": 1, "continuar_de": None}
    call("DELETE", path)


def use_suppressions(call: Caller) -> None:
    added = call("POST", "/supressoes", canal="email", contato="joao@example.com")
    assert call("GET", "/supressoes")["itens"] == [added]
    call("DELETE", f"/supressoes/{added['supressao_id']}")


def use_person_suppression(call: Caller, lead_id: str) -> None:
    assert call("POST", f"/leads/{lead_id}/supressao", nota="Pediu por telefone")["supressoes"]
    shown = call("GET", f"/leads/{lead_id}")
    assert shown["supressao"]
    assert shown["telefones"][0]["supressao"]
    call("DELETE", f"/leads/{lead_id}/supressao")


def use_replies(call: Caller, lead_id: str) -> None:
    """After `use_tenant`, which sets the secret of the webhook."""
    [url] = [each["url"] for each in call("GET", "/tenant/webhooks")["itens"] if each["canal"] == "email"]
    said = {"de": "nina@example.org", "texto": "cancelar", "id": "1", "quando": datetime.now(UTC).isoformat()}
    notice = json.dumps({"respostas": [said]}).encode()
    call.send("POST", "/webhooks/" + url.partition("/webhooks/")[2], notice, JSON, X_Webhook_Secret=SHARED)
    [reply] = call("GET", "/respostas?sem_lead=true&revisar=true")["itens"]
    call("GET", f"/respostas/{reply['resposta_id']}")
    call("POST", f"/respostas/{reply['resposta_id']}/atribuir", lead_id=lead_id)
    settled = call("POST", f"/respostas/{reply['resposta_id']}/resolver", decisao="descadastro")
    assert settled["atribuida_por"]
    assert settled["resolvida_por"]


def use_tenant(call: Caller, aws: Aws) -> None:
    call("PATCH", "/tenant/config", fuso="America/Manaus", limites={"email": {"por_dia": 10}})
    call("PUT", "/tenant/config", **{**call("GET", "/tenant/config"), "idioma": "en"})
    assert call("GET", "/tenant/config")["limites"]["email"]["por_dia"] == 10
    me = call("GET", "/eu")
    assert (me["tipo"], me["grupo"], me["fuso"], me["idioma"]) == ("pessoa", "admin", "America/Manaus", "en")
    put_secret(aws, "/alquimista/dev/disparo-agenda/webhook-email", {"segredo": SHARED})
    [url] = [each["url"] for each in call("GET", "/tenant/webhooks")["itens"] if each["canal"] == "email"]
    notice = json.dumps({"entregas": []}).encode()
    path = "/webhooks/" + url.partition("/webhooks/")[2]
    call.send("POST", path, notice, JSON, X_Webhook_Secret=SHARED)
    put_secret(aws, "/alquimista/dev/disparo-agenda/webhook-whatsapp", {"app_secret": "x", "verify_token": SHARED})
    [url] = [each["url"] for each in call("GET", "/tenant/webhooks")["itens"] if each["canal"] == "whatsapp"]
    path = "/webhooks/" + url.partition("/webhooks/")[2]
    assert call.read(f"{path}&hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={SHARED}") == "1158201444"


def use_privacy(call: Caller, lead_id: str) -> None:
    """Last: the lead is erased."""
    exported = call("GET", f"/leads/{lead_id}/exportar")
    [lead] = exported["leads"]
    assert all(lead[name] for name in ("telefones", "emails", "disparos"))
    assert call("GET", f"/leads/{lead_id}/exportar?formato=markdown")["texto"]
    found = call("POST", "/titulares/exportar?limit=1", documentos=[lead["documento"]])
    assert found["leads"][0]["lead_id"] == lead_id
    erased = call("POST", "/titulares/apagar", documentos=[lead["documento"]])
    assert (erased["leads"], erased["pendencias"][0]["codigo"]) == (1, "titular_em_arquivo_aberto")
    assert [each["tipo"] for each in call("GET", "/titulares/pedidos?limit=2")["itens"]] == ["apagamento", "exportacao"]


def use_audit(call: Caller) -> None:
    first = call("GET", "/auditoria?limit=2")
    rest = call("GET", f"/auditoria?limit=500&cursor={first['proximo']}")["itens"]
    assert first["itens"][0]["registro_id"] > first["itens"][1]["registro_id"] > rest[0]["registro_id"]
    [erased] = call("GET", "/auditoria?objeto=pedido_de_titular&rota=POST%20/titulares/apagar&limit=1")["itens"]
    assert erased["requisicao"]


def check_audit(api: ContractClient, owner: Database) -> None:
    """Every route that changes something has left entries, of its caller, and without personal data."""
    changing = {
        f"{method.upper()} {path}"
        for path, methods in api.contract.document["paths"].items()
        for method in methods
        if method != "get"
    }
    audited = dict(ask(owner, "SELECT rota, array_agg(DISTINCT quem) FROM auditoria WHERE rota IS NOT NULL GROUP BY 1"))
    assert changing - audited.keys() == UNAUDITED.keys()
    assert audited.pop("POST /convite/{token}") == ["lead"]
    [[person]] = ask(owner, "SELECT DISTINCT criada_por FROM chaves")
    assert [route for route, quem in audited.items() if quem != [person]] == []
    # `oi` and `cobra` are names of templates.
    kept = json.dumps(ask(owner, "SELECT to_jsonb(a) FROM auditoria a"))
    assert (
        re.findall("Maria|João|Ana|Bi?a|Beatriz|52998224725|529.982|99999|example|Salvador|Prefere|chefe", kept) == []
    )


def check_examples(recorder: Recorder) -> None:
    """The requests in the contract are those that have just succeeded; `EXAMPLES=write` keeps what was sent and got."""
    made = recorder.examples()
    if os.environ.get("EXAMPLES") == "write":
        write(made)
    kept = json.loads(PLACE.read_text(encoding="utf-8"))
    assert requests_in(kept) == requests_in(made), "if they should change: EXAMPLES=write pytest …/test_contract.py"


def json_operations(contract: Any) -> set[tuple[str, str, str]]:
    """Method, path and status of every success that is JSON, or that has no body."""
    return {
        (method, path, status)
        for path, methods in contract["paths"].items()
        for method, operation in methods.items()
        for status, success in operation["responses"].items()
        if status != "default" and JSON in success.get("content", {JSON: {}})
    }


def test_every_operation_answers_what_the_contract_describes(api: ContractClient, owner: Database, aws: Aws) -> None:
    call = Caller(api)
    call("GET", "/saude")
    call("GET", "/openapi.json")
    assert "SwaggerUIBundle({url:'openapi.json'" in call.read("/docs")
    use_jobs(call, owner)
    lead_id = use_leads(call)
    use_disparos(call, owner, lead_id)
    use_agendamentos(call, owner, lead_id)
    use_channels(call)
    use_segments(call)
    use_staff(call)
    use_campaigns(call, owner, lead_id)
    use_keys(call)
    use_people(call)
    use_subscriptions(call, owner)
    use_suppressions(call)
    use_person_suppression(call, lead_id)
    use_tenant(call, aws)
    use_replies(call, lead_id)
    waiting = "SELECT count(*) FROM disparos WHERE status = 'pendente'"
    assert ask(owner, waiting) == [[2]]
    use_privacy(call, lead_id)
    assert ask(owner, waiting) == [[0]]
    use_audit(call)
    check_audit(api, owner)
    assert json_operations(api.contract.document) - api.answered == set()
    check_examples(call.recorder)


def test_answer_with_a_field_that_is_not_in_the_contract_is_noticed(api: ContractClient) -> None:
    health = {"status": "ok", "banco": "ok"}
    assert api.contract.check("GET", "/saude", 200, JSON, health) == ("get", "/saude", "200")
    for status, media_type, body in (
        (200, JSON, {**health, "novo": 1}),
        (200, JSON, {"status": "ok"}),
        (200, "text/html", health),
        (201, JSON, health),
    ):
        with pytest.raises(AssertionError):
            api.contract.check("GET", "/saude", status, media_type, body)
    with pytest.raises(AssertionError):
        api.contract.check("DELETE", "/templates/oi", 204, None, health)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/leads/para-disparo?limit=1", "/leads/para-disparo"),
        ("/leads/019aa5b1-7a3f-7c11-8000-0123456789ab", "/leads/{lead_id}"),
        ("/disparos/reenviar", "/disparos/reenviar"),
    ],
)
def test_answer_is_checked_against_the_route_that_gave_it(api: ContractClient, url: str, path: str) -> None:
    assert api.contract.path_of(url) == path
