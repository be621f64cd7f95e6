"""Turns a row of a sheet into a lead with its contacts, and reports what is refused. Pure.

A row is kept if it has a valid e-mail, phone or document; whatever is refused in it is reported cell by cell. A row
without any of these is refused as a whole. So is a row of help, examples, totals or titles (`leftovers`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress
from typing import NamedTuple, Self, TypeVar

from chalicelib.contacts.documents import read_document
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.nothing import is_no_key, is_no_name, says_nothing
from chalicelib.contacts.pieces import EDGES, EXCERPT, MAX_CONTACTS, RefusedPiece, refuse
from chalicelib.contacts.telephones import Phone, read_phones
from chalicelib.ingestion.layout.campo_values import CampoColumn
from chalicelib.ingestion.layout.derived import with_derived
from chalicelib.ingestion.layout.regions import region_of
from chalicelib.ingestion.reading.columns import RefusedCells, SheetRow
from chalicelib.ingestion.reading.header import Header, LeadField
from chalicelib.ingestion.rows.by_column import CellColumns, read_usual_rows
from chalicelib.ingestion.rows.campo_cells import CampoReader
from chalicelib.ingestion.rows.formulas import as_shown
from chalicelib.ingestion.rows.lead import LeadColumns, LeadData
from chalicelib.ingestion.rows.leftovers import NEAR, TOTAL_BEGINNINGS, is_total, leftover

MAX_ID = 255
"""Most characters of an `ID` cell: it is a key, and an index entry holds only about two thousand bytes."""
MAX_ERRORS = 50
"""Most refusals of a row that are reported one by one. Each is a line of the error report with the whole row, and fifty
are enough to see that a column is wrong. A row keeps as many contacts of each kind.
"""

Value = TypeVar("Value", str, Phone)
Reader = Callable[[str], tuple[list[Value], list[RefusedPiece]]]


class RowError(NamedTuple):
    """A refusal in a row: the title of its column, a stable code for `messages`, and the text that was refused.

    If a row has too many of them, the last one is `erros_demais`: its `column` is "" and its `value` says how many more
    there were.
    """

    column: str
    code: str
    value: str


class ReadRow(NamedTuple):
    """A row after reading: its number in the sheet, the ID of its lead, the data of the lead (None if the row is
    refused as a whole), its refusals, and its cells as they came.
    """

    number: int
    external_id: str
    data: LeadData | None
    errors: tuple[RowError, ...]
    cells: Sequence[str]


@dataclass(slots=True)
class ReadRows:
    """Consecutive rows after reading: how many they are (`count`) and the number of the last one.

    `numbers`, `external_ids`, `columns` and `cells` belong to the rows that were kept; `with_errors` are the rows in
    which something was refused. `texts` counts the cells of campos that do not read as their column does, by its place.
    """

    count: int
    last: int
    numbers: list[int]
    external_ids: list[str]
    columns: LeadColumns
    cells: list[Sequence[str]] = field(compare=False)
    with_errors: list[ReadRow]
    texts: Counter[int] = field(default_factory=Counter, compare=False)

    @classmethod
    def of(cls, rows: Sequence[ReadRow]) -> Self:
        """Collect rows that were read one by one; there must be at least one."""
        kept = [row for row in rows if row.data is not None]
        return cls(
            len(rows),
            rows[-1].number,
            [row.number for row in kept],
            [row.external_id for row in kept],
            LeadColumns.of([row.data for row in kept if row.data is not None]),
            [row.cells for row in kept],
            [row for row in rows if row.errors],
        )

    def without(self, refused: Set[int]) -> ReadRows:
        """Return the same rows without the data of some; `refused` holds places in `numbers`."""
        kept = [place not in refused for place in range(len(self.numbers))]
        numbers, external_ids = list(compress(self.numbers, kept)), list(compress(self.external_ids, kept))
        columns, cells = self.columns.kept(kept), list(compress(self.cells, kept))
        return replace(self, numbers=numbers, external_ids=external_ids, columns=columns, cells=cells)

    def shifted(self, by: int) -> ReadRows:
        """Return the same rows with other numbers: those of a second sheet follow those of the first."""
        return replace(
            self,
            last=self.last + by,
            numbers=[number + by for number in self.numbers],
            with_errors=[row._replace(number=row.number + by) for row in self.with_errors],
        )

    def extend(self, more: ReadRows) -> None:
        """Append the rows that follow."""
        self.count += more.count
        self.last = more.last
        self.numbers += more.numbers
        self.external_ids += more.external_ids
        self.columns.extend(more.columns)
        self.cells += more.cells
        self.with_errors += more.with_errors
        self.texts += more.texts


class _RowErrors:
    """Collects the refusals of one row: the first `MAX_ERRORS` of them, and how many more there are."""

    __slots__ = ("_first", "_more")

    def __init__(self) -> None:
        self._first: tuple[RowError, ...] = ()
        self._more = 0

    def add(self, column: str, refused: Sequence[RefusedPiece]) -> None:
        """Add what was refused in a column."""
        room = MAX_ERRORS - len(self._first)
        self._first += tuple(RowError(column, *each) for each in refused[:room])
        self._more += len(refused[room:])

    def reported(self) -> tuple[RowError, ...]:
        """Return the refusals; those beyond `MAX_ERRORS` are one `erros_demais`."""
        return (*self._first, RowError("", "erros_demais", str(self._more))) if self._more else self._first


class RowReader:
    """Reads the rows below one header.

    A row without an `ID` gets one from `file_id`, which stands for the content of the file, and its number.
    `landlines_valid` says that the tenant's messages reach landlines too. The rows whose numbers are in `skipped` when
    they are read are refused: they are hidden ones. `campos` are the columns that are kept beyond ours.
    """

    def __init__(
        self,
        header: Header,
        file_id: str,
        *,
        landlines_valid: bool = False,
        skipped: Collection[int] = (),
        campos: Sequence[CampoColumn] = (),
    ) -> None:
        self._header = header
        self._file_id = file_id
        self._width, self._derived = len(header.titles), header.derived
        self._last_near = header.row + NEAR
        made = {place for each in header.derived for place in each.sources}
        fed = {place for places in header.fields.values() for place in places if place < self._width} | made
        self._fed = sorted({0} | fed)
        fields = header.fields
        self._id = fields.get(LeadField.ID, ())
        self._name = fields.get(LeadField.NOME, ())
        self._contact_name = fields.get(LeadField.CONTATO, ())
        self._documents = fields.get(LeadField.DOCUMENTO, ())
        self._emails = fields.get(LeadField.EMAIL, ())
        self._phones = fields.get(LeadField.TELEFONE, ())
        self._landlines_valid = landlines_valid
        self._skipped = skipped
        self._campos = CampoReader(campos) if campos else None
        self._region = region_of(header.titles)

    def read_all(self, rows: Sequence[SheetRow]) -> ReadRows:
        """Read one or more rows as `read` does. Rows of the usual kind, nearly all, take half of the time."""
        numbers, given_cells = (list(column) for column in zip(*rows, strict=True))
        cells = given_cells
        if self._derived:
            cells = [with_derived(each, self._width, self._derived) for each in cells]
        by_place = CellColumns(cells)
        external_ids, columns, unusual = read_usual_rows(
            by_place, self._header.fields, landlines_valid=self._landlines_valid
        )
        if RefusedCells in set(map(type, given_cells)):
            unusual.update([place for place, each in enumerate(given_cells) if isinstance(each, RefusedCells)])
        unusual.update([place for place, given in enumerate(external_ids) if given and len(given) > MAX_ID])
        unusual.update(self._near(rows))
        texts: Counter[int] = Counter()
        if self._campos:
            found = self._campos.read_all(by_place)
            columns, texts = columns._replace(campos=found.written), found.texts
            unusual.update(found.unusual)
        if self._skipped:
            unusual.update([place for place, number in enumerate(numbers) if number in self._skipped])
        unusual.update(_totals(columns.nomes))
        if self._name[:1] != (0,):
            unusual.update(_totals(by_place[0]))
        result = ReadRows(
            len(rows),
            numbers[-1],
            numbers,
            [given or f"{self._file_id}:{number}" for given, number in zip(external_ids, numbers, strict=True)],
            columns,
            given_cells,
            [],
            texts,
        )
        refused = set()
        for place in sorted(unusual):
            row = self.read(*rows[place])
            if row.errors:
                result.with_errors.append(row)
            if row.data is None:
                refused.add(place)
            else:
                columns.put(place, row.data)
        return result.without(refused) if refused else result

    def read(self, number: int, cells: Sequence[str]) -> ReadRow:
        """Read one row; missing cells count as blank."""
        if isinstance(cells, RefusedCells):
            refused = RowError("", cells.code, "")
            return ReadRow(number, self._default_id(number), None, (refused,), self._padded(cells))
        cells = self._padded(cells)
        if number in self._skipped:
            return ReadRow(number, self._default_id(number), None, (RowError("", "linha_oculta", ""),), cells)
        data, external_id, errors = self._read(number, cells)
        fed = [cells[place] for place in self._fed]
        near = number <= self._last_near
        if code := leftover(fed, [self._header.titles[place] for place in self._fed], data, near=near):
            data, errors = None, (RowError("", code, ""),)
        return ReadRow(number, external_id, data, errors, cells)

    def _read(self, number: int, cells: Sequence[str]) -> tuple[LeadData | None, str, tuple[RowError, ...]]:
        """Return what a row says, the ID of its lead, and its refusals."""
        if self._derived:
            cells = with_derived(cells, self._width, self._derived)
        errors = _RowErrors()
        external_id = _first_filled(cells, self._id, is_no_key)
        if external_id is not None and len(external_id) > MAX_ID:
            errors.add(self._title(self._id[0]), [refuse("id_longo", external_id)])
            return None, self._default_id(number), errors.reported()
        external_id = external_id or self._default_id(number)
        document = self._read_document(cells, errors)
        addresses = self._read_contacts(cells, self._emails, read_emails, errors)
        phones = self._read_contacts(cells, self._phones, partial(self._read_phones, cells), errors)
        if not (document or addresses or phones):
            refused = errors.reported() or (RowError("", "linha_sem_contato", ""),)
            return None, external_id, refused
        campos = self._read_campos(cells, errors)
        data = LeadData(
            _first_filled(cells, self._name, is_no_name),
            _first_filled(cells, self._contact_name, is_no_name),
            document,
            _raw(cells, self._phones),
            _raw(cells, self._emails),
            phones,
            addresses,
            campos,
        )
        return data, external_id, errors.reported()

    def _read_campos(self, cells: Sequence[str], errors: _RowErrors) -> str | None:
        if self._campos is None:
            return None
        campos, refused = self._campos.read(cells)
        for place, piece in refused:
            errors.add(self._title(place), [piece])
        return campos

    def _padded(self, cells: Sequence[str]) -> Sequence[str]:
        return cells if len(cells) >= self._width else [*cells, *[""] * (self._width - len(cells))]

    def _near(self, rows: Sequence[SheetRow]) -> Iterable[int]:
        """The places of the rows right below the header."""
        if rows[0][0] > self._last_near:
            return ()
        return [place for place, (number, _) in enumerate(rows[:NEAR]) if number <= self._last_near]

    def _default_id(self, number: int) -> str:
        return f"{self._file_id}:{number}"

    def _title(self, position: int) -> str:
        """Return the title of a column, cut short because each refusal repeats it."""
        return self._header.title(position)[:EXCERPT]

    def _read_document(self, cells: Sequence[str], errors: _RowErrors) -> str | None:
        """Return the first valid document; a sheet may have one column for CPFs and one for CNPJs."""
        for position in self._documents:
            document, refused = read_document(as_shown(cells[position]))
            if document:
                return document
            if refused:
                errors.add(self._title(position), [refused])
        return None

    def _read_phones(self, cells: Sequence[str], cell: str) -> tuple[list[Phone], list[RefusedPiece]]:
        """Read the phones of a cell. One that lacks its DDD gets that of the row's city and state.

        It gets none beside a number with another DDD: the person may have moved, or it may be somebody else's.
        """
        phones, refused = read_phones(cell, landlines_valid=self._landlines_valid)
        if self._region and any(each.code == "telefone_sem_ddd" for each in refused):
            ddd = self._region.ddd(cells)
            if ddd and all(phone.telefone.startswith(f"+55{ddd}") for phone in phones):
                return read_phones(cell, landlines_valid=self._landlines_valid, ddd=ddd)
        return phones, refused

    def _read_contacts(
        self, cells: Sequence[str], positions: Iterable[int], read: Reader[Value], errors: _RowErrors
    ) -> tuple[Value, ...]:
        """Return the contacts of all columns of a kind in sheet order, without repeats."""
        found: tuple[Value, ...] = ()
        for position in positions:
            if cell := cells[position]:
                values, refused = read(as_shown(cell))
                found = _all_contacts(found, values, refused) if found else tuple(values)
                if refused:
                    errors.add(self._title(position), refused)
        return found


def _totals(texts: Iterable[str | None]) -> list[int]:
    """Return the places of the names of rows of totals."""
    return [place for place, text in enumerate(texts) if text and text[:2] in TOTAL_BEGINNINGS and is_total(text)]


def _all_contacts(found: tuple[Value, ...], values: Iterable[Value], refused: list[RefusedPiece]) -> tuple[Value, ...]:
    """Return the contacts found so far with those of the next column, without repeats; adds to `refused` those beyond
    `MAX_CONTACTS`.
    """
    together = dict.fromkeys(found)
    for value in values:
        if value not in together and len(together) == MAX_CONTACTS:
            refused.append(refuse("contatos_demais", value if isinstance(value, str) else value.telefone))
        else:
            together[value] = None
    return tuple(together)


def _first_filled(cells: Sequence[str], positions: Iterable[int], is_nothing: Callable[[str], bool]) -> str | None:
    """Return the first cell that is not blank, without blanks and invisible characters at its edges."""
    for position in positions:
        if cells[position] and (text := as_shown(cells[position].strip(EDGES))) and not is_nothing(text):
            return text
    return None


def _raw(cells: Sequence[str], positions: Iterable[int]) -> str | None:
    """Return the cells as they came, joined where there are several columns; one that says nothing is blank."""
    texts = [as_shown(cells[position]) for position in positions if cells[position]]
    return " | ".join([text for text in texts if text and not says_nothing(text.strip(EDGES))]) or None
