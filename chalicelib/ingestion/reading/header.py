"""Which row of a sheet is its header, and which of our fields each of its columns feeds.

A header is certain when a row has a column for a document, an e-mail or a phone and no cell that looks like data. Of
the first 20 rows that are not blank, the one that names most fields wins, and of equals the first: titles above it
name fewer, and a header repeated further down is a row like any other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.reading.limits import MAX_TITLES

ROWS_SEARCHED = 20


class LeadField(StrEnum):
    """What we read of a row."""

    ID = "id"
    NOME = "nome"
    CONTATO = "contato"
    DOCUMENTO = "documento"
    EMAIL = "email"
    TELEFONE = "telefone"


@dataclass(frozen=True, slots=True)
class Header:
    """The header: its row (the first of a sheet is 1), its texts in sheet order, and the columns of each field.

    `campos` holds positions in `colunas`. Those of e-mails and phones are in sheet order, for contacts keep theirs;
    those of the other fields are best first (`Nome` before `Nome Fantasia`): the first that is not blank counts.
    """

    linha: int
    colunas: tuple[str, ...]
    campos: Mapping[LeadField, tuple[int, ...]]


# The names of each field, best first, as `plain_words` and `_NUMBERING` leave them. `linha`, `coluna`, `codigo` and
# `mensagem`, which our own error report adds, must stay out, so that it can be corrected and uploaded as it is:
# hence no `Código` under ID.
_ALIASES: dict[LeadField, str] = {
    LeadField.ID: "id, lead id, id lead, id do lead, id externo, id do lead externo, lead id externo, identificador",
    LeadField.NOME: (
        "nome, nome completo, nome do lead, nome do cliente, nome cliente, nome da empresa, nome empresa, "
        "razao social, nome razao social, razao social nome, nome ou razao social, nome fantasia, fantasia, "
        "cliente, lead, empresa, devedor, nome do devedor, nome devedor, name, full name"
    ),
    LeadField.CONTATO: (
        "contato, contatos, nome do contato, nome contato, pessoa de contato, contato principal, responsavel, "
        "nome do responsavel, nome responsavel, contact, contact name"
    ),
    LeadField.DOCUMENTO: (
        "documento, cnpj cpf, cpf cnpj, cpf ou cnpj, cnpj ou cpf, cpf e cnpj, cnpj e cpf, cnpj, cpf, documentos, doc, "
        "num documento, no documento, no do documento, numero do documento, numero documento, n documento, "
        "documento cpf cnpj, documento cnpj cpf, cpf do cliente, cnpj do cliente, cpf cliente, cnpj cliente, "
        "cpf cnpj do cliente, cpf cnpj cliente, inscricao federal"
    ),
    LeadField.EMAIL: (
        "email, e mail, emails, e mails, mail, mails, correio eletronico, endereco de email, endereco de e mail, "
        "endereco email, email principal, e mail principal, email secundario, e mail secundario, email comercial, "
        "e mail comercial, email pessoal, e mail pessoal, email alternativo, e mail alternativo, email do cliente, "
        "e mail do cliente, email cliente, email do contato, e mail do contato, email contato, outros emails, "
        "outros e mails, email address"
    ),
    LeadField.TELEFONE: (
        "telefone, telefones, tel, tels, fone, fones, celular, celulares, cel, whatsapp, whats app, whats, wpp, zap, "
        "zapzap, movel, fixo, telefone celular, telefone fixo, telefone movel, telefone principal, telefone "
        "secundario, telefone residencial, telefone comercial, telefone pessoal, telefone alternativo, telefone "
        "recado, telefone de contato, telefone para contato, telefone contato, telefone do contato, telefone do "
        "cliente, telefone cliente, telefone whatsapp, telefone com ddd, ddd telefone, ddd e telefone, tel celular, "
        "tel fixo, tel residencial, tel comercial, fone celular, fone fixo, fone residencial, fone comercial, celular "
        "whatsapp, celular principal, numero de telefone, numero do telefone, numero telefone, numero de celular, "
        "numero do celular, numero de whatsapp, numero do whatsapp, outros telefones, telefone celular whatsapp, "
        "celular com ddd, phone, phone number, phones, mobile, mobile phone, cell, cellphone, telephone"
    ),
}
_FIELD: dict[str, tuple[LeadField, int]] = {
    alias: (campo, rank) for campo, aliases in _ALIASES.items() for rank, alias in enumerate(aliases.split(", "))
}
_CERTAIN = frozenset({LeadField.DOCUMENTO, LeadField.EMAIL, LeadField.TELEFONE})
_IN_SHEET_ORDER = frozenset({LeadField.DOCUMENTO, LeadField.EMAIL, LeadField.TELEFONE})

_LONGEST_NAME = 100
_UNSEEN = frozenset({"Mn", "Cf"})  # accents; zero-width and direction marks
_BREAK = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[0-9])")
_NUMBERING = re.compile(r"^[0-9]{1,2} ?[oa]? |(?: (?:n|no|num|numero))?(?: [0-9]{1,3})+$")
_DATA = re.compile(r"@|(?:[0-9][^0-9]{0,3}){10}")


def plain_words(text: str) -> str:
    """`  Razão_Social: ` → `razao social`: no accents, case or punctuation; of a text that is long, its beginning."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST_NAME]).casefold()
    letters = "".join(each for each in decomposed if unicodedata.category(each) not in _UNSEEN)
    return _BREAK.sub(" ", letters).strip()


def find_header(rows: Iterable[tuple[int, Sequence[str]]]) -> Header | None:
    """The header among the first rows of a sheet: (spreadsheet row, cells) of those that are not blank."""
    candidates = (recognise(number, cells) for number, cells in islice(rows, ROWS_SEARCHED))
    return max((each for each in candidates if each), key=lambda each: len(each.campos), default=None)


def recognise(linha: int, cells: Sequence[str]) -> Header | None:
    """The row as a header, if it certainly is one.

    Raises:
        ArquivoInvalido: it is, but of more columns than anybody reads, and each would be in every row of the report.
    """
    colunas = [cell.strip() for cell in cells]
    while colunas and not colunas[-1]:
        colunas.pop()
    if any(_looks_like_data(coluna) for coluna in colunas):
        return None
    found: dict[LeadField, list[tuple[int, int]]] = {}
    for position, coluna in enumerate(colunas):
        if field := _FIELD.get(_NUMBERING.sub("", plain_words(coluna))):
            campo, rank = field
            found.setdefault(campo, []).append((0 if campo in _IN_SHEET_ORDER else rank, position))
    if not found.keys() & _CERTAIN:
        return None
    if len(colunas) > MAX_TITLES:
        raise InvalidFile("colunas_demais", maximo=MAX_TITLES)
    campos = {campo: tuple(position for _, position in sorted(found[campo])) for campo in LeadField if campo in found}
    return Header(linha, tuple(colunas), campos)


def _looks_like_data(text: str) -> bool:
    """An e-mail, or digits enough for a phone or a document: no name of a column has these."""
    return _DATA.search(text[:_LONGEST_NAME]) is not None
