"""Finds the header row of a sheet, and which of our fields each of its columns feeds.

A row is certainly a header when it has a column for a document, an e-mail or a phone, and no cell that looks like data.
Of the first 20 rows that are not blank, the header that names the most fields wins; of equal ones, the first. Titles
above the header name fewer fields. A header that is repeated further down is an ordinary row.
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

    `fields` holds positions in `titles`. The columns of documents, e-mails and phones are in sheet order: contacts keep
    that order. The columns of the other fields are best first (`Nome` before `Nome Fantasia`): the first cell that is
    not blank counts.
    """

    row: int
    titles: tuple[str, ...]
    fields: Mapping[LeadField, tuple[int, ...]]


# The titles of each field, best first, as `plain_words` and `_NUMBERING` leave them. Our own error report adds the
# columns `linha`, `coluna`, `codigo` and `mensagem`. They must not be listed here, so that a corrected report can be
# uploaded as it is: that is why ID has no `Código`.
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
_RANKED_FIELDS: dict[str, tuple[LeadField, int]] = {
    alias: (field, rank) for field, aliases in _ALIASES.items() for rank, alias in enumerate(aliases.split(", "))
}
_CERTAIN = frozenset({LeadField.DOCUMENTO, LeadField.EMAIL, LeadField.TELEFONE})
_IN_SHEET_ORDER = frozenset({LeadField.DOCUMENTO, LeadField.EMAIL, LeadField.TELEFONE})

_LONGEST_NAME = 100
_UNSEEN = frozenset({"Mn", "Cf"})  # accents; zero-width and direction marks
_BREAK = re.compile(r"[^a-z0-9]+|(?<=[a-z])(?=[0-9])")
_NUMBERING = re.compile(r"^[0-9]{1,2} ?[oa]? |(?: (?:n|no|num|numero))?(?: [0-9]{1,3})+$")
_DATA = re.compile(r"@|(?:[0-9][^0-9]{0,3}){10}")


def plain_words(text: str) -> str:
    """Return a text without accents, case and punctuation (`  Razão_Social: ` → `razao social`); a long one is cut."""
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST_NAME]).casefold()
    letters = "".join(each for each in decomposed if unicodedata.category(each) not in _UNSEEN)
    return _BREAK.sub(" ", letters).strip()


def find_header(rows: Iterable[tuple[int, Sequence[str]]]) -> Header | None:
    """Return the header among the first `ROWS_SEARCHED` of these rows, which must not be blank; None if there is none.

    Raises:
        InvalidFile: `colunas_demais`; see `recognise`.
    """
    candidates = (recognise(number, cells) for number, cells in islice(rows, ROWS_SEARCHED))
    return max((each for each in candidates if each), key=lambda each: len(each.fields), default=None)


def recognise(row: int, cells: Sequence[str]) -> Header | None:
    """Return the row as a header if it certainly is one, else None.

    Raises:
        InvalidFile: `colunas_demais`; the header has more than `MAX_TITLES` columns. Each of them would be in every
            line of the error report.
    """
    titles = [cell.strip() for cell in cells]
    while titles and not titles[-1]:
        titles.pop()
    if any(_looks_like_data(title) for title in titles):
        return None
    found: dict[LeadField, list[tuple[int, int]]] = {}
    for position, title in enumerate(titles):
        if ranked := _RANKED_FIELDS.get(_NUMBERING.sub("", plain_words(title))):
            field, rank = ranked
            found.setdefault(field, []).append((0 if field in _IN_SHEET_ORDER else rank, position))
    if not found.keys() & _CERTAIN:
        return None
    if len(titles) > MAX_TITLES:
        raise InvalidFile("colunas_demais", maximo=MAX_TITLES)
    fields = {field: tuple(position for _, position in sorted(found[field])) for field in LeadField if field in found}
    return Header(row, tuple(titles), fields)


def _looks_like_data(text: str) -> bool:
    """Whether a text has an e-mail, or enough digits for a phone or a document: no title has these."""
    return _DATA.search(text[:_LONGEST_NAME]) is not None
