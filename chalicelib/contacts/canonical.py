"""A contact as `disparos.destino` holds it, whichever way it was written: by the rules of ingestion."""

from __future__ import annotations

from chalicelib.canal import Canal
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.telephones import read_phones


def canonical(canal: Canal, written: str) -> str | None:
    """E.164 or a lower-case address; None unless the text is exactly one contact of the channel."""
    if canal is Canal.EMAIL:
        addresses, refused = read_emails(written)
        return addresses[0] if len(addresses) == 1 and not refused else None
    phones, refused = read_phones(written)
    return phones[0].telefone if len(phones) == 1 and not refused else None
