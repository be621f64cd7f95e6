"""Finds the header row of a sheet, and which of our fields each of its columns feeds.

A row is a header when it has a column for a document, an e-mail or a phone, and no cell that looks like data. Titles
are read word by word (`layout.words`). Where a title is not certain, the cells below it decide. Of the first 20 rows
that are not blank, that header wins below which most of its fields are filled; of equal ones, the first. A header may
take two rows: groups of columns above, their titles below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise, zip_longest
from typing import NamedTuple

from chalicelib.campos import MOST_CAMPOS, campo_names
from chalicelib.errors import InvalidFile
from chalicelib.ingestion.layout.derived import Derived, full_name, only_email, only_phone, separated, with_ddd
from chalicelib.ingestion.layout.fates import CONTACTS, ColumnFate, fates_of
from chalicelib.ingestion.layout.looks import looks_of
from chalicelib.ingestion.layout.mapping import ADDED, NO_MAPPINGS, ORIGIN, Mappings, is_report
from chalicelib.ingestion.layout.words import RANK_OF_TWO, Role, is_data, plain_words, read_title
from chalicelib.ingestion.reading.columns import column_name
from chalicelib.ingestion.reading.limits import MAX_TITLES

ROWS_SEARCHED = 20
_SAMPLE = 60
"""Rows that are looked at below the rows that may be a header."""
_SAMPLE_WEIGHT = 4 << 20
"""Characters after which no more rows are looked at."""


class LeadField(StrEnum):
    """The fields that are read from a row."""

    ID = "id"
    NOME = "nome"
    CONTATO = "contato"
    DOCUMENTO = "documento"
    EMAIL = "email"
    TELEFONE = "telefone"


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet: its row (the first row is 1), its titles in sheet order, and the columns of each field.

    `fields` holds positions in `titles`, or behind them those of the columns that are made (`derived`). The columns of
    documents, e-mails and phones are in sheet order: contacts keep that order. The columns of the other fields are best
    first (`Nome` before `Nome Fantasia`): the first cell that is not blank counts. `fates` tells of every column.
    """

    row: int
    titles: tuple[str, ...]
    fields: Mapping[LeadField, tuple[int, ...]]
    derived: tuple[Derived, ...] = ()
    fates: tuple[ColumnFate, ...] = field(default=(), compare=False)

    def title(self, position: int) -> str:
        """The title of a column; of one that is made, that of the column it is made of."""
        made = position - len(self.titles)
        return self.derived[made].title if made >= 0 else self.titles[position]

    @property
    def campos(self) -> dict[int, str]:
        """The columns that are kept as campos: their places, and the names of the campos."""
        return {place: fate.campo for place, fate in enumerate(self.fates) if fate.campo}

    def places(self, each: LeadField) -> tuple[int, ...]:
        """The columns of the sheet that feed a field; of one that is made of others, the last of them."""
        width = len(self.titles)
        fed = self.fields.get(each, ())
        return tuple(place if place < width else self.derived[place - width].sources[-1] for place in fed)


class HeaderFound(NamedTuple):
    """A header, and how well the cells below fit it: more is better."""

    header: Header
    evidence: tuple[int, ...]


def find_header(
    rows: Iterable[tuple[int, Sequence[str]]], *, guess: bool = False, mappings: Mappings = NO_MAPPINGS
) -> HeaderFound | None:
    """Return the best header among the first `ROWS_SEARCHED` of these rows, which must not be blank.

    `guess` says that a column with an unknown title is read as what its cells are; `mappings` say what columns are.

    Raises:
        InvalidFile: `colunas_demais`; see `recognise`. `planilha_na_vertical`: the titles stand in the first column.
            `titulos_desconhecidos`: only columns with unknown titles seem to hold contacts.
    """
    sample = list(_sample(iter(rows)))
    found = _best(sample, guess=guess, mappings=mappings)
    if found is None and _is_vertical([cells for _, cells in sample]):
        raise InvalidFile("planilha_na_vertical")
    if found is None and not guess and (guessed := _best(sample, guess=True, mappings=mappings)):
        fates = enumerate(guessed.header.fates)
        columns = [fate.title or column_name(place) for place, fate in fates if fate.reason == "coluna_adivinhada"]
        raise InvalidFile("titulos_desconhecidos", colunas=", ".join(columns))
    return found


def recognise(row: int, cells: Sequence[str]) -> Header | None:
    """Return the row as a header if its titles alone say so, else None.

    Raises:
        InvalidFile: `colunas_demais`; the header has more than `MAX_TITLES` columns. Each of them would be in every
            line of the error report.
    """
    found = _recognised(row, cells, [], guess=False, mappings=NO_MAPPINGS)
    return found.header if found else None


