"""Reads a contact into the form that `disparos.destino` holds, by the rules of ingestion."""

from __future__ import annotations

from typing import assert_never

from chalicelib.canal import Canal
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.telephones import read_phones


def canonical(canal: Canal, written: str) -> str | None:
    """The contact in E.164 or as a lower-case address; None unless the text is exactly one contact of the channel."""
    match canal:
        case Canal.EMAIL:
            addresses, refused = read_emails(written, any_domain=True)
            return addresses[0] if len(addresses) == 1 and not refused else None
        case Canal.WHATSAPP:
            phones, refused = read_phones(written)
            return phones[0].telefone if len(phones) == 1 and not refused else None
        case _:
            assert_never(canal)


def phones_meant(written: str) -> list[str]:
    """The numbers in E.164 that a search may mean.

    Digits alone may lack the country code. They may also be complete: an unencoded `+` of a query string arrives as a
    blank. Either may lack the ninth digit, as a `wa_id` and old lists do: stored numbers have it.
    """
    digits = written.removeprefix("+")
    forms = [written] if written.startswith("+") else [f"+{digits}", f"+55{digits}"]
    return list(dict.fromkeys([*forms, *filter(None, (canonical(Canal.WHATSAPP, each) for each in forms))]))
