"""What is known of a lead, and what becomes of it when another row says more. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.ingestion.contacts import Telefone


class Dados(NamedTuple):
    """What a row says of a lead; blank cells are None, contacts in their order and each once."""

    nome: str | None = None
    contato: str | None = None
    documento: str | None = None
    telefone_raw: str | None = None
    email_raw: str | None = None
    telefones: tuple[Telefone, ...] = ()
    emails: tuple[str, ...] = ()


def merged(old: Dados, new: Dados) -> Dados:
    """The old with the new over it: a blank keeps what was there, new contacts come after the old ones (SPEC §1)."""
    known = {each.telefone for each in old.telefones}
    return Dados(
        new.nome or old.nome,
        new.contato or old.contato,
        new.documento or old.documento,
        new.telefone_raw or old.telefone_raw,
        new.email_raw or old.email_raw,
        old.telefones + tuple(each for each in new.telefones if each.telefone not in known),
        tuple(dict.fromkeys(old.emails + new.emails)),
    )


def principal(telefones: Sequence[Telefone]) -> str | None:
    """The phone to try first: the first that a message may be sent to, else the first that there is."""
    for each in telefones:
        if each.valido_para_disparo:
            return each.telefone
    return telefones[0].telefone if telefones else None
