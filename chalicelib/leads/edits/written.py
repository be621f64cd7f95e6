"""What a person writes about a lead, read by the rules of ingestion. Pure.

Each function raises `Invalid` with a pointer to what it refuses, and the code that an error report of a file has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

from chalicelib.campos import LONGEST_VALUE, MOST_BYTES, MOST_CAMPOS, NAME, NUMBERS, OUR_NAMES, CampoType, written
from chalicelib.contacts.documents import read_document
from chalicelib.contacts.domains import likely_domain
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.nothing import is_no_key, is_no_name
from chalicelib.contacts.pieces import EDGES, RefusedPiece
from chalicelib.contacts.telephones import Phone, read_phones
from chalicelib.errors import FieldError, Invalid, escape_pointer
from chalicelib.ingestion.rows.one_by_one import MAX_ID

Contact = TypeVar("Contact", str, Phone)
Campos = Mapping[str, Any]
_MOMENTS = (
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), date.fromisoformat, CampoType.DATA),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"), datetime.fromisoformat, CampoType.DATA_HORA),
    (re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}"), time.fromisoformat, CampoType.HORA),
)


def read_name(text: str, pointer: str) -> str:
    """A name without blanks and invisible characters at its edges; one that says nothing is refused."""
    name = text.strip(EDGES)
    if is_no_name(name):
        raise _refused(pointer, "nome_vazio")
    return name


def read_external_id(text: str, pointer: str) -> str:
    """An ID of another system."""
    external_id = text.strip(EDGES)
    if is_no_key(external_id) or len(external_id) > MAX_ID:
        raise _refused(pointer, "id_invalido", maximo=MAX_ID)
    return external_id


def read_one_document(text: str, pointer: str) -> str:
    """A CPF or CNPJ with valid check digits."""
    document, refused = read_document(text)
    if document is None:
        raise _piece(pointer, refused or RefusedPiece("documento_invalido", text))
    return document


def read_phone(text: str, pointer: str, *, landlines_valid: bool) -> Phone:
    """Exactly one phone."""
    phones, refused = read_phones(text, landlines_valid=landlines_valid)
    return _only(phones, refused, text, pointer, "telefone_invalido")


def read_email(text: str, pointer: str) -> str:
    """Exactly one e-mail."""
    addresses, refused = read_emails(text)
    return _only(addresses, refused, text, pointer, "email_invalido")


def _only(found: list[Contact], refused: list[RefusedPiece], text: str, pointer: str, code: str) -> Contact:
    if refused:
        raise _piece(pointer, refused[0])
    if len(found) > 1:
        raise _refused(pointer, "um_contato_por_vez")
    if not found:
        raise _piece(pointer, RefusedPiece(code, text))
    return found[0]


def merged_campos(
    old: Campos, change: Campos, known: Mapping[str, Collection[CampoType]]
) -> tuple[dict[str, Any], dict[str, CampoType]]:
    """The campos of a lead after a change, and the types of those that no lead of the tenant has had.

    `known` has the types of the tenant's campos: a value must have one of its campo's. A text in the form of a date or
    a time is one, for a campo that is new.
    """
    errors = tuple(_campo_errors(change, known))
    if errors:
        raise Invalid("requisicao_invalida", errors)
    merged = {name: value for name, value in {**old, **change}.items() if value is not None}
    if len(merged) > MOST_CAMPOS:
        raise _refused("/campos", "campos_do_lead_demais", maximo=MOST_CAMPOS)
    if len(written(merged).encode()) > MOST_BYTES:
        raise _refused("/campos", "campos_do_lead_grandes", maximo=MOST_BYTES)
    new = {name: _type_of(value) for name, value in change.items() if value is not None and name not in known}
    return merged, new


def _campo_errors(change: Campos, known: Mapping[str, Collection[CampoType]]) -> Iterator[FieldError]:
    for name, value in change.items():
        pointer = f"/campos/{escape_pointer(name)}"
        if not NAME.fullmatch(name) or name in OUR_NAMES:
            yield FieldError(pointer, "nome_de_campo_invalido", name)
        elif isinstance(value, str) and not value.strip(EDGES):
            yield FieldError(pointer, "campo_vazio", name)
        elif isinstance(value, str) and len(value) > LONGEST_VALUE:
            yield FieldError(pointer, "valor_de_campo_longo", name)
        elif value is not None and name in known and not any(_fits(value, each) for each in known[name]):
            yield FieldError(pointer, "valor_de_outro_tipo", ", ".join(sorted(known[name])))


def _fits(value: object, kind: CampoType) -> bool:
    if kind is CampoType.TEXTO:
        return isinstance(value, str)
    found = _type_of(value)
    return found is kind or (found is CampoType.NUMERO and kind in NUMBERS)


def _type_of(value: object) -> CampoType:
    """The type that a value shows by itself."""
    match value:
        case bool():
            return CampoType.LOGICO
        case str():
            kinds = (kind for form, read, kind in _MOMENTS if form.fullmatch(value) and _reads(read, value))
            return next(kinds, CampoType.TEXTO)
        case _:
            return CampoType.NUMERO


def _reads(read: Any, text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _piece(pointer: str, refused: RefusedPiece) -> Invalid:
    """The refusal of what was written, which the answer quotes; no parameter of the error holds it."""
    likely = likely_domain(refused.value.rpartition("@")[2]) if refused.code == "dominio_suspeito" else None
    return Invalid("requisicao_invalida", (FieldError(pointer, refused.code, refused.value),), provavel=likely)


def _refused(pointer: str, code: str, **params: object) -> Invalid:
    return Invalid("requisicao_invalida", (FieldError(pointer, code, code),), **params)
