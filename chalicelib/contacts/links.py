"""Rewrites links and ids of WhatsApp, and schemes such as `tel:`, to the phone number that they hold.

A link must be rewritten before a cell is split at its separators, because it contains them. What the rest of a link
says, such as the text of a message, is dropped.
"""

from __future__ import annotations

import re

_HINTS = ("wa.me/", "whatsapp", "@c.us", ":/", ";ext=", ";phone-context=")

# `wa.me/<number>` and `…/send?phone=<number>`. The number has its country code, but people forget it.
_LINK = re.compile(
    r"(?:https?://)?(?:[a-z]{2,4}\.)?"
    r"(?:wa\.me/(?:c/)?(?!send)|(?:wa\.me|whatsapp\.com|whatsapp:/)/send/?\?(?:[^\s|;=]{1,20}=[^\s|;&]{0,400}&){0,5}phone=)"
    r"(?:%2B|%20|\+)*([0-9](?:(?:%20|[().+-])*[0-9]){5,20})/?(?![0-9])"
    r"(?:[?&#](?:(?!https?:|wa\.me|[,;]\s*[+(]?[0-9])[^\s|;])*)?",
    re.IGNORECASE,
)
_ID = re.compile(r"(?<![0-9+])\+?([1-9][0-9]{7,14})(?::[0-9]{1,3})?@(?:c\.us|s\.whatsapp\.net)\b", re.IGNORECASE)
_SCHEME = re.compile(r"\b(?:tel|sms|callto|skype|whatsapp|wa):/{1,3}(?=\+?[0-9(])", re.IGNORECASE)
_EXTENSION = re.compile(r";ext=([0-9]{1,6})", re.IGNORECASE)  # RFC 3966
_CONTEXT = re.compile(r";(?:phone-context|isub)=[^\s;,|/]{1,100}", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"%20|[^0-9]")

LINKED = "wa.me:"
"""What stands before the digits of a link."""


def without_links(cell: str) -> str:
    """Return the cell with `wa.me:` and its digits in place of each link, and with E.164 in place of each id."""
    lower = cell.lower()
    if not any(hint in lower for hint in _HINTS):
        return cell
    cell = _CONTEXT.sub("", _EXTENSION.sub(r" ramal \1", cell))
    cell = _ID.sub(r"+\1", _LINK.sub(_digits, cell))
    return _SCHEME.sub("", cell)


def _digits(link: re.Match[str]) -> str:
    return f"{LINKED}{_NOT_DIGITS.sub('', link[1])}"
