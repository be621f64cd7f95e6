"""Exports what became of each recipient of a campaign, as a CSV that is safe in Excel.

The lines are in the order of leads and steps, which never change: so each recipient stands in the file once, whatever
moves meanwhile. A file ends after `EXPORTED` lines or `MOST_BYTES`, and the answer has the cursor of the next one; a
page of recipients is in memory, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.storage import Storage
from chalicelib.campaigns.requests.shown import found_campaign
from chalicelib.campaigns.results.recipients import NOBODY, FoundRecipient, in_words, keys_of
from chalicelib.campaigns.results.requests import RecipientExport
from chalicelib.campaigns.results.sections import Section
from chalicelib.campaigns.states import CampaignStatus
from chalicelib.ids import new_id
from chalicelib.ingestion.rows.formulas import defused
from chalicelib.pages import cursor_of
from chalicelib.searches import take_seat
from chalicelib.tables import BEGINNING, CONTENT_TYPE, as_csv
from chalicelib.tenants.config import TenantConfig, config_of

COLUMNS = (
    "nome", "documento", "canal", "destino", "situacao", "motivo", "mensagem", "detalhe", "enviado_em", "entregue_em",
    "lido_em", "respondido_em", "resposta", "variante", "etapa", "lead_id", "disparo_id",
)  # fmt: skip
MOST_BYTES = 64 << 20
"""After which a file ends."""
_PAGE = 1_000


class _Written(NamedTuple):
    """How many lines a file has, and the last recipient of it if there are more."""

    lines: int
    place: tuple[UUID, int] | None


class CampaignExports:
    """Exports the results of a tenant's campaigns; `database` is the API's login."""

    def __init__(self, *, database: Database, storage: Storage, clock: Clock, ttl_s: int) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._ttl_s = ttl_s

    def create(self, tenant_id: str, campanha_id: UUID, query: RecipientExport) -> dict[str, Any]:
        """Write the recipients into a file; a URL at which it can be downloaded.

        Raises:
            NotFound: the tenant has no such campaign.
            Invalid: `cursor_invalido`.
            TooManyRequests: `buscas_demais`.
        """
        now = self._clock()
        key = f"exportacoes/{tenant_id}/{new_id(now)}.csv"
        with TemporaryFile() as file:
            done = self._database.run(tenant_id, lambda rows: _written(rows, campanha_id, query, file))
            file.seek(0)
            self._storage.put(key, file, content_type=CONTENT_TYPE)
        url = self._storage.presigned_get(key, filename=f"campanha-{now:%Y-%m-%d}.csv", ttl_s=self._ttl_s)
        return {
            "url": url,
            "expira_em_s": self._ttl_s,
            "destinatarios": done.lines,
            "proximo": None if done.place is None else cursor_of(done.place),
        }


def _written(rows: Rows, campanha_id: UUID, query: RecipientExport, file: IO[bytes]) -> _Written:
    """Write the lines of a campaign, page by page."""
    campaign = found_campaign(rows, campanha_id)
    place, count = query.after(tuple[UUID, int]) or (NOBODY, 0), 0
    take_seat(rows)
    config = config_of(rows)
    # A transaction that is run again begins anew.
    file.seek(0)
    file.truncate()
    file.write(BEGINNING + as_csv([COLUMNS]))
    while True:
        most = min(_PAGE, query.limit - count)
        found = _after(rows, campanha_id, place, most + 1)
        page = found[:most]
        file.write(as_csv(_lines(rows, campaign, page, config)))
        count += len(page)
        is_last = len(found) <= most
        if not is_last:
            place = page[-1].lead_id, page[-1].etapa
        if is_last or count >= query.limit or file.tell() >= MOST_BYTES:
            return _Written(count, None if is_last else place)


def _after(rows: Rows, campanha_id: UUID, place: tuple[UUID, int], limit: int) -> list[FoundRecipient]:
    params: Mapping[str, Any] = {"depois": place[0], "depois_etapa": place[1], "limite": limit}
    return [
        FoundRecipient(Section.EXCLUIDO, row["lead_id"], row["etapa"], row["disparo_id"])
        for row in rows.all("find_everyone_by_lead", campanha_id=campanha_id, **params)
    ]


def _lines(rows: Rows, campaign: Row, found: Sequence[FoundRecipient], config: TenantConfig) -> Iterator[list[str]]:
    """The lines of some recipients, in their order."""
    status = CampaignStatus(campaign["status"])
    known = {
        (row["lead_id"], row["etapa"]): row
        for row in rows.all("export_recipients", **keys_of(campaign, found), fuso=config.fuso)
    }
    for row in filter(None, (known.get((str(each.lead_id), each.etapa)) for each in found)):
        cells = {**row, **in_words(row, status, config)}
        yield [defused(_text(cells[name])) for name in COLUMNS]


def _text(value: object) -> str:
    return "" if value is None else str(value)
