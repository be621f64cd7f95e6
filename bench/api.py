"""Asks the API over HTTP for every list, filter and page of a tenant with a million leads.

The tenant has what `bench.portfolio` makes, and a lead with 20,000 disparos; a second tenant has a twentieth of that.
The API runs in a process of its own, as the local stack runs it, with the login that row-level security binds. One
client with one connection that stays open asks all requests in turns, so that each meets the same moments of the
machine.

* `p50_ms`, `p99_ms`: what one request takes, from its first byte to the last one of its answer.
* `ratio_to_floor`: its p50, in those of `GET /saude`: that is a request with a token less and one statement.
* `deep_to_first`: the p50 of a page after nine tenths of the leads, in those of the first page.
* `copied_for_searches_s`: what the sweep takes to copy all leads for the searches (migration 070), behind the load.
* `over_50_ms`: whose p99 is above 50 ms.
* `refused`: what was answered 429 or 503 at times, because the database took too long for it.

The table is also written to `.local/bench/api.json`.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_plus, urlencode, urlsplit

import click

from bench.ground import TENANT, Ground, Result, publish, server
from bench.portfolio import CAMPAIGN, JOB, insert_portfolio
from bench.tenants import copy_for_searches
from chalicelib.adapters.database import connect
from chalicelib.config import Settings
from chalicelib.cursors import BoundList
from chalicelib.identity import ADMIN
from chalicelib.tokens import Signer
from local.aws import ACCESS_KEYS, ACCOUNT_ID, Aws, provision
from local.postgres import Postgres
from local.tokens import issue, jwks_url

OTHER = "vizinho"
_FLOOR = "GET /saude"
_FIRST = "GET /leads"
_DEEP = "GET /leads?cursor"
_MOST_MS = 50
_SIGNING_KEY = "bench"
_TOO_MUCH = frozenset({429, 503})
Times = Mapping[str, list[float]]
_OF_BUSY = 20_000
_WARM_UPS = 3
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONG = re.compile(r"=[^=&]{15,}(?=&|$)")
# What the portfolio has none of. A subscription that was told everything, an audit of a year, and counters of 400 days
# with something in each quarter of eleven hours.
_EXTRAS = (
    """
INSERT INTO disparos (tenant_id, disparo_id, lead_id, canal, contato_id, destino, template, template_versao, variaveis,
                      status, enviar_apos, provider_message_id, enviado_em, criado_em, atualizado_em)
SELECT :tenant, CAST(left(CAST(id_de(em) AS text), 20) || right(CAST(gen_random_uuid() AS text), 16) AS uuid),
       CAST(:busy AS uuid), 'whatsapp', CAST(:busy AS uuid), '+5571988887777', 'vencida', 1,
       '{"nome": "Maria"}', 'enviado', em, 'wamid.b' || n, em, em, em
  FROM (SELECT n, now() - n * interval '20 minutes' AS em FROM generate_series(1, CAST(:of_busy AS integer)) AS n) d""",
    """
INSERT INTO disparo_tentativas (tenant_id, disparo_id, passo, em, classe)
SELECT tenant_id, disparo_id, 1, enviado_em, 'enviado'
  FROM disparos WHERE tenant_id = :tenant AND lead_id = CAST(:busy AS uuid)""",
    """
INSERT INTO lead_notas (tenant_id, lead_id, criado_em, nota_id, texto, por)
SELECT :tenant, CAST(:busy AS uuid), now() - n * interval '1 hour', gen_random_uuid(), 'Ligar de novo.', 'bench'
  FROM generate_series(1, 1000) AS n""",
    """
INSERT INTO agendamentos (tenant_id, agendamento_id, lead_id, tipo, canal, data_agendada, duracao_minutos, ocupado_ate,
                          responsavel, status, criado_em, atualizado_em)
SELECT :tenant, lead_id, lead_id, 'callback', 'telefone', em, 30, em + interval '30 minutes',
       'Ana ' || linha_planilha % 7, CASE WHEN em > now() THEN 'pendente' ELSE 'realizado' END, now(), now()
  FROM (SELECT *, now() + (linha_planilha / 20 - CAST(:leads AS integer) / 25) * interval '30 minutes' AS em
          FROM leads WHERE tenant_id = :tenant AND linha_planilha % 20 = 11) l""",
    """
INSERT INTO auditoria (tenant_id, quem, rota, acao, objeto, objeto_id, mudancas)
SELECT :tenant, 'pessoa-' || n % 20, 'PATCH /leads/{lead_id}', 'mudanca', 'lead', CAST(n AS text),
       '[{"campo": "nome", "oculto": true}]'
  FROM generate_series(1, 200000) AS n""",
    """
