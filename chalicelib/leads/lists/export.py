"""Exports leads as a CSV that a spreadsheet opens and that an upload reads again.

The columns are those that ingestion knows (`ID`, `Nome`, `Contato`, `Documento`, `Email`, `Telefone`), then the campos
under their titles. So a file that comes back with `modo=atualizar` finds each lead, and changes what somebody changed
in the file. Status and tags are left out: ingestion would take them for campos.

The file is UTF-8 with a byte order mark and `;`, as Excel wants it in Brazil, and cells that a spreadsheet would take
for formulas are defused. It goes to the bucket, whatever its size, because an answer has 6 MB at most. A file ends
after `EXPORTED` leads or `MOST_BYTES`, and the answer has the cursor of the next one: so each request ends in time,
with a page of leads in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.storage import Storage
from chalicelib.campos import NUMBERS, CampoType, campo_name
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.telephones import read_phones
from chalicelib.ids import new_id
from chalicelib.ingestion.rows.formulas import as_shown, defused
from chalicelib.leads.lists.lead_search import LeadSearch
from chalicelib.leads.requests import LeadExport
from chalicelib.pages import cursor_of
from chalicelib.searches import take_seat
from chalicelib.tables import BEGINNING, CONTENT_TYPE, as_csv

MOST_BYTES = 64 << 20
"""After which a file ends."""
MOST_ORIGINS = 100
"""Origins that the answer names."""
_PAGE = 1_000
_JOINED = " | "
_OURS = ("ID", "Nome", "Contato", "Documento", "Email", "Telefone")
_TRUTHS = {True: "VERDADEIRO", False: "FALSO"}
_MOMENTS = (
    (CampoType.DATA, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
    (CampoType.DATA_HORA, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")),
)


class Exports:
    """Exports the leads of a tenant; `database` is the API's login."""

    def __init__(self, *, database: Database, storage: Storage, clock: Clock, ttl_s: int) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._ttl_s = ttl_s

    def create(self, tenant_id: str, query: LeadExport) -> dict[str, Any]:
        """Write the leads of a query into a file, newest first; a URL at which it can be downloaded.

        Raises:
            Invalid: `cursor_invalido`, or a filter by a campo is wrong.
            TooManyRequests: `buscas_demais`.
        """
        now = self._clock()
        key = f"exportacoes/{tenant_id}/{new_id(now)}.csv"
        with TemporaryFile() as lines, TemporaryFile() as file:
            done = self._database.run(tenant_id, lambda rows: _written(rows, query, lines))
            # Which campos there are is known at the end. Rows that came before a campo are shorter than the header.
            file.write(BEGINNING + as_csv([done.titles]))
            lines.seek(0)
            copyfileobj(lines, file)
            file.seek(0)
            self._storage.put(key, file, content_type=CONTENT_TYPE)
        url = self._storage.presigned_get(key, filename=f"leads-{now:%Y-%m-%d}.csv", ttl_s=self._ttl_s)
        return {
            "url": url,
            "expira_em_s": self._ttl_s,
            "leads": done.leads,
            "origens": sorted(done.origins)[:MOST_ORIGINS],
            "proximo": None if done.place is None else cursor_of(done.place),
        }


class _Written(NamedTuple):
    """What stands in the lines of a file, and the last lead of it if there are more."""

    titles: Sequence[str]
    leads: int
    origins: set[str]
    place: UUID | None


def _written(rows: Rows, query: LeadExport, lines: IO[bytes]) -> _Written:
    """Write the lines of the leads of a query, page by page."""
    take_seat(rows)
    search = LeadSearch(rows, query)
    table = _Table(rows.all("titles_of_campos"))
    origins: set[str] = set()
    place, skipped, count = query.after(UUID), query.offset or 0, 0
    # A transaction that is run again begins anew.
    lines.seek(0)
    lines.truncate()
    while True:
        most = min(_PAGE, query.limit - count)
        found = [UUID(row["lead_id"]) for row in search.page(depois=place, limite=most + 1, pular=skipped)]
        leads = rows.all("leads_to_export", lead_ids=found[:most])
        lines.write(as_csv(map(table.line, leads)))
        origins.update(each["origem"] for each in leads)
        count += len(leads)
        is_last = len(found) <= most
        if is_last or count >= query.limit or lines.tell() >= MOST_BYTES:
            return _Written(table.titles, count, origins, None if is_last else found[most - 1])
        place, skipped = found[most - 1], 0


class _Table:
    """The columns of the file; one is added with the first lead that has its campo."""

    def __init__(self, campos: Iterable[Row]) -> None:
        self._types: dict[str, list[str]] = {}
        self._titles: dict[str, str] = {}
        for row in campos:
            self._types.setdefault(row["campo"], []).append(row["tipo"])
            self._titles.setdefault(row["campo"], row["titulo"])
        self._columns: dict[str, Sequence[str]] = {}

    @property
    def titles(self) -> list[str]:
        """The header. A campo has the title of its column where that means the same campo again."""
        titles = ((name, self._titles.get(name, name)) for name in self._columns)
        return [*_OURS, *(defused(title) if campo_name(title) == name else name for name, title in titles)]

    def line(self, lead: Row) -> list[str]:
        """The cells of a lead."""
        campos = lead["campos"]
        for name in sorted(campos.keys() - self._columns.keys()):
            self._columns[name] = self._types.get(name, ())
        phones = _contacts(lead["telefone_raw"], lead["telefones"], _phones_in)
        emails = _contacts(lead["email_raw"], lead["emails"], _emails_in)
        ours = (lead["lead_id_externo"], lead["nome"], lead["contato"], lead["documento"], emails, phones)
        theirs = (_shown(campos[name], types) if name in campos else "" for name, types in self._columns.items())
        return [defused(cell or "") for cell in (*ours, *theirs)]


def _contacts(raw: str | None, contacts: list[str], read: Callable[[str], set[str]]) -> str:
    """The cell of a kind of contacts: as it was written if that says just these contacts, so that nothing changes."""
    if raw and as_shown(defused(raw)) == raw and read(raw) == set(contacts):
        return raw
    return _JOINED.join(contacts)


def _phones_in(cell: str) -> set[str]:
    return {each.telefone for each in read_phones(cell)[0]}


def _emails_in(cell: str) -> set[str]:
    return set(read_emails(cell)[0])


def _shown(value: object, types: Sequence[str]) -> str:
    """The value of a campo as a person in Brazil writes it; ingestion reads it back (`layout/campo_values`)."""
    match value:
        case bool():
            return _TRUTHS[value]
        case int() | float():
            return _number(Decimal(str(value)), next((each for each in types if each in NUMBERS), CampoType.NUMERO))
        case _:
            return _moment(str(value), types)


def _number(value: Decimal, kind: str) -> str:
    if kind == CampoType.PERCENTUAL:
        value = value.scaleb(2)
    whole, _, part = f"{value:f}".partition(".")
    written = f"{whole},{part.rstrip('0')}".rstrip(",")
    match kind:
        case CampoType.MOEDA:
            return f"R$ {written}"
        case CampoType.PERCENTUAL:
            return f"{written}%"
        case _:
            return written


def _moment(text: str, types: Sequence[str]) -> str:
    """A date as `05/12/2026`, with its time if it has one; any other text as it is."""
    if any(kind in types and form.fullmatch(text) for kind, form in _MOMENTS):
        day, _, at = text.partition("T")
        return f"{day[8:]}/{day[5:7]}/{day[:4]} {at}".rstrip()
    return text
