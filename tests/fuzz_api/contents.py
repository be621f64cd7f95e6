"""A tenant with one of everything, made over the API as its users would make it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from chalicelib.canal import Canal
from chalicelib.scheduling.invitations.links import LeadLinks
from chalicelib.suppression.links import UnsubscribeLinks
from chalicelib.tokens import Signer
from local.aws import ADMIN_GROUP
from local.ingest import followed, upload
from local.rest import Rest
from local.stack import Stack
from local.webhook import ProviderWebhook

Ids = dict[str, list[str]]
"""The ids of what was made, by the name that they have in a path; `agenda.token` is a `token` below `/agenda` alone."""

_EACH = 6
"""How many of what a request may close: the first cancellation of a disparo is the last one, too."""


class TenantContents:
    """Fills one tenant. Every text that its people wrote begins with `mark`."""

    def __init__(self, stack: Stack, tenant: str, mark: str, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.tenant = tenant
        self.mark = mark
        self.token = stack.token(tenant, [ADMIN_GROUP])
        self.ids: Ids = {}

    def key(self, group: str) -> str:
        """Make an API key of a group, for all that the group may do."""
        with Rest(self._stack.url("api"), self.token) as rest:
            return self._created(rest, "/chaves", {"nome": f"{self.mark} {group}", "grupo": group})["chave"]

    def make(self) -> None:
        """Make everything; `ids` then has the ids of it."""
        self.ids = self._made()

    def _made(self) -> Ids:
        with Rest(self._stack.url("api"), self.token) as rest:
            jobs = [self._job(rest, dry_run=each) for each in (False, True)]
            leads = [each["lead_id"] for each in rest.ask("GET", "/leads")["itens"]]
            lead = rest.ask("GET", f"/leads/{leads[0]}")
            segmentos = [self._segmento(rest, number) for number in range(_EACH)]
            templates = self._templates(rest)
            disparos = [self._disparo(rest, each) for each in leads]
            agendamentos = [self._agendamento(rest, each, day) for day, each in enumerate(leads, 2)]
            supressoes = [self._supressao(rest, number) for number in range(_EACH)]
            webhooks = rest.ask("GET", "/tenant/webhooks")["itens"]
            for number in range(_EACH):
                webhook = ProviderWebhook(self._stack, self.tenant, Canal.WHATSAPP)
                webhook.reply(f"5511988880{number:03d}", f"{self.mark} pergunta", quoted=None, user_id=None)
            respostas = [each["resposta_id"] for each in rest.ask("GET", "/respostas")["itens"]]
            campanhas = [self._campanha(rest, segmentos[0], number) for number in range(2 * _EACH)]
            agendas = [self._agenda(rest, number) for number in range(_EACH)]
            notes = f"/leads/{leads[0]}/notas"
            of_our_own = {
                "nota_id": self._several(rest, notes, "nota_id", lambda _: {"texto": self.mark}),
                **self._staff(rest),
                **self._of_programs(rest),
            }
        signer = Signer(lambda: [self._secret("assinatura")["chave"]])
        unsubscribing = UnsubscribeLinks(public_url=None, signer=signer)
        inviting = LeadLinks(public_url=None, signer=signer)
        return {
            "job_id": jobs,
            "lead_id": leads,
            "telefone_id": [each["telefone_id"] for each in lead["telefones"]],
            "email_id": [each["email_id"] for each in lead["emails"]],
            "segmento_id": segmentos,
            "nome": templates,
            "versao": ["1"],
            "disparo_id": disparos,
            "agendamento_id": agendamentos,
            "supressao_id": supressoes,
            "resposta_id": respostas,
            "campanha_id": campanhas,
            "agenda_id": [each["agenda_id"] for each in agendas],
            "agenda.token": [each["url"].rpartition("/")[2].removesuffix(".ics") for each in agendas],
            "convite.token": [inviting.token(self.tenant, UUID(each), 0) for each in agendamentos],
            "descadastro.token": [unsubscribing.token(self.tenant, UUID(each)) for each in disparos],
            **of_our_own,
            "canal": [each.value for each in Canal],
            "chave": [each["url"].rpartition("chave=")[2] for each in webhooks if each["canal"] == Canal.EMAIL],
            "segredo": [self._secret("webhook-email")["segredo"]],
        }

    def _job(self, rest: Rest, *, dry_run: bool) -> str:
        path = self._folder / f"{self.mark} {dry_run}.csv"
        digits = sum(self.tenant.encode()) % 100
        people = [
            f"{self.mark} {n};{self.mark.lower()}.{n}@example.com;71 99{digits:02d}0-000{n};{n or 'mal'}"
            for n in range(_EACH)
        ]
        path.write_text("\n".join(["Nome;Email;Telefone;CPF", *people]), encoding="utf-8")
        job_id = str(upload(rest, path, validar_apenas=dry_run)["job_id"])
        for _ in followed(rest, job_id):
            pass
        return job_id

    def _templates(self, rest: Rest) -> list[str]:
        words = {"idioma": "pt_BR", "assunto": None, "texto": f"{self.mark} {{{{nome}}}}", "variaveis": ["nome"]}
        for name in ("oi", *(f"outro_{number}" for number in range(_EACH))):
            rest.ask("PUT", f"/templates/{name}", json={**words, "canal": "whatsapp"})
        rest.ask("PUT", "/templates/oi-email", json={**words, "canal": "email", "assunto": self.mark})
        return [each["nome"] for each in rest.ask("GET", "/templates")["itens"]]

    def _disparo(self, rest: Rest, lead_id: str) -> str:
        later = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        document = {"canal": "email", "template": "oi-email", "payload": {"variaveis": {"nome": self.mark}}}
        return self._created(rest, f"/leads/{lead_id}/disparos", {**document, "agendar_para": later})["disparo_id"]

    def _agendamento(self, rest: Rest, lead_id: str, days: int) -> str:
        at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        document = {"tipo": "reuniao", "canal": "video", "data_agendada": at, "responsavel": self.mark}
        return self._created(rest, f"/leads/{lead_id}/agendamentos", document)["agendamento_id"]

    def _supressao(self, rest: Rest, number: int) -> str:
        document = {"canal": "email", "contato": f"{self.mark}-{number}@example.net", "nota": f"{self.mark} {number}"}
        return self._created(rest, "/supressoes", document)["supressao_id"]

    def _segmento(self, rest: Rest, number: int) -> str:
        document = {"nome": f"{self.mark} {number}", "filtro": {"todos": []}}
        return self._created(rest, "/segmentos", document)["segmento_id"]

    def _campanha(self, rest: Rest, segmento_id: str, number: int) -> str:
        message = {"canal": "email", "template": "oi-email"}
        document = {
            "nome": f"{self.mark} {number}",
            "segmento_id": segmento_id,
            "etapas": [{"variantes": [{"mensagens": [message]}]}],
        }
        return self._created(rest, "/campanhas", document)["campanha_id"]

    def _agenda(self, rest: Rest, number: int) -> dict[str, str]:
        return self._created(rest, "/agendas", {"responsavel": f"{self.mark} {number}"})

    def _staff(self, rest: Rest) -> Ids:
        """Responsáveis, and bloqueios of the first one."""
        people = self._several(rest, "/responsaveis", "responsavel_id", lambda n: {"nome": f"{self.mark} {n}"})
        at = datetime.now(UTC) + timedelta(days=90)

        def bloqueio(number: int) -> dict[str, object]:
            start = at + timedelta(days=number)
            end = start + timedelta(hours=1)
            period = {"inicio": start.isoformat(), "fim": end.isoformat()}
            return {"responsavel_id": people[0], "motivo": self.mark, "periodo": period}

        return {
            "responsavel_id": people,
            "bloqueio_id": self._several(rest, "/bloqueios", "bloqueio_id", bloqueio),
        }

    def _of_programs(self, rest: Rest) -> Ids:
        """Keys, people, and subscriptions to what does not happen here: only a request has something delivered."""

        def key(number: int) -> dict[str, object]:
            return {"nome": f"{self.mark} {number}", "grupo": "leitor"}

        def person(number: int) -> dict[str, object]:
            return {"email": f"{self.mark}-{number}@example.net".lower(), "grupo": "leitor"}

        def subscription(number: int) -> dict[str, object]:
            # Nobody listens at this port.
            url = f"http://127.0.0.1:9/{number}"
            return {"url": url, "eventos": ["ingest.job_failed"], "descricao": self.mark}

        return {
            "usuario_id": self._several(rest, "/usuarios", "usuario_id", person),
            "chave_id": self._several(rest, "/chaves", "chave_id", key),
            "assinatura_id": self._several(rest, "/assinaturas", "assinatura_id", subscription),
        }

    def _several(self, rest: Rest, path: str, name: str, document: Callable[[int], dict[str, object]]) -> list[str]:
        return [self._created(rest, path, document(number))[name] for number in range(_EACH)]

    @staticmethod
    def _created(rest: Rest, path: str, document: Mapping[str, object]) -> dict[str, str]:
        answer: dict[str, str] = rest.ask("POST", path, json=document)
        return answer

    def _secret(self, name: str) -> dict[str, Any]:
        aws = self._stack.aws()
        try:
            found = aws.client("secretsmanager").get_secret_value(SecretId=self._stack.settings().secret(name))
            secret: dict[str, Any] = json.loads(found["SecretString"])
        finally:
            aws.close()
        return secret
