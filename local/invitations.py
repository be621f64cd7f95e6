"""The invitations in the mailbox, as a mail program reads them: `python -m local mailbox --ics`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from icalendar import Calendar


class ReceivedInvitation(NamedTuple):
    """One appointment in the calendar part of a mail; `n` is the number of the mail in the mailbox."""

    n: int
    para: str
    metodo: str
    uid: str
    sequencia: int
    inicio: str
    titulo: str
    texto: str


def invitations(mails: Iterable[Mapping[str, Any]]) -> list[ReceivedInvitation]:
    """Return every appointment in these mails, which are as the provider describes them, in the order of arrival."""
    return [
        ReceivedInvitation(
            n=mail["n"],
            para=", ".join(mail["para"]),
            metodo=str(part["metodo"]),
            uid=str(event["UID"]),
            sequencia=int(str(event["SEQUENCE"])),
            inicio=event.decoded("DTSTART").isoformat(),
            titulo=str(event["SUMMARY"]),
            texto=part["texto"],
        )
        for mail in mails
        for part in mail["calendarios"]
        for event in Calendar.from_ical(part["texto"]).walk("VEVENT")
    ]


def text_of(found: Iterable[ReceivedInvitation]) -> str:
    """Return them as blocks of lines, without their files: no table of 80 columns has room for a UID."""
    return "\n".join(
        f"{each.n}  {each.metodo}  {each.inicio}  {each.titulo}\n"
        f"   UID: {each.uid}\n"
        f"   SEQUENCE: {each.sequencia}\n"
        f"   to: {each.para}\n"
        for each in found
    )
