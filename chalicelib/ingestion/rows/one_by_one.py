"""One row of a sheet into a lead with its contacts, and whatever of it had to be refused. Pure.

A row is worth keeping if it has a valid e-mail, phone or document; what else is wrong with it is reported cell by
cell. A row without any of these is refused whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from typing import NamedTuple, Self, TypeVar

from chalicelib.contacts.documents import read_document
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.pieces import EDGES, EXCERPT, MAX_CONTACTS, RefusedPiece, refuse
from chalicelib.contacts.telephones import Phone, read_phones
from chalicelib.ingestion.reading.columns import SheetRow
from chalicelib.ingestion.reading.header import Header, LeadField
from chalicelib.ingestion.rows.by_column import read_usual
from chalicelib.ingestion.rows.formulas import as_shown
from chalicelib.ingestion.rows.lead import LeadColumns, LeadData

MAX_ID = 255
"""Characters of an `ID` cell: it is a key, and an index entry holds no more than some two thousand bytes."""
MAX_ERROS = 50
"""Refusals of a row that are told one by one: each is a line of the error report with the whole row, and whoever put
the wrong column there has seen enough. As many as the contacts of a kind that a row keeps.
"""

Value = TypeVar("Value", str, Phone)
Reader = Callable[[str], tuple[list[Value], list[RefusedPiece]]]


class RowError(NamedTuple):
    """One thing that was refused: in which column, why, and the piece of text that it is about.

    The last one of a row that has too many is `erros_demais`, of no column, and `valor` says how many more there were.
    """

    coluna: str
    codigo: str
    valor: str


class ReadRow(NamedTuple):
    """A row that was read: its place in the spreadsheet, what it says (None where nothing useful is left of it), what
    was refused, and its cells as they came.
    """

    numero: int
    lead_id_externo: str
    dados: LeadData | None
    erros: tuple[RowError, ...]
    celulas: Sequence[str]


@dataclass(slots=True)
class ReadRows:
    """Rows that were read, one behind the other: how many, and the number of the last; what those say that were kept, a
    list for each thing; and the rows of which something was refused.
    """

    quantas: int
    ultima: int
    numeros: list[int]
    externos: list[str]
    colunas: LeadColumns
    com_erros: list[ReadRow]

    @classmethod
    def of(cls, linhas: Sequence[ReadRow]) -> Self:
        """Rows that were read one by one; there is one at least."""
        kept = [linha for linha in linhas if linha.dados is not None]
        return cls(
            len(linhas),
            linhas[-1].numero,
            [linha.numero for linha in kept],
            [linha.lead_id_externo for linha in kept],
            LeadColumns.of([linha.dados for linha in kept if linha.dados is not None]),
            [linha for linha in linhas if linha.erros],
        )

    def without(self, refused: Set[int]) -> ReadRows:
        """The same, but what these say is not kept, by their places."""
        kept = [place not in refused for place in range(len(self.numeros))]
        numeros, externos = list(compress(self.numeros, kept)), list(compress(self.externos, kept))
        return replace(self, numeros=numeros, externos=externos, colunas=self.colunas.kept(kept))

    def extend(self, more: ReadRows) -> None:
        """With the rows behind them."""
        self.quantas += more.quantas
        self.ultima = more.ultima
        self.numeros += more.numeros
        self.externos += more.externos
        self.colunas.extend(more.colunas)
        self.com_erros += more.com_erros


class _RowErrors:
    """What was refused of one row so far: the first of it, and how many more there were."""

    __slots__ = ("_first", "_more")

    def __init__(self) -> None:
        self._first: tuple[RowError, ...] = ()
        self._more = 0

    def add(self, coluna: str, refused: Sequence[RefusedPiece]) -> None:
        """These were refused in a column."""
        room = MAX_ERROS - len(self._first)
        self._first += tuple(RowError(coluna, *each) for each in refused[:room])
        self._more += len(refused[room:])

    def told(self) -> tuple[RowError, ...]:
        """All of it, what is too much in one lump."""
        return (*self._first, RowError("", "erros_demais", str(self._more))) if self._more else self._first


class RowReader:
    """Reads the rows below one header.

    `origem_arquivo` is the file's name, out of which a row without an `ID` gets its own; `fixo_valido` says that the
    tenant's messages reach landlines too.
    """

    def __init__(self, cabecalho: Header, origem_arquivo: str, *, fixo_valido: bool = False) -> None:
        self._cabecalho = cabecalho
        self._origem_arquivo = origem_arquivo
        campos = cabecalho.campos
        self._id = campos.get(LeadField.ID, ())
        self._nome = campos.get(LeadField.NOME, ())
        self._contato = campos.get(LeadField.CONTATO, ())
        self._documento = campos.get(LeadField.DOCUMENTO, ())
        self._emails = campos.get(LeadField.EMAIL, ())
        self._telefones = campos.get(LeadField.TELEFONE, ())
        self._fixo_valido = fixo_valido
        self._read_telefones: Reader[Phone] = partial(read_phones, fixo_valido=fixo_valido)

    def read_all(self, rows: Sequence[SheetRow]) -> ReadRows:
        """Some rows, one at least, each as `read` has it; those of the usual kind, nearly all, in half of the time."""
        externos, colunas, outras = read_usual(
            [cells for _, cells in rows], self._cabecalho.campos, fixo_valido=self._fixo_valido
        )
        outras.update([place for place, externo in enumerate(externos) if externo and len(externo) > MAX_ID])
        lidas = ReadRows(
            len(rows),
            rows[-1][0],
            [numero for numero, _ in rows],
            [externo or self._own_id(numero) for externo, (numero, _) in zip(externos, rows, strict=True)],
            colunas,
            [],
        )
        refused = set()
        for place in sorted(outras):
            linha = self.read(*rows[place])
            if linha.erros:
                lidas.com_erros.append(linha)
            if linha.dados is None:
                refused.add(place)
            else:
                colunas.put(place, linha.dados)
        return lidas.without(refused) if refused else lidas

    def read(self, numero: int, cells: Sequence[str]) -> ReadRow:
        """The row of that number; cells that it does not have count as blank."""
        width = len(self._cabecalho.colunas)
        if len(cells) < width:
            cells = [*cells, *[""] * (width - len(cells))]
        erros = _RowErrors()
        externo = _first(cells, self._id)
        if externo is not None and len(externo) > MAX_ID:
            erros.add(self._coluna(self._id[0]), [refuse("id_longo", externo)])
            return ReadRow(numero, self._own_id(numero), None, erros.told(), cells)
        externo = externo or self._own_id(numero)
        document = self._read_documento(cells, erros)
        addresses = self._read_contacts(cells, self._emails, read_emails, erros)
        phones = self._read_contacts(cells, self._telefones, self._read_telefones, erros)
        if not (document or addresses or phones):
            return ReadRow(numero, externo, None, erros.told() or (RowError("", "linha_sem_contato", ""),), cells)
        dados = LeadData(
            _first(cells, self._nome),
            _first(cells, self._contato),
            document,
            _raw(cells, self._telefones),
            _raw(cells, self._emails),
            phones,
            addresses,
        )
        return ReadRow(numero, externo, dados, erros.told(), cells)

    def _own_id(self, numero: int) -> str:
        return f"{self._origem_arquivo}:{numero}"

    def _coluna(self, position: int) -> str:
        """The title of a column, cut short: it is repeated with each refusal."""
        return self._cabecalho.colunas[position][:EXCERPT]

    def _read_documento(self, cells: Sequence[str], erros: _RowErrors) -> str | None:
        """The first valid document; a sheet may have a column for each kind."""
        for position in self._documento:
            document, refused = read_document(as_shown(cells[position]))
            if document:
                return document
            if refused:
                erros.add(self._coluna(position), [refused])
        return None

    def _read_contacts(
        self, cells: Sequence[str], positions: Iterable[int], read: Reader[Value], erros: _RowErrors
    ) -> tuple[Value, ...]:
        """The contacts of all columns of a kind, each once, in sheet order."""
        found: tuple[Value, ...] = ()
        for position in positions:
            if cell := cells[position]:
                values, refused = read(as_shown(cell))
                found = _together(found, values, refused) if found else tuple(values)
                if refused:
                    erros.add(self._coluna(position), refused)
        return found


def _together(found: tuple[Value, ...], values: Iterable[Value], refused: list[RefusedPiece]) -> tuple[Value, ...]:
    """What was found in one column and what the next one holds, once each; what is too much is refused."""
    together = dict.fromkeys(found)
    for value in values:
        if value not in together and len(together) == MAX_CONTACTS:
            refused.append(refuse("contatos_demais", value if isinstance(value, str) else value.telefone))
        else:
            together[value] = None
    return tuple(together)


def _first(cells: Sequence[str], positions: Iterable[int]) -> str | None:
    """The first cell that is not blank, without what cannot be seen at its edges."""
    for position in positions:
        if cells[position] and (text := as_shown(cells[position].strip(EDGES))):
            return text
    return None


def _raw(cells: Sequence[str], positions: Iterable[int]) -> str | None:
    """The cells as they came, those of several columns side by side."""
    return " | ".join([as_shown(cells[position]) for position in positions if cells[position]]) or None