def _sample(rows: Iterator[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the first rows. A problem behind those that may be a header is left to whoever reads the rows."""
    weight = 0
    for place in range(ROWS_SEARCHED + _SAMPLE):
        try:
            row = next(rows, None)
        except InvalidFile:
            if place < ROWS_SEARCHED:
                raise
            return
        if row is None or weight > _SAMPLE_WEIGHT:
            return
        yield row
        weight += sum(map(len, row[1])) + len(row[1])


def _best(sample: Sequence[tuple[int, Sequence[str]]], *, guess: bool, mappings: Mappings) -> HeaderFound | None:
    return max(_candidates(sample, guess, mappings), key=lambda each: each.evidence, default=None)


def _candidates(sample: Sequence[tuple[int, Sequence[str]]], guess: bool, mappings: Mappings) -> Iterator[HeaderFound]:
    """Yield all headers of one row, then all of two."""
    cells = [each for _, each in sample]
    numbered = [(number, titles) for number, titles in sample[:ROWS_SEARCHED]]
    pairs = [
        (next_number, _together(groups, titles) if next_number == number + 1 else [])
        for (number, groups), (next_number, titles) in pairwise(sample[: ROWS_SEARCHED + 1])
    ]
    for height, headers in ((1, numbered), (2, pairs)):
        for place, (number, titles) in enumerate(headers):
            if found := _recognised(number, titles, cells[place + height :], guess=guess, mappings=mappings):
                yield found


def _together(groups: Sequence[str], titles: Sequence[str]) -> list[str]:
    """Return the titles of a header of two rows; none if these rows are no such header.

    A group stands above its first column only: its cells are merged. A title that says by itself what its column is
    does not need its group, unless that is about something else.
    """
    if max(len(groups), len(titles)) > MAX_TITLES or not any(title.strip() for title in titles):
        return []
    if any(map(is_data, (*groups, *titles))):
        return []
    together, group = [], ""
    for above, below in zip_longest(map(str.strip, groups), map(str.strip, titles), fillvalue=""):
        group = above or group
        both = f"{group} - {below}"
        if not below or not group:
            together.append(above or below)
        elif read_title(below).role and not read_title(both).about_other:
            together.append(below)
        else:
            together.append(both)
    return together


def _is_vertical(sample: Sequence[Sequence[str]]) -> bool:
    """Whether the first column holds titles, and the second one what they name."""
    pairs = [(read_title(cells[0]).role, cells[1]) for cells in sample[:ROWS_SEARCHED] if len(cells) > 1]
    fits = any(role in CONTACTS and looks_of([cell]).are(role) for role, cell in pairs if role)
    return fits and sum(role is not None for role, _ in pairs) > 1


def _recognised(
    row: int, cells: Sequence[str], below: Sequence[Sequence[str]], *, guess: bool, mappings: Mappings
) -> HeaderFound | None:
    titles = [cell.strip() for cell in cells]
    while titles and not titles[-1]:
        titles.pop()
    if any(map(is_data, titles)):
        return None
    targets = mappings.of(titles)
    fates = fates_of(titles, below if len(titles) <= MAX_TITLES else [], guess=guess, targets=targets)
    if not any(fate.sure for fate in fates):
        return None
    if len(titles) > MAX_TITLES:
        raise InvalidFile("colunas_demais", maximo=MAX_TITLES)
    last = max(place for place, fate in enumerate(fates) if fate.role)  # one without a title may have been guessed
    titles += [""] * (last + 1 - len(titles))
    header = _Layout(titles, fates).header(row)
    fields = len(header.fields)
    fitting = max(fate.fitting for fate in fates)
    evidence = (fitting * fitting * fields, fields, sum(map(len, header.fields.values())))
    return HeaderFound(header, evidence)


class _Layout:
    """Puts the columns of a table together: which of them feed which field, and which ones are made of several."""

    def __init__(self, titles: Sequence[str], fates: Sequence[ColumnFate]) -> None:
        self._titles = titles
        self._fates = fates
        self._derived: list[Derived] = []
        # The columns of each field: their rank and their place in the sheet, by which they are sorted, and where their
        # cells stand.
        self._found: dict[LeadField, list[tuple[int, int, int]]] = {each: [] for each in LeadField}

    def header(self, row: int) -> Header:
        """The header of these columns."""
        for role, each in ((Role.ID, LeadField.ID), (Role.CONTATO, LeadField.CONTATO)):
            for place in self._places(role):
                self._feed(each, place, rank=self._fates[place].rank)
        for place in self._places(Role.DOCUMENTO):
            self._feed(LeadField.DOCUMENTO, place)
        self._names()
        self._phones()
        for place in self._places(Role.EMAIL):
            self._feed(LeadField.EMAIL, place, self._made((place,), separated) if self._is_value(place) else place)
        for place in self._places(Role.MISTO):
            self._feed(LeadField.TELEFONE, place, self._made((place,), only_phone))
            self._feed(LeadField.EMAIL, place, self._made((place,), only_email))
        fields = {each: tuple(cells for *_, cells in sorted(found)) for each, found in self._found.items() if found}
        return Header(row, tuple(self._titles), fields, tuple(self._derived), tuple(self._told()))

    def _told(self) -> list[ColumnFate]:
        """Return what becomes of each column; a part of a name or phone may have found no other part."""
        used = {place for made in self._derived for place in made.sources}
        used.update(cells for found in self._found.values() for *_, cells in found)
        fates = [
            fate._replace(role=None, reason="coluna_sem_par") if fate.role and place not in used else fate
            for place, fate in enumerate(self._fates)
        ]
        added = {*ADDED, ORIGIN} if is_report(self._titles) else set()
        kept = [
            place
            for place, fate in enumerate(fates)
            if fate.title and fate.title not in added and not fate.role and fate.reason != "coluna_ignorada"
        ]
        for place in kept[MOST_CAMPOS:]:
            fates[place] = fates[place]._replace(reason="campos_demais", campo=None)
        for place, name in _named(fates, kept[:MOST_CAMPOS]).items():
            reason = None if fates[place].reason == "coluna_desconhecida" else fates[place].reason
            fates[place] = fates[place]._replace(campo=name, reason=reason)
        return [fate if fate.campo else fate._replace(campo=None) for fate in fates]

    def _places(self, role: Role) -> list[int]:
        return [place for place, fate in enumerate(self._fates) if fate.role is role]

    def _feed(self, each: LeadField, place: int, cells: int | None = None, *, rank: int = 0) -> None:
        self._found[each].append((rank, place, place if cells is None else cells))

    def _made(self, sources: tuple[int, ...], make: Callable[[Sequence[str]], str]) -> int:
        """Make a column of others, and return where its cells stand."""
        self._derived.append(Derived(self._titles[sources[-1]], sources, make))
        return len(self._titles) + len(self._derived) - 1

    def _is_value(self, place: int) -> bool:
        """Whether this is `Phone 1 - Value` of Google Contacts, whose cells may hold several values."""
        return plain_words(self._titles[place]).endswith((" value", " valor"))

    def _names(self) -> None:
        """Feed the name. Where it stands in two columns, the first one is often called `Nome`, as a full name is."""
        full = sorted((self._fates[place].rank, place) for place in self._places(Role.NOME))
        firsts = self._places(Role.PRIMEIRO_NOME)
        rest = [*self._places(Role.NOME_DO_MEIO)[:1], *self._places(Role.SOBRENOME)[:1]]
        if rest and not firsts and full and full[0][0] in (0, 2):
            firsts = [full.pop(0)[1]]
        for rank, place in full:
            self._feed(LeadField.NOME, place, rank=rank)
        if parts := (*firsts[:1], *rest):
            cells = self._made(parts, full_name) if len(parts) > 1 else parts[0]
            self._feed(LeadField.NOME, parts[0], cells, rank=RANK_OF_TWO)

    def _phones(self) -> None:
        for place in self._places(Role.TELEFONE):
            if area := self._beside(place, Role.DDD):
                cells = self._made((*self._beside(place, Role.DDI), *area, place), with_ddd)
            else:
                cells = self._made((place,), separated) if self._is_value(place) else place
            self._feed(LeadField.TELEFONE, place, cells)

    def _beside(self, phone: int, role: Role) -> tuple[int, ...]:
        """Return the column of the DDD or DDI that belongs to a phone: of its number, else the last one before it."""
        number, places = self._fates[phone].number, self._places(role)
        same = [place for place in places if number and self._fates[place].number == number]
        before = [place for place in places if place < phone]
        return tuple(same[:1] or before[-1:] or places[:1])


def _named(fates: Sequence[ColumnFate], places: Sequence[int]) -> dict[int, str]:
    """Name the campos of these columns; a name that a person gave goes first."""
    given = [place for place in places if fates[place].campo]
    others = [place for place in places if not fates[place].campo]
    names = campo_names([fates[place].campo or "" for place in given])
    names += campo_names([fates[place].title for place in others], taken=names)
    return dict(zip([*given, *others], names, strict=True))
