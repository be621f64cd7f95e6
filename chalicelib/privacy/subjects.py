"""Who is meant by a request: documents, phones and e-mails in their canonical forms, and what mentions them.

Leads, contacts and replies hold canonical forms, and are found by their indexes. Refused rows hold what stood in the
file. There a person is found by a pattern of PostgreSQL (`mention`): the digits of a phone or a document with
punctuation between them, with or without country code and ninth digit, and the address of an e-mail. A name finds
nobody: many people have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Rows
from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical, phones_meant
from chalicelib.contacts.documents import read_document
from chalicelib.erased import Contact
from chalicelib.errors import FieldError, Invalid
from chalicelib.privacy.requests import SubjectKind, SubjectRequest

_BRAZIL = "+55"
_MOBILE_DIGITS = 11
_GAP = "[ ().+/-]{0,3}"


class Subject(NamedTuple):
    """The identifiers of a person, canonical and each once."""

    documentos: tuple[str, ...] = ()
    telefones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    def identifiers(self) -> list[tuple[SubjectKind, str]]:
        """All of them, each with its kind."""
        return [
            *((SubjectKind.DOCUMENTO, each) for each in self.documentos),
            *((SubjectKind.TELEFONE, each) for each in self.telefones),
            *((SubjectKind.EMAIL, each) for each in self.emails),
        ]


class SubjectSlice(NamedTuple):
    """A slice of a person's leads, and everything that is the person's alone: contacts, documents, names at providers.

    A contact that another lead has too is the person's only if the request names it: then the other lead is meant, too.
    """

    lead_ids: tuple[UUID, ...]
    contacts: tuple[Contact, ...]
    documentos: tuple[str, ...]

    @property
    def contatos(self) -> list[str]:
        """The contacts without their channels."""
        return [each.contato for each in self.contacts]

    @property
    def senders(self) -> list[str]:
        """How providers may write the contacts: also without the plus sign and without the ninth digit."""
        phones = [each.contato for each in self.contacts if each.canal is Canal.WHATSAPP]
        digits = [f"55{form}" for phone in phones for form in national_forms(phone)]
        return list(
            dict.fromkeys([*self.contatos, *(phone[1:] for phone in phones), *digits, *map("+{}".format, digits)])
        )

    @property
    def mention(self) -> str:
        """The pattern that finds the person in the text of a refused row."""
        emails = [each.contato for each in self.contacts if each.canal is Canal.EMAIL]
        phones = [each.contato for each in self.contacts if each.canal is Canal.WHATSAPP]
        return mention_of(self.documentos, phones, emails)


def read_subject(request: SubjectRequest) -> Subject:
    """The identifiers of a request.

    Raises:
        Invalid: `titular_invalido`, with a pointer to each text that is no document, phone or e-mail.
    """
    errors: list[FieldError] = []

    def read(name: str, texts: Sequence[str], one: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for place, text in enumerate(texts):
            if meant := dict.fromkeys(one(text)):
                found |= meant
            else:
                errors.append(FieldError(f"/{name}/{place}", "titular_invalido", name))
        return tuple(found)

    subject = Subject(
        read("documentos", request.documentos, _documents),
        read("telefones", request.telefones, _phones),
        read("emails", request.emails, _emails),
    )
    if errors:
        raise Invalid("requisicao_invalida", tuple(errors))
    return subject


def _documents(text: str) -> Iterable[str]:
    document, _ = read_document(text)
    return [document] if document else []


def _phones(text: str) -> Iterable[str]:
    """The number that a text is by the rules of ingestion, else those that a search takes it for.

    Only one of them is asked: eleven digits from Brazil may be a phone of another country with a plus sign in front.
    """
    if phone := canonical(Canal.WHATSAPP, text):
        return [phone]
    meant = phones_meant(re.sub(r"[^0-9+]", "", text))
    return [each for each in (canonical(Canal.WHATSAPP, each) for each in meant) if each]


def _emails(text: str) -> Iterable[str]:
    email = canonical(Canal.EMAIL, text)
    return [email] if email else []


def leads_of(rows: Rows, subject: Subject, after: UUID | None, most: int) -> list[UUID]:
    """The next leads of a person, in the order of their ids."""
    found = rows.all("find_titular_leads", **_named(subject), depois=after, limite=most)
    return [row["lead_id"] for row in found]


def person_of(rows: Rows, subject: Subject, lead_ids: Sequence[UUID]) -> SubjectSlice:
    """What is the person's alone, of some leads and of the request itself."""
    named = [
        *(Contact(Canal.WHATSAPP, each) for each in subject.telefones),
        *(Contact(Canal.EMAIL, each) for each in subject.emails),
    ]
    of_leads = rows.all("list_titular_contatos", lead_ids=list(lead_ids))
    own = [Contact(Canal(row["canal"]), row["contato"]) for row in of_leads if not row["de_outro"]]
    documents = [row["documento"] for row in rows.all("list_titular_documentos", lead_ids=list(lead_ids))]
    return SubjectSlice(
        tuple(lead_ids),
        tuple(dict.fromkeys([*named, *own])),
        tuple(dict.fromkeys([*subject.documentos, *documents])),
    )


def _named(subject: Subject) -> dict[str, list[str]]:
    return {name: list(values) for name, values in subject._asdict().items()}


def national_forms(phone: str) -> list[str]:
    """A Brazilian phone without its country code, as it is and as old lists have it: without the ninth digit."""
    if not phone.startswith(_BRAZIL):
        return []
    national = phone.removeprefix(_BRAZIL)
    has_ninth = len(national) == _MOBILE_DIGITS and national[2] == "9"
    return [national, national[:2] + national[3:]] if has_ninth else [national]


def mention_of(documents: Iterable[str], phones: Iterable[str], emails: Iterable[str]) -> str:
    """A pattern of PostgreSQL for texts in lower case that mention one of these; empty without any."""
    numbers = [_number(each) for each in phones]
    # A number cell loses leading zeros.
    papers = [f"0{{0,3}}{_spread(each.lower().lstrip('0'))}" for each in documents]
    parts = [f"(?<![0-9])(?:{'|'.join(numbers)})(?![0-9])"] if numbers else []
    if papers:
        parts.append(f"(?<![0-9a-z])(?:{'|'.join(papers)})(?![0-9a-z])")
    if addresses := [re.escape(each) for each in emails]:
        parts.append(f"(?<![a-z0-9._%+-])(?:{'|'.join(addresses)})(?![.]?[a-z0-9-])")
    return "|".join(parts)


def _number(phone: str) -> str:
    forms = "|".join(map(_spread, national_forms(phone)))
    return f"(?:(?:00)?{_spread('55')}{_GAP})?0?(?:{forms})" if forms else f"(?:00)?{_spread(phone[1:])}"


def _spread(characters: str) -> str:
    return _GAP.join(characters)
