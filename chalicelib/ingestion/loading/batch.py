"""Rows that were read, made ready for PostgreSQL: ids given out, and every line of COPY written. Pure.

All of this is done where the next batch is being read, while the database takes the one before; what a batch turns
out to have in common with the database is only known later, so each lead keeps its own lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise
from typing import NamedTuple

from chalicelib.contacts.telephones import Phone
from chalicelib.ids import id_range
from chalicelib.ingestion.rows.lead import LeadColumns, LeadData, principal
from chalicelib.ingestion.rows.one_by_one import ReadRow, ReadRows, RowError

LEAD_COLUMNS = (
    "lead_id", "lead_id_externo", "nome", "contato", "documento", "telefone_raw", "email_raw", "linha_planilha",
)  # fmt: skip
TELEFONE_COLUMNS = ("lead_id", "telefone", "ordem", "principal", "tipo_origem", "valido_para_disparo")
EMAIL_COLUMNS = ("lead_id", "email", "ordem", "principal")
ERRO_COLUMNS = ("linha", "ordem", "alcance", "lead_id_externo", "coluna", "codigo", "valor", "celulas")

# What COPY's text format gives a meaning to (PostgreSQL, COPY, "File Formats"), the backslash first; NUL is no
# character of `text` at all.
_MEANINGFUL = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\x00", "\ufffd"))
_NULL = "\\N"
# Candidates whose lines are encoded together, and sent in one message: a few ten thousand bytes. Where one of them is
# replaced, they are encoded again.
_TOGETHER = 512


class Candidate(NamedTuple):
    """A row that may become a lead, under an id of its own, with its lines for each table."""

    numero: int
    lead_id: str
    lead_id_externo: str
    dados: LeadData
    lead: str
    telefones: str
    emails: str


@dataclass(frozen=True, slots=True)
class CopyLines:
    """The lines that the candidates of a batch have in a table: a text of each, and encoded for COPY by the hundred."""

    each: Sequence[str]
    encoded: Sequence[bytes]

    def replaced(self, instead: Mapping[int, str]) -> list[bytes]:
        """All of them encoded, with other texts in some places."""
        encoded = list(self.encoded)
        for part in {place // _TOGETHER for place in instead}:
            first = part * _TOGETHER
            texts = self.each[first : first + _TOGETHER]
            encoded[part] = copied(instead.get(place, text) for place, text in enumerate(texts, first))
        return encoded


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates of a batch, a list for each of their fields: few of ten thousand are ever looked at alone."""

    numeros: Sequence[int]
    lead_ids: Sequence[str]
    externos: Sequence[str]
    colunas: LeadColumns
    leads: CopyLines
    telefones: CopyLines
    emails: CopyLines

    def __len__(self) -> int:
        return len(self.numeros)

    def __getitem__(self, place: int) -> Candidate:
        return Candidate(
            self.numeros[place],
            self.lead_ids[place],
            self.externos[place],
            self.colunas.dados(place),
            self.leads.each[place],
            self.telefones.each[place],
            self.emails.each[place],
        )

    def places_of(self, keys: Set[str]) -> list[int]:
        """Where the candidates are that have one of these keys, in their order."""
        return [
            place
            for place, (externo, documento) in enumerate(zip(self.externos, self.colunas.documentos, strict=True))
            if externo in keys or documento in keys
        ]


def candidate(numero: int, lead_id: str, lead_id_externo: str, dados: LeadData) -> Candidate:
    """The candidate with its lines written."""
    return _candidatos([numero], [lead_id], [lead_id_externo], LeadColumns.of([dados]))[0]


