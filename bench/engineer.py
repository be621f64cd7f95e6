"""What an engineer would write today: calamine reads, the well-known libraries validate, psycopg copies.

The same rows end up in the same tables, each contact validated by phonenumbers or email-validator and each document by
validate-docbr. It has no resumption, no error report, no repair of damaged cells and no look at known leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
    parse,
)
from psycopg.types.json import Jsonb
from python_calamine import CalamineWorkbook
from validate_docbr import CNPJ, CPF

from bench.ground import TENANT

_TOGETHER = 10_000
_OURS = 5
_PIECES = re.compile(r"[|;,/\n]")
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_CPF, _CNPJ = CPF(), CNPJ()


class _Rows(NamedTuple):
    leads: list[tuple[object, ...]]
    phones: list[tuple[object, ...]]
    emails: list[tuple[object, ...]]


def ingest(owner_url: str, workbook: Path) -> None:
    """Load the first sheet of a workbook."""
    rows = CalamineWorkbook.from_path(str(workbook)).get_sheet_by_index(0).iter_rows()
    titles = [str(title) for title in next(rows)]
    numbered = enumerate(rows, 2)
    with psycopg.connect(_for_psycopg(owner_url)) as connection, connection.cursor() as cursor:
        while some := list(islice(numbered, _TOGETHER)):
            leads, phones, emails = _validated(some, titles)
            _copy(
                cursor,
                "leads (tenant_id, lead_id, lead_id_externo, nome, contato, documento, telefone_raw, email_raw, "
                "origem_arquivo, origem_aba, linha_planilha, job_id, campos)",
                leads,
            )
            _copy(cursor, "lead_telefones", phones)
            _copy(cursor, "lead_emails", emails)
            connection.commit()


def _for_psycopg(url: str) -> str:
    return url.replace("postgresql+pg8000", "postgresql")


def _copy(cursor: psycopg.Cursor[Any], table: str, rows: Iterable[Sequence[object]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _validated(rows: Iterable[tuple[int, Sequence[Any]]], titles: Sequence[str]) -> _Rows:
    found = _Rows([], [], [])
    job_id = uuid4()
    for number, cells in rows:
        nome, contato, written, emails, phones = map(_text, cells[:_OURS])
        document = _document(written)
        valid_phones, valid_emails = list(dict.fromkeys(_phones(phones))), list(dict.fromkeys(_emails(emails)))
        if not (document or valid_phones or valid_emails):
            continue
        lead_id = uuid4()
        campos = {title: _json(cell) for title, cell in zip(titles[_OURS:], cells[_OURS:], strict=False) if cell != ""}
        found.leads.append((
            TENANT, lead_id, f"x:{number}", nome or None, contato or None, document, phones or None, emails or None,
            "x", "Leads", number, job_id, Jsonb(campos),
        ))  # fmt: skip
        for order, (phone, kind) in enumerate(valid_phones, 1):
            found.phones.append((TENANT, lead_id, phone, order, order == 1, kind, kind == "movel"))
        for order, email in enumerate(valid_emails, 1):
            found.emails.append((TENANT, lead_id, email, order, order == 1, True))
    return found


def _text(cell: object) -> str:
    return f"{cell:.0f}" if isinstance(cell, float) else str(cell).strip()


def _json(cell: object) -> object:
    return cell.isoformat() if isinstance(cell, date | datetime) else cell


def _document(text: str) -> str | None:
    plain = re.sub(r"[^0-9A-Za-z]", "", text).upper()
    if not plain:
        return None
    document = plain.zfill(11 if len(plain) <= 11 else 14)
    valid = _CPF.validate(document) if len(document) == 11 else _CNPJ.validate(document)
    return document if valid else None


def _phones(cell: str) -> Iterator[tuple[str, str]]:
    for piece in filter(None, map(str.strip, _PIECES.split(cell))):
        try:
            phone = parse(piece, "BR")
        except NumberParseException:
            continue
        if is_valid_number(phone):
            yield format_number(phone, PhoneNumberFormat.E164), "movel" if number_type(phone) in _MOBILE else "fixo"


def _emails(cell: str) -> Iterator[str]:
    for piece in filter(None, map(str.strip, _PIECES.split(cell))):
        try:
            yield validate_email(piece, check_deliverability=False).normalized.lower()
        except EmailNotValidError:
            continue
