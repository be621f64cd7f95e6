"""Rows that were read, prepared for PostgreSQL: each has its id and its lines for COPY. Pure.

This runs in the thread that reads the next batch, while the database takes the batch before it. What a batch has in
common with the database is known only later, so each lead keeps its own lines.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, compress, pairwise, repeat
from operator import attrgetter
from typing import NamedTuple, TypeGuard

from chalicelib.contacts.telephones import Phone
from chalicelib.ids import hex_ids, id_range
from chalicelib.ingestion.options import ALL_KEYS, DedupKey
from chalicelib.ingestion.reading.columns import sheet_and_row
from chalicelib.ingestion.reading.limits import MAX_ROWS
from chalicelib.ingestion.rows.lead import LeadColumns, LeadData, principal
from chalicelib.ingestion.rows.one_by_one import ReadRow, ReadRows, RowError

LEAD_COLUMNS = (
    "lead_id", "lead_id_externo", "nome", "contato", "documento", "telefone_raw", "email_raw", "linha_planilha",
)  # fmt: skip
PHONE_COLUMNS = ("lead_id", "telefone", "ordem", "principal", "tipo_origem", "valido_para_disparo")
EMAIL_COLUMNS = ("lead_id", "email", "ordem", "principal")
ERROR_COLUMNS = ("linha", "ordem", "alcance", "lead_id_externo", "coluna", "codigo", "valor", "celulas")

# Characters with a meaning in COPY's text format (PostgreSQL, COPY, "File Formats"). The backslash comes first. A
# `text` of PostgreSQL cannot hold NUL at all.
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\x00", "\ufffd"))
_SPECIAL = tuple(character for character, _ in _ESCAPES)
_BETWEEN = "\x1f"  # hardly any text has it
_NULL = "\\N"
# Candidates whose lines are encoded together and sent in one message, of some ten thousand bytes. If one of them is
# replaced, all of them are encoded again.
_TOGETHER = 512
_TELEFONE = attrgetter("telefone")


class Candidate(NamedTuple):
    """A row that may become a lead: the id that it would have, its data, and its lines for each table."""

    row_number: int
    lead_id: str
    external_id: str
    data: LeadData
    lead: str
    telefones: str
    emails: str


@dataclass(frozen=True, slots=True)
class CopyLines:
    """The lines of a batch's candidates for one table: a text per candidate, and all texts encoded in some messages."""

    texts: Sequence[str]
    encoded: Sequence[bytes]

    def replaced(self, replacements: Mapping[int, str]) -> list[bytes]:
        """All lines encoded, with other texts at some places."""
        messages = list(self.encoded)
        changed: defaultdict[int, list[int]] = defaultdict(list)
        for place, text in replacements.items():
            if text != self.texts[place]:
                changed[place // _TOGETHER].append(place)
        for part, places in changed.items():
            first = part * _TOGETHER
            texts = [*self.texts[first : first + _TOGETHER]]
            for place in places:
                texts[place - first] = replacements[place]
            messages[part] = encode_lines(texts)
        return messages


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates of a batch, as one list per field: of ten thousand, only a few are ever needed one by one.

    `tags` is the field of COPY with the tags of the upload; "" if it has none.
    """

    row_numbers: Sequence[int]
    lead_ids: Sequence[str]
    external_ids: Sequence[str]
    columns: LeadColumns
    leads: CopyLines
    telefones: CopyLines
    emails: CopyLines
    tags: str = ""

    @property
    def lead_columns(self) -> tuple[str, ...]:
        """The columns that the lines of leads have."""
        campos = ("campos",) if self.columns.campos else ()
        return (*LEAD_COLUMNS, *campos, *(("tags",) if self.tags else ()))

    def with_data(self, lead: Candidate, data: LeadData) -> Candidate:
        """One of these candidates with other data."""
        return candidate(lead.row_number, lead.lead_id, lead.external_id, data, self.tags)

    def __len__(self) -> int:
        return len(self.row_numbers)

    def __getitem__(self, place: int) -> Candidate:
        return Candidate(
            self.row_numbers[place],
            self.lead_ids[place],
            self.external_ids[place],
            self.columns.row(place),
            self.leads.texts[place],
            self.telefones.texts[place],
            self.emails.texts[place],
        )

    def places_of(self, keys: Set[str], contacts: Set[str]) -> list[int]:
        """The places of the candidates that have one of these IDs and documents, or one of these contacts, in order."""
        found: set[int] = set()
        for column in (self.external_ids, self.columns.documentos):
            found.update(compress(range(len(column)), map(keys.__contains__, column)))
        if contacts:
            telefones, emails = self.columns.telefones, self.columns.emails
            found.update(compress(_owners(telefones), map(contacts.__contains__, _numbers(telefones))))
            found.update(compress(_owners(emails), map(contacts.__contains__, chain.from_iterable(emails))))
        return sorted(found)


def _numbers(telefones: Sequence[Sequence[Phone]]) -> Iterator[str]:
    return map(_TELEFONE, chain.from_iterable(telefones))


def _owners(contacts: Sequence[Sequence[object]]) -> Iterator[int]:
    """The place of the candidate that each contact is of."""
    return chain.from_iterable(map(repeat, range(len(contacts)), map(len, contacts)))


def candidate(row_number: int, lead_id: str, external_id: str, data: LeadData, tags: str = "") -> Candidate:
    """One candidate with its lines."""
    return _candidates([row_number], [lead_id], [external_id], LeadColumns.of([data]), tags)[0]


def _candidates(
    row_numbers: Sequence[int],
    lead_ids: Sequence[str],
    external_ids: Sequence[str],
    columns: LeadColumns,
    tags: str = "",
) -> Candidates:
    """The candidates with their lines. Each field is written for all of them at a time."""
    # Rows are in order. Those of a second sheet are counted on, and are told by their number in it.
    rows: Sequence[int] = row_numbers
    if row_numbers and row_numbers[-1] > MAX_ROWS:
        rows = [sheet_and_row(number)[1] for number in row_numbers]
    written = [lead_ids, *map(fields, (external_ids, *columns[:5])), list(map(str, rows))]
    if columns.campos:
        written.append(fields(columns.campos))
    if tags:
        written.append([tags] * len(rows))
    written[-1] = [f"{last}\n" for last in written[-1]]
    leads = list(map("\t".join, zip(*written, strict=True)))
    return Candidates(
        row_numbers,
        lead_ids,
        external_ids,
        columns,
        _copy_lines(leads),
        _copy_lines(list(map(phone_lines, lead_ids, columns.telefones))),
        _copy_lines(list(map(email_lines, lead_ids, columns.emails))),
        tags,
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """`row_count` rows that follow each other; `last_row` is the spreadsheet row of the last one.

    The candidates have all ids from `first_id` to `last_id`. `external_ids` and `documents` are all their keys, each a
    sorted array: PostgreSQL searches an index fastest from left to right. `telefones` and `emails` are those of the
    candidates that only a contact can tell (`by_contact` has their places), each a JSON list. `repeated` are the IDs
    and documents that several candidates share, `repeated_contacts` the contacts. `cells` are those of the candidates;
    `errors` are the lines of `ingest_erros`, and `reported` says how many of them a candidate has, by its row number.
    """

    row_count: int
    last_row: int
    candidates: Candidates
    cells: Sequence[Sequence[str]]
    external_ids: str
    documents: str
    telefones: str
    emails: str
    by_contact: Sequence[int]
    repeated: frozenset[str]
    repeated_contacts: frozenset[str]
    errors: bytes
    reported: Mapping[int, int]
    first_id: str
    last_id: str


def prepared(read_rows: ReadRows, now: datetime, keys: Set[DedupKey] = ALL_KEYS, *, tags: Sequence[str] = ()) -> Batch:
    """The batch of these rows; its ids are in the order of the rows. `keys` may say that a row is a known lead.

    Its leads get the `tags`.
    """
    numbers = id_range(now, len(read_rows.numbers))
    lead_ids = hex_ids(numbers)
    columns = read_rows.columns
    external_ids = sorted(read_rows.external_ids)
    documents = sorted(filter(None, columns.documentos)) if DedupKey.DOCUMENTO in keys else []
    by_contact = _told_by_contact(columns, keys)
    telefones = {phone.telefone for place in by_contact for phone in columns.telefones[place]}
    emails = {email for place in by_contact for email in columns.emails[place]}
    return Batch(
        row_count=read_rows.count,
        last_row=read_rows.last,
        candidates=_candidates(read_rows.numbers, lead_ids, read_rows.external_ids, columns, _tags(tags)),
        cells=read_rows.cells,
        external_ids=array(external_ids),
        documents=array(documents),
        telefones=json.dumps(sorted(telefones)),
        emails=json.dumps(sorted(emails)),
        by_contact=by_contact,
        repeated=frozenset(chain(_repeated(external_ids), _repeated(documents))),
        repeated_contacts=_shared(columns, telefones | emails) if by_contact else frozenset(),
        errors=encode_lines(chain.from_iterable(map(_error_lines, read_rows.with_errors))),
        reported={row.number: len(row.errors) for row in read_rows.with_errors},
        first_id=f"{numbers.start:032x}",
        last_id=f"{numbers.stop - 1:032x}",
    )


def _tags(tags: Sequence[str]) -> str:
    return fields([array(tags)])[0] if tags else ""


def _told_by_contact(columns: LeadColumns, keys: Set[DedupKey]) -> list[int]:
    """The places of the rows that a contact may tell: those without a document, if documents count."""
    if DedupKey.CONTATO not in keys:
        return []
    if DedupKey.DOCUMENTO not in keys:
        return list(range(len(columns.documentos)))
    return [place for place, document in enumerate(columns.documentos) if not document]


def _shared(columns: LeadColumns, contacts: Set[str]) -> frozenset[str]:
    """Those of these contacts that several rows have. No row has a contact twice."""
    found = filter(contacts.__contains__, chain(_numbers(columns.telefones), chain.from_iterable(columns.emails)))
    return frozenset(_repeated(sorted(found)))


def _copy_lines(texts: Sequence[str]) -> CopyLines:
    return CopyLines(
        texts, [encode_lines(texts[first : first + _TOGETHER]) for first in range(0, len(texts), _TOGETHER)]
    )


def encode_lines(lines: Iterable[str]) -> bytes:
    """Lines as COPY takes them."""
    return "".join(lines).encode("utf-8", "replace")


def _repeated(keys: Sequence[str]) -> Iterator[str]:
    """The keys that a sorted list has more than once."""
    return (key for key, following in pairwise(keys) if key == following) if len({*keys}) < len(keys) else iter(())


def phone_lines(lead_id: str, phones: Sequence[Phone], *, existing: int = 0, main: str | None = None) -> str:
    """The lines of a lead's phones. The lead has `existing` others already; `main` is its principal phone, if known."""
    if not phones:
        return ""
    if len(phones) == 1 and not existing:
        [(phone, kind, fit)] = phones
        return "\t".join((lead_id, phone, "1\tt", kind, "t\n" if fit else "f\n"))
    main = main or principal(phones)
    parts: list[str] = []
    for position, (phone, kind, fit) in enumerate(phones, existing + 1):
        parts += lead_id, "\t", phone, "\t", str(position), "\tt\t" if phone == main else "\tf\t", kind
        parts.append("\tt\n" if fit else "\tf\n")
    return "".join(parts)


def email_lines(lead_id: str, emails: Sequence[str], *, existing: int = 0) -> str:
    """The lines of a lead's e-mails. The lead has `existing` others already. A valid address needs no escaping."""
    if len(emails) == 1 and not existing:
        return f"{lead_id}\t{emails[0]}\t1\tt\n"
    parts: list[str] = []
    for position, email in enumerate(emails, existing + 1):
        parts += lead_id, "\t", email, "\t", str(position), "\tt\n" if position == 1 else "\tf\n"
    return "".join(parts)


def fields(texts: Sequence[str | None]) -> list[str]:
    """Texts as fields of COPY's text format. One search covers all of them, because hardly any needs escaping."""
    filled: Sequence[str] = texts if _are_filled(texts) else [text or "" for text in texts]
    together = _BETWEEN.join(filled)
    if any(map(together.__contains__, _SPECIAL)):
        escaped = _escaped(together).split(_BETWEEN)
        # A text may have the separator.
        filled = escaped if len(escaped) == len(filled) else list(map(_escaped, filled))
    if _are_filled(texts):
        return list(filled)
    return [_NULL if text is None else shown for text, shown in zip(texts, filled, strict=True)]


def _are_filled(texts: Sequence[str | None]) -> TypeGuard[Sequence[str]]:
    return all(texts)


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text


def refusal_line(lead: Candidate, cells: Sequence[str], code: str, *, reported: int) -> str:
    """The line of a row that is refused as a whole after it was read; it has `reported` lines already."""
    return _error_line(
        lead.row_number, reported + 1, "linha", lead.external_id, RowError("", code, lead.external_id), cells
    )


def left_out_line(lead: Candidate, cells: Sequence[str], error: RowError, *, reported: int) -> str:
    """The line of a cell that the lead of its row could not take; the row has `reported` lines already."""
    return _error_line(lead.row_number, reported + 1, "celula", lead.external_id, error, cells)


def _error_lines(row: ReadRow) -> Iterator[str]:
    """The lines of a row's errors. Only the first one has the row's cells."""
    scope = "linha" if row.data is None else "celula"
    for position, error in enumerate(row.errors, 1):
        yield _error_line(row.number, position, scope, row.external_id, error, row.cells)


def _error_line(number: int, position: int, scope: str, external_id: str, error: RowError, cells: Sequence[str]) -> str:
    key, column, value = fields([external_id, error.column, error.value])
    [row] = fields([array(cells)]) if position == 1 else [_NULL]
    return f"{number}\t{position}\t{scope}\t{key}\t{column}\t{error.code}\t{value}\t{row}\n"


def array(cells: Sequence[str]) -> str:
    """An array literal of texts (PostgreSQL, "Array Input and Output Syntax")."""
    together = '","'.join(cells)
    if cells and "\\" not in together and together.count('"') == 2 * (len(cells) - 1):  # hardly any text needs escaping
        return f'{{"{together}"}}'
    quoted = (cell.replace("\\", "\\\\").replace('"', '\\"') for cell in cells)
    return "{" + ",".join(f'"{cell}"' for cell in quoted) + "}"