INSERT INTO disparo_contagens (tenant_id, canal, status, motivo, quando, quantos, somado)
SELECT :tenant, canal, status, '', quarto_de_hora(now()) - dia * interval '1 day' - quarto * interval '15 minutes', 7,
       true
  FROM generate_series(0, 400) AS dia, generate_series(0, 43) AS quarto, unnest('{whatsapp,email}'::text[]) AS canal,
       unnest('{criado,enviado,confirmado,erro}'::text[]) AS status""",
    """
INSERT INTO assinaturas (tenant_id, assinatura_id, url, criado_em, criado_por, atualizado_em, atualizado_por)
VALUES (:tenant, CAST(:assinatura AS uuid), 'https://exemplo.com.br/eventos', now(), 'bench', now(), 'bench')""",
    """
INSERT INTO eventos (tenant_id, evento_id, tipo, detalhe, criado_em, publicado_em)
SELECT :tenant, novo_id(), 'disparo.sent', '{}', now(), now() FROM generate_series(1, 50000) AS n""",
    """
INSERT INTO assinatura_entregas (tenant_id, assinatura_id, evento_id, status, tentativas, http_status, tentada_em,
                                 criado_em)
SELECT tenant_id, CAST(:assinatura AS uuid), evento_id, 'entregue', 1, 204, now(), now()
  FROM eventos WHERE tenant_id = :tenant""",
)


class Asked(NamedTuple):
    """One kind of request. A body may hold `{n}`, which is another number each time."""

    method: str
    path: str
    body: str | None = None
    note: str = ""
    """What tells it from another one of the same form."""

    @property
    def name(self) -> str:
        """The request as the table shows it: with neither ids nor long values."""
        path = _UUID.sub("{id}", unquote_plus(self.path))
        query = _LONG.sub("=…", path)
        return " ".join(filter(None, (self.method, query, self.note)))


class Sample(NamedTuple):
    """A lead in the middle of the tenant's leads, and places far down its lists."""

    lead: Mapping[str, Any]
    busy: str
    deep_lead: str
    deep_disparo: str


def sampled(owner_url: str) -> Sample:
    """Make the lead with many disparos, and what else the portfolio has none of; choose what is asked for."""
    connection = connect(owner_url)
    columns = ("lead_id", "nome", "documento", "criado_em", "telefone", "email")
    of_tenant = f"tenant_id = '{TENANT}'"
    [[leads]] = connection.run(f"SELECT count(*) FROM leads WHERE {of_tenant}")
    [values] = connection.run(
        f"""SELECT {", ".join(columns)}
              FROM leads JOIN lead_telefones USING (tenant_id, lead_id) JOIN lead_emails USING (tenant_id, lead_id)
             WHERE {of_tenant} AND documento IS NOT NULL AND linha_planilha > {leads // 2} LIMIT 1"""
    )
    [[busy], [deep]] = connection.run(
        f"SELECT lead_id FROM leads WHERE {of_tenant} AND linha_planilha IN ({leads // 10}, {leads // 10 * 9 + 3})"
        " ORDER BY linha_planilha DESC"
    )
    [[disparo]] = connection.run(
        f"SELECT disparo_id FROM disparos WHERE {of_tenant} ORDER BY 1 OFFSET {leads * 3 // 100} LIMIT 1"
    )
    given = {"tenant": TENANT, "busy": str(busy), "of_busy": _OF_BUSY, "leads": leads, "assinatura": str(CAMPAIGN)}
    for sql in _EXTRAS:
        connection.run(sql, **{name: value for name, value in given.items() if f":{name}" in sql})
    connection.run("VACUUM (ANALYZE)")
    connection.close()
    return Sample(dict(zip(columns, values, strict=True)), str(busy), str(deep), str(disparo))


def asked(sample: Sample) -> Iterator[Asked]:
    """Yield every kind of request."""
    for path, choices in _lists(sample).items():
        for chosen in choices:
            yield Asked("GET", f"{path}?{urlencode(chosen)}" if chosen else path)
    lead = sample.lead["lead_id"]
    yield Asked("GET", f"/leads/{lead}")
    yield Asked("GET", f"/leads/{sample.busy}", note="of 20,000 disparos")
    yield Asked("GET", "/disparo/overview")
    yield Asked("GET", "/disparo/serie")
    yield Asked("GET", f"/disparo/serie?dia={datetime.now(UTC) - timedelta(days=30):%Y-%m-%d}")
    yield Asked("GET", f"/disparos/{sample.deep_disparo}")
    yield Asked("GET", f"/campanhas/{CAMPAIGN}")
    overdue = {"campo": {"nome": "vencimento", "op": "<", "valor": "hoje"}}
    for note, parts in {"everybody": [], "overdue": [overdue, {"uf": ["BA", "SP"]}]}.items():
        yield Asked("POST", "/segmentos/contar", json.dumps({"filtro": {"todos": parts}}), note)
    yield Asked("POST", "/leads", json.dumps({"nome": "Ana", "emails": ["novo{n}@example.com"]}))
    yield Asked("POST", f"/leads/{lead}/notas", json.dumps({"texto": "Nota {n}"}))
    yield Asked("PATCH", f"/leads/{lead}", json.dumps({"nome": "Ana {n}"}))