def _candidatos(
    numeros: Sequence[int], lead_ids: Sequence[str], externos: Sequence[str], colunas: LeadColumns
) -> Candidates:
    """The candidates with their lines written, a field of all of them at a time."""
    columns = map(fields, (externos, *colunas[:5]))
    leads = [
        f"{lead_id}\t{externo}\t{nome}\t{contato}\t{documento}\t{telefone_raw}\t{email_raw}\t{numero}\n"
        for lead_id, externo, nome, contato, documento, telefone_raw, email_raw, numero in zip(
            lead_ids, *columns, numeros, strict=True
        )
    ]
    return Candidates(
        numeros,
        lead_ids,
        externos,
        colunas,
        _linhas(leads),
        _linhas(list(map(phone_lines, lead_ids, colunas.telefones))),
        _linhas(list(map(email_lines, lead_ids, colunas.emails))),
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows that follow each other: `linhas` of them, the last in the spreadsheet row `ultima_linha`.

    The candidates have the ids from `primeiro_id` to `ultimo_id`, without a gap. `externos` and `documentos` are all
    their keys, as JSON, in their order: an index is looked through fastest from left to right. `repetidos` are the keys
    that more than one of them has.
    """

    linhas: int
    ultima_linha: int
    candidatos: Candidates
    externos: str
    documentos: str
    repetidos: frozenset[str]
    erros: bytes
    primeiro_id: str
    ultimo_id: str


def prepared(lidas: ReadRows, now: datetime) -> Batch:
    """The batch of these rows, its ids in their order."""
    numbers = id_range(now, len(lidas.numeros))
    ids = [f"{value:032x}" for value in numbers]
    externos = sorted(lidas.externos)
    documentos = sorted(filter(None, lidas.colunas.documentos))
    return Batch(
        linhas=lidas.quantas,
        ultima_linha=lidas.ultima,
        candidatos=_candidatos(lidas.numeros, ids, lidas.externos, lidas.colunas),
        externos=json.dumps(externos),
        documentos=json.dumps(documentos),
        repetidos=frozenset(chain(_repeated(externos), _repeated(documentos))),
        erros=copied(chain.from_iterable(map(_erro_lines, lidas.com_erros))),
        primeiro_id=f"{numbers.start:032x}",
        ultimo_id=f"{numbers.stop - 1:032x}",
    )


def _linhas(each: Sequence[str]) -> CopyLines:
    return CopyLines(each, [copied(each[first : first + _TOGETHER]) for first in range(0, len(each), _TOGETHER)])


def copied(lines: Iterable[str]) -> bytes:
    """Lines as COPY takes them."""
    return "".join(lines).encode("utf-8", "replace")


def _repeated(keys: Sequence[str]) -> Iterator[str]:
    """The keys that stand side by side in a sorted list."""
    return (key for key, following in pairwise(keys) if key == following) if len({*keys}) < len(keys) else iter(())


def phone_lines(lead_id: str, telefones: Sequence[Phone], *, depois: int = 0, main: str | None = None) -> str:
    """The lines of a lead's phones; `depois` of them are there already, `main` if the principal one is known."""
    if not telefones:
        return ""
    if len(telefones) == 1 and not depois:
        [(phone, kind, fit)] = telefones
        return "\t".join((lead_id, phone, "1\tt", kind, "t\n" if fit else "f\n"))
    main = main or principal(telefones)
    return "".join([
        "\t".join((lead_id, phone, str(ordem), "t" if phone == main else "f", kind, "t\n" if fit else "f\n"))
        for ordem, (phone, kind, fit) in enumerate(telefones, depois + 1)
    ])  # fmt: skip


def email_lines(lead_id: str, emails: Sequence[str], *, depois: int = 0) -> str:
    """The lines of a lead's e-mails; `depois` of them are there already. A valid address holds nothing to escape."""
    if len(emails) == 1 and not depois:
        return f"{lead_id}\t{emails[0]}\t1\tt\n"
    return "".join([
        f"{lead_id}\t{email}\t{ordem}\t{'t' if ordem == 1 else 'f'}\n" for ordem, email in enumerate(emails, depois + 1)
    ])  # fmt: skip


def fields(texts: Sequence[str | None]) -> list[str]:
    """Texts as COPY's text format has them; looked through together, for hardly any of them has to be escaped."""
    together = "".join(filter(None, texts))
    if "\n" in together or "\\" in together or "\t" in together or "\r" in together or "\x00" in together:
        return [_NULL if text is None else _escaped(text) for text in texts]
    return [_NULL if text is None else text for text in texts]


def _escaped(text: str) -> str:
    for character, escape in _MEANINGFUL:
        text = text.replace(character, escape)
    return text


def _erro_lines(linha: ReadRow) -> Iterator[str]:
    """The row's errors; its cells stand on the first of them only."""
    alcance = "linha" if linha.dados is None else "celula"
    externo, celulas = fields([linha.lead_id_externo, _array(linha.celulas)])
    for ordem, erro in enumerate(linha.erros, 1):
        yield f"{linha.numero}\t{ordem}\t{alcance}\t{externo}\t{_erro_fields(erro)}\t{celulas}\n"
        celulas = _NULL


def _erro_fields(erro: RowError) -> str:
    coluna, valor = fields([erro.coluna, erro.valor])
    return f"{coluna}\t{erro.codigo}\t{valor}"


def _array(cells: Sequence[str]) -> str:
    """An array literal of texts (PostgreSQL, "Array Input and Output Syntax")."""
    quoted = (cell.replace("\\", "\\\\").replace('"', '\\"') for cell in cells)
    return "{" + ",".join(f'"{cell}"' for cell in quoted) + "}"
