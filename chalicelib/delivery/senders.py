"""Who a reply is from: every form under which we may know the contact of a sender. Pure.

WhatsApp names a Brazilian account with or without its ninth digit, whatever its DDD and range. Other systems leave the
55 out, or put their own marks around the number. Since 2026 a person may hide the number; an id of the provider stands
in its place (`BR.…`).
"""

from __future__ import annotations

import re
from typing import NamedTuple, assert_never

from chalicelib.canal import Canal
from chalicelib.contacts.canonical import canonical

# `whatsapp:+55…` (Twilio), `55…:12@s.whatsapp.net`, `55…@c.us` (WhatsApp itself).
_NUMBER = re.compile(r"(?:whatsapp:)?\+?([0-9]{8,15})(?::[0-9]+)?(?:@(?:c\.us|s\.whatsapp\.net))?")
_BRAZILIAN = re.compile(r"(?:55)?([1-9]{2})(9?)([1-9][0-9]{7})")
# Meta's business-scoped user id: a country, a full stop, up to 128 letters and digits; `@lid` is WhatsApp's own.
_USER = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}|[0-9]{5,32}@lid")
_MOBILE = "6789"


class ReplySender(NamedTuple):
    """A sender: `forms` are all contacts that it may be, the likeliest first, `user_id` is the provider's own id."""

    forms: tuple[str, ...]
    user_id: str | None

    def readable(self, canal: Canal) -> tuple[str, ...]:
        """The forms under which ingestion would keep this contact: what is suppressed where no lead has it yet."""
        return tuple(dict.fromkeys(found for each in self.forms if (found := canonical(canal, each)) is not None))


def sender_of(canal: Canal, written: str, user_id: str | None) -> ReplySender:
    """The sender that a provider names so; `user_id` is its id of the person, if it gives one beside."""
    if user_id is None and _USER.fullmatch(written):
        return ReplySender((), written)
    match canal:
        case Canal.WHATSAPP:
            return ReplySender(_phone_forms(written.strip()), user_id)
        case Canal.EMAIL:
            address = canonical(canal, written)
            return ReplySender((address,) if address else (), user_id)
        case _:
            assert_never(canal)


def _phone_forms(written: str) -> tuple[str, ...]:
    number = _NUMBER.fullmatch(written)
    # A `wa_id` is a full number without its `+`.
    first = canonical(Canal.WHATSAPP, f"+{number[1]}" if number else written)
    found = _BRAZILIAN.fullmatch(number[1] if number else (first or "").removeprefix("+"))
    return tuple(dict.fromkeys([*([first] if first else []), *(_brazilian_forms(*found.groups()) if found else ())]))


def _brazilian_forms(ddd: str, ninth: str, subscriber: str) -> tuple[str, str]:
    """With and without the ninth digit. Eight digits that begin with 2 to 5 may be a landline, or a newer mobile."""
    with_ninth, without = f"+55{ddd}9{subscriber}", f"+55{ddd}{subscriber}"
    return (with_ninth, without) if ninth or subscriber[0] in _MOBILE else (without, with_ninth)
