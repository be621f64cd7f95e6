"""Who may do what: the least group of each route. This table decides, and nothing else does.

`leitor` reads. `operador` also uploads, sends and books. `admin` also configures, undoes, erases, lifts suppressions,
manages keys and people, and reads the audit. A `POST` that changes nothing is reading. A service checks only what
depends on a row, such as whose note it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chalicelib.errors import Forbidden
from chalicelib.identity import ADMIN, OPERATOR, READER, Group, Identity

_READER = """
    GET /eu
    GET /ingest/leads/jobs
    GET /ingest/leads/jobs/{job_id}
    GET /ingest/leads/jobs/{job_id}/erros
    GET /ingest/leads/jobs/{job_id}/previa
    GET /leads
    GET /leads.csv
    GET /campos
    GET /leads/para-disparo
    GET /leads/{lead_id}
    GET /leads/{lead_id}/linha-do-tempo
    GET /leads/{lead_id}/notas
    GET /disparos
    GET /disparos/{disparo_id}
    GET /disparo/overview
    GET /disparo/serie
    GET /canais
    GET /agendamentos
    GET /agendamentos/horarios
    GET /agendamentos/{agendamento_id}
    GET /agendamentos/{agendamento_id}/briefing
    GET /agendas
    GET /responsaveis
    GET /responsaveis/{responsavel_id}
    GET /bloqueios
    GET /templates
    GET /templates/{nome}
    GET /templates/{nome}/versoes
    GET /templates/{nome}/versoes/{versao}
    POST /templates/{nome}/previa
    GET /segmentos
    GET /segmentos/{segmento_id}
    POST /segmentos/contar
    GET /campanhas
    GET /campanhas/{campanha_id}
    GET /campanhas/{campanha_id}/destinatarios
    GET /campanhas/{campanha_id}/resultados.csv
    GET /campanhas/{campanha_id}/respostas
    GET /campanhas/{campanha_id}/variantes
    POST /campanhas/{campanha_id}/conferir
    GET /supressoes
    GET /respostas
    GET /respostas/{resposta_id}
    GET /pessoas
"""

_OPERATOR = """
    POST /ingest/leads/xlsx
    POST /ingest/leads/jobs/{job_id}/cancelar
    POST /ingest/leads/jobs/{job_id}/retomar
    POST /leads
    PATCH /leads/{lead_id}
    POST /leads/tags
    POST /leads/{lead_id}/notas
    DELETE /leads/{lead_id}/notas/{nota_id}
    POST /leads/{lead_id}/telefones
    DELETE /leads/{lead_id}/telefones/{telefone_id}
    POST /leads/{lead_id}/telefones/{telefone_id}/principal
    POST /leads/{lead_id}/emails
    DELETE /leads/{lead_id}/emails/{email_id}
    POST /leads/{lead_id}/emails/{email_id}/principal
    POST /leads/{lead_id}/disparos
    POST /disparos/lote
    POST /disparos/cancelar
    POST /disparos/{disparo_id}/cancelar
    POST /disparos/{disparo_id}/reenviar
    POST /disparos/reenviar
    POST /disparos/{disparo_id}/resolver
    POST /disparos/{disparo_id}/confirmar
    POST /canais/{canal}/pausar
    POST /canais/{canal}/retomar
    POST /leads/{lead_id}/agendamentos
    POST /agendamentos/{agendamento_id}/confirmar
    POST /agendamentos/{agendamento_id}/realizar
    POST /agendamentos/{agendamento_id}/cancelar
    POST /agendamentos/{agendamento_id}/reagendar
    POST /agendamentos/{agendamento_id}/nao-compareceu
    POST /agendamentos/{agendamento_id}/calendario/resolver
    POST /agendas
    DELETE /agendas/{agenda_id}
    POST /bloqueios
    DELETE /bloqueios/{bloqueio_id}
    PUT /templates/{nome}
    DELETE /templates/{nome}
    POST /segmentos
    PUT /segmentos/{segmento_id}
    DELETE /segmentos/{segmento_id}
    POST /campanhas
    PATCH /campanhas/{campanha_id}
    DELETE /campanhas/{campanha_id}
    POST /campanhas/{campanha_id}/testar
    POST /campanhas/{campanha_id}/agendar
    POST /campanhas/{campanha_id}/reagendar
    POST /campanhas/{campanha_id}/pausar
    POST /campanhas/pausar
    POST /campanhas/{campanha_id}/retomar
    POST /campanhas/{campanha_id}/cancelar
    POST /campanhas/{campanha_id}/de-novo
    POST /supressoes
    POST /leads/{lead_id}/supressao
    POST /respostas/{resposta_id}/atribuir
    POST /respostas/{resposta_id}/resolver
"""

_ADMIN = """
    POST /ingest/leads/jobs/{job_id}/desfazer
    POST /responsaveis
    PUT /responsaveis/{responsavel_id}
    DELETE /responsaveis/{responsavel_id}
    DELETE /supressoes/{supressao_id}
    DELETE /leads/{lead_id}/supressao
    GET /leads/{lead_id}/exportar
    POST /titulares/exportar
    POST /titulares/apagar
    GET /titulares/pedidos
    GET /tenant/webhooks
    GET /tenant/config
    PUT /tenant/config
    PATCH /tenant/config
    GET /assinaturas
    POST /assinaturas
    GET /assinaturas/{assinatura_id}
    PATCH /assinaturas/{assinatura_id}
    DELETE /assinaturas/{assinatura_id}
    POST /assinaturas/{assinatura_id}/trocar-segredo
    POST /assinaturas/{assinatura_id}/testar
    GET /assinaturas/{assinatura_id}/entregas
    POST /assinaturas/{assinatura_id}/entregas/{evento_id}/reenviar
    POST /assinaturas/{assinatura_id}/reenviar
    GET /chaves
    POST /chaves
    DELETE /chaves/{chave_id}
    GET /usuarios
    POST /usuarios
    GET /usuarios/{usuario_id}
    PATCH /usuarios/{usuario_id}
    GET /auditoria
"""

LEAST: Mapping[str, Group] = MappingProxyType(
    {
        route.strip(): group
        for group, routes in ((READER, _READER), (OPERATOR, _OPERATOR), (ADMIN, _ADMIN))
        for route in routes.strip().splitlines()
    }
)
"""The least group of each route that takes a token, by method and path, such as `GET /leads/{lead_id}`."""
FOR_PEOPLE_ALONE = frozenset({"POST /chaves", "POST /usuarios", "PATCH /usuarios/{usuario_id}"})
"""What no key may do: one that leaked could make keys and people that outlive it."""


def least(route: str) -> Group:
    """The least group that may use a route. One that the table has forgotten is for administrators."""
    return LEAST.get(route, ADMIN)


def check(identity: Identity, route: str) -> None:
    """Check that the caller may use a route, such as `GET /leads/{lead_id}`.

    Raises:
        Forbidden: `grupo_exigido`; `rota_fora_da_chave`, its key is for other routes; `so_para_pessoas`.
    """
    group = least(route)
    if not identity.includes(group):
        raise Forbidden("grupo_exigido", grupo=group)
    if identity.routes is not None and route not in identity.routes:
        raise Forbidden("rota_fora_da_chave")
    if identity.is_key and route in FOR_PEOPLE_ALONE:
        raise Forbidden("so_para_pessoas")
