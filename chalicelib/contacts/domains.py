"""Finds domains of e-mail addresses that are certainly misspelt: `gmail.con`, `hotmial.com`, `empresa.con.br`.

A message to such a domain reaches nobody, or a stranger who registered the misspelling. The rules are strict, because a
domain that only resembles a well-known one may be somebody's own:

- An ending that does not exist (`.con`, `.comm`, `.con.br`) is a misspelling in any domain.
- A large provider of mailboxes has few endings. So `gmail.co` and `hotmail.com.bt` are misspellings too.
- A name is a misspelling of a provider's if one letter is missing, added or different, or if two letters have changed
  places. The first letter must stay, except in a swap: `ymail.com`, `email.com` and `mail.com` are providers too.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

# Last labels that are no top-level domain (root zone of IANA, 2026), and what was meant.
_NO_COM = "con cmo ocm vom xom cpm comm coom conm comn ccom cim clm cok kom cpom coml comt"
_LAST_LABELS = {
    **dict.fromkeys(_NO_COM.split(), "com"),
    **dict.fromkeys(("combr", "ombr", "conbr", "comb"), "com.br"),
    **dict.fromkeys(("rb", "vr", "bbr", "brr", "brb", "bra"), "br"),
    **dict.fromkeys(("nte", "ney", "nett"), "net"),
    **dict.fromkeys(("ogr", "rog", "orgg"), "org"),
}
# Labels before `.br` that are no category of registro.br. There, people's domains stand below a category.
_NO_CATEGORIES = frozenset({*_NO_COM.split(), "cm"})
# Endings that exist, but in which the providers below have no mailboxes.
_NOT_OF_PROVIDERS = {
    **dict.fromkeys(("co", "cm", "om"), "com"),
    **dict.fromkeys(("br", "com.bt", "com.nr", "co.br", "om.br"), "com.br"),
}
_PROVIDERS = {"gmail": False, "hotmail": True, "icloud": False, "outlook": True, "yahoo": True}
"""The names of the providers, each with whether it has mailboxes in `.com.br` too."""
_OWN_NAMES = frozenset({"gomail", "grail", "hostmail", "hotemail", "hotmall"})
"""Names of others that are one letter away from the name of a provider."""


def _misspellings(name: str) -> Iterator[str]:
    """Yield the texts that are one edit away from a name and keep its first letter, and each swap of two letters."""
    for place in range(1, len(name) + 1):
        before, after = name[:place], name[place:]
        yield from (before + letter + after for letter in ascii_lowercase)
        if after:
            yield from (before + letter + after[1:] for letter in ascii_lowercase)
            yield before + after[1:]
            yield before[:-1] + after[0] + before[-1] + after[1:]


_MEANT = {misspelt: name for name in _PROVIDERS for misspelt in _misspellings(name)} | {"icould": "icloud"}
_USUAL_ENDINGS = frozenset({"com", "com.br", "br", "net", "org", "net.br", "org.br"})


def likely_domain(domain: str) -> str | None:
    """Return the domain that was certainly meant, in lower case as this one; None if this one may be right."""
    name, dot, ending = domain.partition(".")
    if not dot or (ending in _USUAL_ENDINGS and name not in _MEANT):
        return None  # nearly all domains: a provider's own name is among the texts that mean it
    right = _existing(ending)
    if name in _PROVIDERS:
        right = _NOT_OF_PROVIDERS.get(right, right)
    elif right in {"com", "com.br"} and name not in _OWN_NAMES:
        name = _MEANT.get(name, name)
    if right == "com.br" and not _PROVIDERS.get(name, True):
        right = "com"
    likely = f"{name}.{right}"
    return None if likely == domain else likely


def likely_address(address: str) -> str | None:
    """Return an address with the domain that was certainly meant; None if its domain may be right."""
    local, _, domain = address.rpartition("@")
    likely = likely_domain(domain)
    return likely and f"{local}@{likely}"


def _existing(ending: str) -> str:
    """Return the ending that exists for one that does not; any other ending as it is."""
    rest, dot, last = ending.rpartition(".")
    last = _LAST_LABELS.get(last, last)
    before, _, category = rest.rpartition(".")
    if last == "br" and category in _NO_CATEGORIES:
        return f"{before}.com.br" if before else "com.br"
    return rest + dot + last