def _lists(sample: Sample) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """The queries of each list."""
    lead, campaign = sample.lead, f"/campanhas/{CAMPAIGN}"
    at = lead["criado_em"].isoformat()
    beginning = lead["nome"].split()[0]
    number = lead["nome"].split()[-1]
    return {
        "/leads": [
            {}, {"limit": 500}, {"offset": 10_000}, {"cursor": signed("GET /leads", sample.deep_lead)},
            {"q": lead["nome"]}, {"q": number}, {"q": beginning.lower()}, {"q": "Sant'Anna"}, {"criado_de": at},
            {"criado_ate": at}, {"origem_arquivo": "bench.xlsx"}, {"origem_arquivo": "carteira.xlsx"},
            {"origem_arquivo": "nenhum.xlsx"}, {"documento": lead["documento"]}, {"documento": lead["documento"][-6:]},
            {"email": lead["email"]}, {"telefone": lead["telefone"]}, {"telefone": lead["telefone"][-4:]},
            {"status": "novo"}, {"status": "sem_sucesso"}, {"status": "descartado"}, {"tag": "vip"}, {"tag": "nenhuma"},
            {"campo.cidade": "Salvador"}, {"campo.valor_min": "5000"},
        ],
        "/leads/para-disparo": [
            {}, {"offset": 1_000}, {"tipo_contato": "ambos"}, {"tipo_contato": "email"}, {"tipo_contato": "telefone"},
        ],
        "/campos": [{}],
        f"/leads/{sample.busy}/linha-do-tempo": [{}],
        f"/leads/{sample.busy}/notas": [{}],
        "/disparos": [
            {}, {"offset": 10_000}, {"cursor": signed("GET /disparos", sample.deep_disparo)}, {"status": "pendente"},
            {"status": "enviado"}, {"status": "erro"}, {"status": "incerto"}, {"canal": "whatsapp"},
            {"canal": "email"}, {"lead_id": sample.busy}, {"erro_codigo": "131026"}, {"espera": "campanha"},
            {"criado_ate": at}, {"enviado_ate": at}, {"template": "vencida"}, {"template": "nenhum"},
            {"etapa": 9}, {"campanha_id": CAMPAIGN}, {"job_id": JOB}, {"destino": "+5571988887777"},
        ],
        "/agendamentos": [
            {}, {"status": "pendente"}, {"responsavel": "ana 3"}, {"lead_id": lead["lead_id"]}, {"de": at},
        ],
        "/respostas": [
            {}, {"canal": "whatsapp"}, {"lead_id": lead["lead_id"]}, {"contato": lead["telefone"]},
            {"campanha_id": CAMPAIGN}, {"sem_lead": "true"}, {"revisar": "true"}, {"resolvida": "false"},
        ],
        "/supressoes": [{}, {"canal": "whatsapp"}, {"motivo": "resposta"}, {"contato": lead["telefone"]}],
        f"{campaign}/destinatarios": [{}, {"situacao": "lido"}, {"q": number}],
        f"{campaign}/respostas": [{}],
        "/ingest/leads/jobs": [{}],
        "/templates": [{}],
        "/templates/vencida/versoes": [{}],
        "/segmentos": [{}],
        "/campanhas": [{}],
        "/responsaveis": [{}],
        "/bloqueios": [{}],
        "/titulares/pedidos": [{}],
        "/assinaturas": [{}],
        f"/assinaturas/{CAMPAIGN}/entregas": [{}, {"status": "falhou"}],
        "/chaves": [{}],
        "/auditoria": [{}, {"quem": "pessoa-7"}, {"objeto": "lead"}, {"ate": at}],
    }  # fmt: skip


def signed(route: str, place: str) -> str:
    """The cursor of a list without filters, as the API would give it; following the list there would take an hour."""
    nothing = sha256(b"").hexdigest()
    bound = BoundList(lambda: Signer(lambda: [_SIGNING_KEY]), lambda: (TENANT, route, {}, {}, nothing))
    return bound.signed(json.dumps(place).encode())


