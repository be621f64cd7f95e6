"""Test sends: the messages of a campaign, with the words for a lead of its audience, to contacts of the team.

A test is a disparo with `teste_de`. It is no message to the lead: it moves nothing, counts nowhere, and is on no
timeline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.campaigns.planning.audience import Audience, audience_of
from chalicelib.campaigns.requests.drafts import lock_campaign
from chalicelib.campaigns.requests.models import TrialContact, TrialSend
from chalicelib.campaigns.requests.preflight import sampling
from chalicelib.campaigns.rules.script import ScriptMessage
from chalicelib.contacts.canonical import canonical
from chalicelib.dispatch.rules.demands import as_json, frozen, lead_values
from chalicelib.dispatch.rules.rendering import render_message
from chalicelib.errors import Conflict, FieldError, Invalid
from chalicelib.idempotency import IdempotencyKey, once
from chalicelib.ids import new_id
from chalicelib.searches import take_seat

WakeDisparo = Callable[[str, UUID, datetime], None]


class _Trial(NamedTuple):
    """A message to a contact of the team."""

    message: ScriptMessage
    destination: str


class TrialSends:
    """`database` is the API's login, `wake` has a disparo sent at a time."""

    def __init__(self, *, database: Database, wake: WakeDisparo, clock: Clock, max_tentativas: int) -> None:
        self._database = database
        self._wake = wake
        self._clock = clock
        self._max_tentativas = max_tentativas

    def send(
        self, tenant_id: str, campanha_id: UUID, request: TrialSend, key: IdempotencyKey | None = None
    ) -> dict[str, Any]:
        """Send the messages of one step and variant, with the values of a lead; the first of the audience by default.

        Raises:
            NotFound: the tenant has no such campaign.
            Conflict: `campanha_sem_publico`, no lead of the audience gets anything.
            Invalid: the step, the variant or the lead is unknown, a contact is none, has no message, or values are
                missing.
        """
        now = self._clock()

        def work(rows: Rows) -> dict[str, list[Row]]:
            campaign = lock_campaign(rows, campanha_id)
            audience = audience_of(rows, campaign, now)
            trials = list(_trials(audience, request))
            lead = _lead(rows, audience, request)
            return {"itens": [self._insert(rows, campanha_id, each, lead, now) for each in trials]}

        made = self._database.run(tenant_id, once(key, now, work))
        for each in made["itens"]:
            self._wake(tenant_id, each["disparo_id"], now)
        return made

    def _insert(self, rows: Rows, campanha_id: UUID, trial: _Trial, lead: Row, now: datetime) -> Row:
        message = trial.message
        values = frozen(message.words, lead_values(lead), message.line.constants)
        render_message(message.words, values)
        made = {
            "disparo_id": new_id(now),
            "lead_id": lead["lead_id"],
            "canal": message.line.canal.value,
            "destino": trial.destination,
            "template": message.line.template,
        }
        rows.run(
            "insert_trial_disparo",
            **made,
            versao=message.version,
            variaveis=as_json(values),
            max_tentativas=self._max_tentativas,
            campanha_id=campanha_id,
            agora=now,
        )
        return made


def _trials(audience: Audience, request: TrialSend) -> Iterator[_Trial]:
    of_step = [each for each in audience.script if each.line.etapa == request.etapa]
    if not of_step:
        raise _invalid("etapa_desconhecida", "/etapa", str(request.etapa))
    variant = request.variante or of_step[0].line.variante
    script = [each for each in of_step if each.line.variante == variant]
    if not script:
        raise _invalid("variante_desconhecida", "/variante", variant)
    for position, contact in enumerate(request.contatos):
        yield _trial(script, contact, position)


def _trial(script: Sequence[ScriptMessage], contact: TrialContact, position: int) -> _Trial:
    message = next((each for each in script if each.line.canal is contact.canal), None)
    if message is None:
        raise _invalid("canal_sem_mensagem", f"/contatos/{position}/canal", contact.canal.value)
    destination = canonical(contact.canal, contact.contato)
    if destination is None:
        raise _invalid("contato_de_teste_invalido", f"/contatos/{position}/contato", contact.canal.value)
    return _Trial(message, destination)


def _lead(rows: Rows, audience: Audience, request: TrialSend) -> Row:
    """Whose values a test shows."""
    lead_id = request.lead_id
    if lead_id is None:
        take_seat(rows)
        found = rows.one("sample_recipients", **sampling(audience), quantos=1)
        if found is None:
            raise Conflict("campanha_sem_publico")
        lead_id = found["lead_id"]
    row = rows.one("values_of_lead", lead_id=lead_id)
    if row is None:
        raise _invalid("lead_desconhecido", "/lead_id", str(lead_id))
    return row


def _invalid(code: str, pointer: str, detail: str) -> Invalid:
    return Invalid(code, (FieldError(pointer, code, detail),))
