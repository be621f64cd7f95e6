"""Opens an uploaded file: recognises its format, chooses its sheet, finds its header and yields its rows.

A sheet called Leads is chosen if it has a header. Else it is the sheet with the best header by what stands below it;
of sheets with the same header, the first. The others are named (`LeadsTable.sheets`).

The format is recognised by the content of a file, never by its name. A file is refused before its first row is yielded,
as far as the problem can be known by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, Protocol

from chalicelib.campos import NUMBERS
from chalicelib.errors import InvalidFile
from chalicelib.ingestion.detection import formats
from chalicelib.ingestion.detection.text_form import form_of, is_binary
from chalicelib.ingestion.layout.campo_values import CampoColumn
from chalicelib.ingestion.layout.mapping import NO_MAPPINGS, Mappings
from chalicelib.ingestion.layout.words import plain_words
from chalicelib.ingestion.reading import csv_text, xlsx
from chalicelib.ingestion.reading.behind.cell_looks import CellLooks
from chalicelib.ingestion.reading.behind.hyperlinks import Hyperlinks, with_links
from chalicelib.ingestion.reading.columns import RowRun, SheetRow
from chalicelib.ingestion.reading.container import Container
from chalicelib.ingestion.reading.header import Header, HeaderFound, LeadField, find_header
from chalicelib.ingestion.reading.limits import (
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FILE,
    MAX_TEXT,
    MAX_TEXT_RATIO,
    SMALL_TEXT,
)

_SHEET = "leads"
_MOST_LOOKED_AT = 100  # sheets
ALL_SHEETS = "*"
"""The name by which an upload asks for all sheets with the same titles."""

# The weight at which a block of rows ends, in characters. A row of an ordinary sheet weighs about two hundred.
_MOST_WEIGHT = 1 << 20
_WEIGHT_OF_A_CELL = 16

_HEAD = 1024
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


class Table(Protocol):
    """A place where a header may be: a sheet, or a text file that is read with one delimiter."""

    @property
    def name(self) -> str | None: ...

    @property
    def looks(self) -> CellLooks | None: ...

    def runs(self, after: int = 0, width: int = MAX_COLUMNS, numbers: Set[int] = frozenset()) -> Iterator[RowRun]: ...

    def sample(self, after: int, width: int) -> Iterator[RowRun]: ...

    def size(self) -> int | None: ...


class Choice(NamedTuple):
    """What an upload says about the reading of its file. What it does not say is decided by the content.

    `sheet` is the sheet to read; `guess` says whether unknown columns are guessed, `mappings` what some columns are.
    `encoding` (a key of `ENCODINGS`) and `separator`, the character between the cells, are those of a text file.
    """

    sheet: str | None = None
    guess: bool = False
    encoding: str | None = None
    separator: str | None = None
    mappings: Mappings = NO_MAPPINGS


DEFAULT = Choice()


class SheetFate(NamedTuple):
    """A sheet: a code for `messages` if it is not read, and about how many rows are below its header."""

    name: str
    hidden: bool
    reason: str | None = None
    rows: int | None = None


class TextReading(NamedTuple):
    """How a text file is read: its encoding, the character between its cells, and how many lines it has.

    Blank lines and lines inside quotes count.
    """

    encoding: str
    separator: str
    physical_lines: int


class RowBlock(NamedTuple):
    """Rows that are read and validated together, and what they take in memory, in characters."""

    rows: list[SheetRow]
    weight: int


class _Weighed(NamedTuple):
    """Rows that follow each other, and what each of them takes in memory, in characters."""

    rows: RowRun
    weights: Sequence[int]

    def cut(self, most: int, room: int) -> tuple[_Weighed, _Weighed]:
        """Return the first rows, `most` of them or those up to the one that takes the last of `room`, and the rest."""
        if len(self.rows) > most or sum(self.weights) >= room:
            within = sum(total < room for total in accumulate(self.weights[:most]))
            most = min(most, within + 1)
        return _Weighed(self.rows[:most], self.weights[:most]), _Weighed(self.rows[most:], self.weights[most:])


@dataclass(frozen=True, slots=True)
class LeadsTable:
    """The leads of a file: the name of the sheet (None for a text file), its header, and an estimate of its rows.

    `sheets` are all sheets of the file. `hidden_rows` are the numbers of the hidden rows among those that were read, as
    long as nobody takes them out. `text` is how a text file is read; None for a workbook. `most_text` bounds the
    characters of its rows. `links` are those behind the cells of a sheet, if it has any. `hidden_columns` are places of
    columns that are read although the sheet hides them. `more` are the other tables to read, with the same titles, if
    the upload asks for all. `campos` are the columns that are kept, once their types are known.
    """

    sheet_name: str | None
    header: Header
    estimated_rows: int | None
    _table: Table
    sheets: tuple[SheetFate, ...] = ()
    hidden_rows: set[int] = field(default_factory=set)
    most_text: int = MAX_TEXT
    text: TextReading | None = None
    more: tuple[LeadsTable, ...] = ()
    links: Hyperlinks | None = None
    hidden_columns: frozenset[int] = frozenset()
    campos: tuple[CampoColumn, ...] = ()

    @property
    def looks(self) -> CellLooks | None:
        """What the cells of a sheet are; None for a text file."""
        return self._table.looks

    def sample(self) -> Iterator[SheetRow]:
        """Yield the rows below the header, to look at some."""
        return _rows(_filled(self._table.sample(self.header.row, len(self.header.titles)), self.most_text))

    def rows(self, after: int = 0) -> Iterator[SheetRow]:
        """Yield every row that is not blank below the header and below row `after`: its number and its cells as text.

        The first row of a sheet is 1. A row may be shorter than the header but is never longer: cells beside the table
        are not read.

        Raises:
            InvalidFile: the file has a problem that shows only at this row.
        """
        return _rows(self._filled(after))

    def blocks(self, after: int, most: int) -> Iterator[RowBlock]:
        """Yield the same rows in blocks of `most` rows, or of fewer where rows are heavy."""
        rows: list[SheetRow] = []
        weight = 0
        for run in self._filled(after):
            rest = run
            while rest.rows:
                part, rest = rest.cut(most - len(rows), _MOST_WEIGHT - weight)
                rows += part.rows
                weight += sum(part.weights)
                if len(rows) == most or weight >= _MOST_WEIGHT:
                    yield RowBlock(rows, weight)
                    rows, weight = [], 0
        if rows:
            yield RowBlock(rows, weight)

    def _filled(self, after: int) -> Iterator[_Weighed]:
        runs = self._table.runs(max(after, self.header.row), len(self.header.titles), self._numbers())
        if self.links:
            found, places = self.links, self.header.places
            emails, phones = places(LeadField.EMAIL), places(LeadField.TELEFONE)
            runs = (list(with_links(run, found, emails, phones)) for run in runs)
        return _filled(runs, self.most_text)

    def _numbers(self) -> frozenset[int]:
        """The columns whose texts are numbers too: only the reader of a sheet knows which cells are texts."""
        return frozenset(each.place for each in self.campos if each.reading.tipo in NUMBERS)


@contextmanager
def open_workbook(path: Path, choice: Choice = DEFAULT) -> Iterator[LeadsTable]:
    """Open a file and yield its table of leads; the file is closed on exit.

    Raises:
        InvalidFile: the file cannot be ingested.
    """
    with ExitStack() as stack:
        yield _open(path, stack, choice)


def _open(path: Path, stack: ExitStack, choice: Choice) -> LeadsTable:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if path.stat().st_size > MAX_FILE:
        raise InvalidFile("arquivo_grande_demais", maximo=MAX_FILE)
    if head.startswith(_ZIP):
        found = _best_sheet(xlsx.sheets(stack.enter_context(Container(path))), choice)
        return replace(found, most_text=min(MAX_TEXT, max(SMALL_TEXT, MAX_TEXT_RATIO * path.stat().st_size)))
    if formats.is_compound(head):
        name = formats.format_of_compound(path)
        raise InvalidFile("formato_nao_suportado", formato=name) if name else InvalidFile("arquivo_protegido")
    if name := formats.format_of_head(head):
        raise InvalidFile("formato_nao_suportado", formato=name)
    if is_binary(path):
        raise InvalidFile("formato_nao_suportado", formato=formats.UNKNOWN)
    return _with_best_delimiter(path, choice)


class _Surveyed(NamedTuple):
    """A table that was looked at: its best header, or the problem why it has none."""

    table: Table
    found: HeaderFound | None
    problem: InvalidFile | None = None

    @property
    def titles(self) -> list[str]:
        """The titles of the header, to be compared."""
        return [plain_words(title) for title in self.found.header.titles] if self.found else []

    @property
    def evidence(self) -> tuple[int, ...]:
        """How well the header fits what stands below it."""
        return self.found.evidence if self.found else (0,)

    @property
    def rows_below(self) -> int | None:
        """About how many rows are below the header."""
        size = self.table.size() if self.found else None
        return None if size is None or not self.found else max(0, size - self.found.header.row)

    @property
    def leads(self) -> LeadsTable | None:
        """The table with its header."""
        return LeadsTable(self.table.name, self.found.header, self.rows_below, self.table) if self.found else None


def _survey(table: Table, runs: Iterator[RowRun], choice: Choice) -> _Surveyed:
    """Look at the first rows of a table."""
    try:
        filled = _rows(_filled(runs))
        first = next(filled, None)
        if first is None:
            return _Surveyed(table, None, InvalidFile("arquivo_vazio"))
        if found := find_header(chain([first], filled), guess=choice.guess, mappings=choice.mappings):
            return _Surveyed(table, found)
    except InvalidFile as error:
        return _Surveyed(table, None, error)
    return _Surveyed(table, None, InvalidFile("cabecalho_ausente"))


def _best_sheet(sheets: Sequence[xlsx.Sheet], choice: Choice) -> LeadsTable:
    """Choose the sheet to read.

    Raises:
        InvalidFile: `aba_inexistente`, or no sheet has a header: `arquivo_vazio` if all are blank, else
            `titulos_desconhecidos`, `planilha_na_vertical` or `cabecalho_ausente`. A sheet that comes first, but cannot
            be read, refuses the file too.
    """
    asked = [] if choice.sheet in (None, ALL_SHEETS) else [_called(sheets, choice.sheet or "")]
    groups = _groups(sheets)
    ordered = list(dict.fromkeys(chain(asked, *groups)))
    surveyed = {each: _survey(each, each.glance(), choice) for each in ordered[:_MOST_LOOKED_AT]}
    read = _chosen([asked] if asked else groups, surveyed)
    if isinstance(read, InvalidFile):
        raise read
    chosen = {read: surveyed[read].leads}
    if choice.sheet == ALL_SHEETS:
        alike = [each for each in sheets if each in surveyed and surveyed[each].titles == surveyed[read].titles]
        chosen = {each: surveyed[each].leads for each in alike if each is read or not each.hidden}
    fates = tuple(_fate(each, surveyed.get(each), surveyed[read], is_read=each in chosen) for each in sheets)
    first, *more = (
        replace(
            leads,
            sheets=fates,
            hidden_rows=each.hidden_rows,
            links=each.links(),
            hidden_columns=each.hidden_columns(len(leads.header.titles)),
        )
        for each, leads in chosen.items()
        if leads
    )
    return replace(first, more=tuple(more))


def _chosen(
    groups: Iterable[Sequence[xlsx.Sheet]], surveyed: Mapping[xlsx.Sheet, _Surveyed]
) -> xlsx.Sheet | InvalidFile:
    """Return the best sheet of the first group that has one, or the problem why no sheet is read."""
    codes = set()
    for group in groups:
        best = _best([sheet for sheet in group if sheet in surveyed], surveyed)
        for sheet in group:
            if sheet is best:
                return best
            if (problem := surveyed[sheet].problem if sheet in surveyed else None) is None:
                continue
            if problem.code not in _NO_LEADS:
                return problem
            codes.add(problem.code)
    return InvalidFile(next((code for code in _NO_LEADS if code in codes), "arquivo_vazio"))


# The problems of a sheet that holds no leads, the one that says most first. Any other one is a problem of the file.
_NO_LEADS = {
    "titulos_desconhecidos": "aba_sem_titulos",
    "planilha_na_vertical": "aba_sem_titulos",
    "cabecalho_ausente": "aba_sem_titulos",
    "arquivo_vazio": "aba_vazia",
}


def _groups(sheets: Sequence[xlsx.Sheet]) -> list[list[xlsx.Sheet]]:
    """Return the visible sheet called Leads, the other visible ones, then the hidden ones in the same way."""
    shown = [sheet for sheet in sheets if not sheet.hidden]
    hidden = [sheet for sheet in sheets if sheet.hidden]
    return [
        [sheet for sheet in some if (plain_words(sheet.name) == _SHEET) is named]
        for some in (shown, hidden)
        for named in (True, False)
    ]


def _called(sheets: Sequence[xlsx.Sheet], name: str) -> xlsx.Sheet:
    """Return the sheet of that name: exactly, or else but for case, accents and punctuation.

    Raises:
        InvalidFile: `aba_inexistente`.
    """
    exact = [sheet for sheet in sheets if sheet.name == name]
    alike = [sheet for sheet in sheets if plain_words(sheet.name) == plain_words(name)]
    if not (found := exact or alike):
        raise InvalidFile("aba_inexistente", aba=name)
    return found[0]


def _best(sheets: Sequence[xlsx.Sheet], surveyed: Mapping[xlsx.Sheet, _Surveyed]) -> xlsx.Sheet | None:
    """Return the sheet with the best header; of those with the same titles, the first that has data."""
    best = max(
        (each for each in sheets if surveyed[each].found), key=lambda each: surveyed[each].evidence, default=None
    )
    if best is None or not any(surveyed[best].evidence):
        return best
    alike = (each for each in sheets if surveyed[each].titles == surveyed[best].titles)
    return next((each for each in alike if surveyed[each].evidence[0]), best)


def _fate(sheet: xlsx.Sheet, surveyed: _Surveyed | None, chosen: _Surveyed, *, is_read: bool) -> SheetFate:
    """What became of a sheet, when this one is chosen."""
    if surveyed is None:
        return SheetFate(sheet.name, sheet.hidden, "aba_nao_examinada")
    if surveyed.found is None:
        code = surveyed.problem.code if surveyed.problem else ""
        return SheetFate(sheet.name, sheet.hidden, _NO_LEADS.get(code, "aba_ilegivel"))
    reason = "aba_com_os_mesmos_titulos" if surveyed.titles == chosen.titles else "aba_com_outros_titulos"
    return SheetFate(sheet.name, sheet.hidden, None if is_read else reason, surveyed.rows_below)


def _with_best_delimiter(path: Path, choice: Choice) -> LeadsTable:
    """Read a text file with the delimiter that gives the most titles that are known for certain, then the best header.

    What the upload says is not overruled. What the file declares (`sep=;`) is, if another delimiter gives more titles.
    A wrong delimiter may make cells that are too large, so a refusal counts only if every delimiter is refused.

    Raises:
        InvalidFile: `arquivo_sem_abas`; the upload names a sheet.
    """
    if choice.sheet not in (None, ALL_SHEETS):
        raise InvalidFile("arquivo_sem_abas")
    form = form_of(path, choice.encoding)
    declared = csv_text.declared_delimiter(path, form)
    delimiters = [choice.separator] if choice.separator else filter(None, [declared, *csv_text.DELIMITERS])
    found: list[tuple[tuple[int, ...], LeadsTable]] = []
    refused: dict[str, InvalidFile] = {}
    for delimiter in dict.fromkeys(delimiters):
        table = csv_text.CsvTable(path, delimiter, form)
        surveyed = _survey(table, table.runs(), choice)
        if leads := surveyed.leads:
            read = replace(leads, text=TextReading(form.encoding, delimiter, form.lines))
            known = sum(fate.role is not None and fate.reason is None for fate in leads.header.fates)
            found.append(((known, delimiter == declared, *surveyed.evidence, len(leads.header.titles)), read))
        if surveyed.problem:
            if surveyed.problem.code == "linhas_demais":  # the number of lines is the same with every delimiter
                raise surveyed.problem
            refused[surveyed.problem.code] = surveyed.problem
    if not found:
        raise refused.get("arquivo_vazio") or refused.popitem()[1]
    return max(found, key=itemgetter(0))[1]


def _rows(filled: Iterator[_Weighed]) -> Iterator[SheetRow]:
    return (row for run in filled for row in run.rows)


def _filled(runs: Iterable[RowRun], most_text: int = MAX_TEXT) -> Iterator[_Weighed]:
    """Yield the rows that are not blank.

    Raises:
        InvalidFile: `celulas_demais`, `textos_demais` or `celula_grande_demais`, after the rows before it.
    """
    room, text_room = MAX_CELLS, most_text
    for run in runs:
        texts = ["".join(cells) for _, cells in run]
        widths, sizes = [len(cells) for _, cells in run], list(map(len, texts))
        left, text_left = room - sum(widths), text_room - sum(sizes)
        if left >= 0 <= text_left and max(sizes) <= MAX_CELL and all(texts) and not any(map(str.isspace, texts)):
            room, text_room = left, text_left
            yield _Weighed(run, [size + _WEIGHT_OF_A_CELL * width for size, width in zip(sizes, widths, strict=True)])
            continue
        for row, text in zip(run, texts, strict=True):
            number, cells = row
            room -= len(cells)
            if room < 0:
                raise InvalidFile("celulas_demais", maximo=MAX_CELLS)
            if text and not text.isspace():
                text_room -= len(text)
                if text_room < 0:
                    raise InvalidFile("textos_demais")
                if len(text) > MAX_CELL and max(map(len, cells)) > MAX_CELL:
                    raise InvalidFile("celula_grande_demais", linha=number)
                yield _Weighed([row], [len(text) + _WEIGHT_OF_A_CELL * len(cells)])