@contextmanager
def api(postgres: Postgres) -> Iterator[tuple[str, str]]:
    """Run the API over the database of the benchmark; yields its URL and the token of an admin."""
    os.environ.update(ACCESS_KEYS)
    with tempfile.TemporaryDirectory() as state, server("local.aws", "--state", state) as aws_url:
        os.environ["AWS_ENDPOINT_URL"] = aws_url
        environment = {
            "DATABASE_URL": postgres.api_url("bench"), "DATABASE_OWNER_URL": postgres.owner_url("bench"),
            "ACCOUNT_ID": ACCOUNT_ID, "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        aws = Aws(aws_url)
        pool = provision(aws, Settings.from_environment(environment), {"assinatura": {"chave": _SIGNING_KEY}})
        token = issue(aws, pool.rsplit("/", 1)[-1], TENANT, [ADMIN])
        os.environ.update(
            environment, COGNITO_USER_POOL_ARN=pool, COGNITO_JWKS_URL=jwks_url(aws, pool)
        )  # the next process reads them
        aws.close()
        with server("local.api") as url:
            yield url, token


def times_of(url: str, token: str, requests: Sequence[Asked], rounds: int) -> tuple[Times, set[str]]:
    """Ask all requests in turns over one connection; the milliseconds of each, and the names of those refused."""
    where = urlsplit(url)
    connection = HTTPConnection(str(where.hostname), where.port, timeout=120)
    numbers = count()
    times: dict[str, list[float]] = {each.name: [] for each in requests}
    refused: set[str] = set()
    for turn in range(-_WARM_UPS, rounds):
        for each in requests:
            elapsed, is_refused = _ask(connection, token, each, next(numbers))
            refused |= {each.name} if is_refused else set()
            if turn >= 0:
                times[each.name].append(elapsed)
    connection.close()
    return times, refused


def _ask(connection: HTTPConnection, token: str, request: Asked, number: int) -> tuple[float, bool]:
    """The milliseconds of one request, and whether it was too much for the database; any other failure ends the run."""
    body = request.body and request.body.replace("{n}", str(number))
    headers = {"Authorization": token, "Content-Type": "application/json"}
    began = time.perf_counter()
    connection.request(request.method, request.path, body=body, headers=headers)
    response = connection.getresponse()
    answer = response.read()
    elapsed = (time.perf_counter() - began) * 1000
    if response.status >= 300 and response.status not in _TOO_MUCH:
        raise SystemExit(f"{request.name}: {response.status} {answer[:500].decode()}")
    return elapsed, response.status in _TOO_MUCH


def compared(times: Times) -> Result:
    """Compare every kind of request with the floor."""
    floor = statistics.median(times[_FLOOR])
    found = {
        name: {
            "p50_ms": round(statistics.median(each), 1),
            "p99_ms": round(statistics.quantiles(each, n=100, method="inclusive")[98], 1),
            "ratio_to_floor": round(statistics.median(each) / floor, 1),
        }
        for name, each in times.items()
    }
    deep = [found[name]["p50_ms"] / found[_FIRST]["p50_ms"] for name in found if name.startswith(_DEEP)]
    return {
        **found,
        "over_50_ms": [name for name, each in found.items() if each["p99_ms"] > _MOST_MS],
        "deep_to_first": round(max(deep), 2) if deep else None,
    }


def measured(leads: int, rounds: int, only: str) -> Result:
    """Make both tenants, and ask every request whose name contains `only`."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Postgres(Path(folder)) as postgres,
        Ground(postgres).database() as owner_url,
    ):
        insert_portfolio(owner_url, TENANT, leads)
        insert_portfolio(owner_url, OTHER, leads // 20)
        copy_s = copy_for_searches(owner_url)
        chosen = [each for each in asked(sampled(owner_url)) if only in each.name]
        compared_with = [Asked("GET", "/saude"), Asked("GET", "/leads")]
        with api(postgres) as (url, token):
            times, refused = times_of(url, token, list(dict.fromkeys([*compared_with, *chosen])), rounds)
    return {
        "leads": leads,
        "rounds": rounds,
        "copied_for_searches_s": round(copy_s, 1),
        **compared(times),
        "refused": sorted(refused),
    }


@click.command()
@click.option("--leads", default=1_000_000, show_default=True, help="of the large tenant")
@click.option("--rounds", default=100, show_default=True, help="of each request")
@click.option("--only", default="", help="Measure only what has this in its name.")
def main(leads: int, rounds: int, only: str) -> None:
    """Measure, print a table, write it as JSON."""
    publish("api", f"{leads:,} leads", measured(leads, rounds, only))


if __name__ == "__main__":
    main()
