"""Reads the addresses of an e-mail cell: lower case, domain in ASCII, valid by their syntax (without DNS queries).

People write more than addresses into such a cell: a name, a label (`E-mail: …`), a remark (`… (financeiro)`), an `e`
between two. A word beside an address is accepted only if a sign or the word itself says that it is no part of the
address: `maria silva@x.com` may be somebody else than silva, and `maria@x.com br` somebody else than maria.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from email_validator import EmailNotValidError, validate_email

from chalicelib.contacts.domains import likely_address, likely_domain
from chalicelib.contacts.pieces import EDGES, MAX_CONTACTS, SEPARATORS, RefusedPiece, explode, normalised, plain, refuse

# The comma of "maria@x,com" is a full stop that somebody missed. So it separates nothing.
_SEPARATOR = re.compile(rf"[{SEPARATORS}](?!(?<=,) ?(?:com|net|org|br)(?:[.,]br)?[ \t]*(?:[{SEPARATORS}]|\Z))")
_ANY_SEPARATOR = re.compile(rf"[{SEPARATORS}]")
_SURELY_SEPARATING = (">", ";", "|", "\r", "\n")
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_LONGEST_PIECE = 400  # an address with a name in front of it

# The shape of nearly every address. At 64 characters in all, no part can exceed its own limit. Without two hyphens in a
# row there is no Punycode to decode. The excluded top-level names receive no mail (RFC 6761, 6762, 7686).
_ADDRESS = (
    r"(?=[^ ]{1,64}+(?: |\Z))[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+"
    r"@(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)++(?!(?:arpa|invalid|local|localhost|onion|test)(?: |\Z))[a-z]{2,}+"
)
_USUAL = re.compile(_ADDRESS).fullmatch
_USUAL_CELL = re.compile(rf"{_ADDRESS}(?: \| {_ADDRESS}){{0,{MAX_CONTACTS - 1}}}+").fullmatch

_DOMAIN = re.compile(r"@([^\s@]++)")
_MAILTO = re.compile(r"(mailto:[^\s?|;<>\"]{1,320})\?[^\s|;<>\"]*", re.IGNORECASE)
_REMARK_BEHIND = re.compile(r"(@[^\s()<>]{1,255}\s{1,3})\((?!\.)[^()@]{1,200}\)")
_IN_BRACKETS = re.compile(rf"[^\s<>@{SEPARATORS}]{{1,64}}@")
# What may be an address inside a piece: it has no blanks, brackets or double quotes.
_CANDIDATE = re.compile(r"[^\s<>()\[\]\"“”«»]*@[^\s<>()\[\]\"“”«»]*")
_REMARK = re.compile(r"(?:(?<!\S)[(\[](?!\.)[^()\[\]@]*|[(\[][^()\[\]@.]{3,})[)\]]")
_AROUND = "'‘’`´*•·"  # an address may begin with some of these, but nobody's does
_AFTER = _AROUND + ".,:;!?-\ufffd"  # U+FFFD stands for the NULs that old programs fill a field up with
_SIGN_BEFORE = re.compile(r"(?:[:<(\[\"“«]|(?:\A|\s)[-=>*•·]+)\s*\Z").search
_SIGN_AFTER = re.compile(r"[>)\]\"”»'’]*(?:\s*:|\s+[(\[](?!\.)|\s+[-=*•·]+\s|[.,;:!?\s\ufffd-]*\Z)|[>)\]\"”»]").match
_WORD = re.compile(r"[^\s.,:;()\[\]<>\"“”«»-]+")
# Words that join two addresses, or say that an address follows.
_JOINING = frozenset({"e", "ou", "and", "or", "&", "+", "email", "emails", "mail", "mails", "correio", "eletronico"})
# Words that say what an address is for, or whose it is. None of them is the end of a domain.
_REMARKS = (
    "do da de dos das meu minha principal secundario alternativo atual novo antigo preferencial oficial comercial "
    "corporativo profissional empresarial pessoal particular trabalho casa residencial institucional financeiro "
    "financeira cobranca fiscal nf nfe contabilidade contabil contador contadora compras vendas suporte rh diretoria "
    "diretor diretora gerente gerencia socio socia proprietario proprietaria dono dona mae pai esposa esposo marido "
    "filho filha irmao irma titular conjuge cliente contato recado matriz filial loja empresa escritorio adm "
    "administrativo administracao juridico secretaria recepcao atendimento faturamento boleto nota primary work home "
    "personal"
)
_REMARKING = _JOINING | frozenset(_REMARKS.split())


def read_emails(cell: str, *, any_domain: bool = False) -> tuple[list[str], list[RefusedPiece]]:
    """Return the addresses of a cell in their order without repeats, and the refusals; the first address is principal.

    ` | `, `;`, `,`, `/`, line breaks and blanks separate addresses. So an address that contains one of them is refused,
    although RFC 5322 allows `/` and `|` before the @. The refusal of a misspelt domain (`domains`) has the address
    alone. `any_domain` accepts such addresses: somebody may ask about one that was stored before.

    Codes: `email_invalido`, `dominio_suspeito`, `contatos_demais`.
    """
    [usual] = usual_emails([cell])
    if usual:
        return list(usual), []
    cell = _without_remarks(_without_queries(_without_names(cell)))
    return explode(cell, _SEPARATOR, partial(_read, any_domain))


def usual_emails(cells: Sequence[str]) -> list[tuple[str, ...] | None]:
    """Return what `read_emails` finds in each cell; None for a cell with anything but addresses of the usual shape."""
    found = [
        None if match is None else tuple(dict.fromkeys(cell.split(" | "))) if " " in cell else (cell,)
        for cell, match in zip(cells, map(_USUAL_CELL, cells), strict=True)
    ]
    # One search finds the domains of all cells, and hardly ever a misspelt one.
    if any(map(likely_domain, set(_DOMAIN.findall("\n".join(cells))))):
        return [None if read and any(map(likely_address, read)) else read for read in found]
    return found


def _without_names(cell: str) -> str:
    """Return the cell without the names before `<…>` that contain separators: `"Souza, Ana" <ana@x.com>`.

    A comma or a slash belongs to the name unless an address stands before it. A name that contains an @ is kept.
    """
    if "<" not in cell:
        return cell
    parts = cell.split("<")
    named = (_without_name(part) if _IN_BRACKETS.match(after) else part for part, after in pairwise(parts))
    return "<".join([*named, parts[-1]])


def _without_name(part: str) -> str:
    """Return the text before a `<` without the name at its end, if that contains a separator."""
    text = part.rstrip()
    begin = text.rfind('"', 0, -1) if text.endswith('"') else -1
    if begin < 0 or "@" in text[begin:]:
        begin = 1 + max(map(part.rfind, _SURELY_SEPARATING))
        if (at := part.rfind("@", begin)) >= 0:
            breaks = [place for place in (part.find(",", at), part.find("/", at)) if place >= 0]
            begin = 1 + min(breaks, default=len(part))
    return part[:begin] if _SEPARATOR.search(part, begin) else part


def _without_queries(cell: str) -> str:
    """Return the cell without what follows the `?` of a `mailto:`."""
    if "mailto:" not in cell.lower():
        return cell
    cell = cell.replace("%40", "@")
    before, _, query = cell.partition("?")
    if "@" not in query and before.strip(EDGES)[:7].lower() == "mailto:":
        return before  # the words of the subject may contain blanks and separators
    return _MAILTO.sub(r"\1", cell)


def _without_remarks(cell: str) -> str:
    """Return the cell without the remarks in brackets behind addresses, which may contain separators."""
    return _REMARK_BEHIND.sub(r"\1", cell) if "(" in cell else cell


def _read(any_domain: bool, piece: str) -> list[str | RefusedPiece]:
    """Return the addresses of a piece and its refusals; one refusal if a word in it may be part of an address."""
    if usual := _usual(piece):
        return [_checked(usual, any_domain)]
    candidates = _candidates(normalised(piece)) if len(piece) <= _LONGEST_PIECE else []
    if not candidates:
        return [refuse("email_invalido", piece)]
    read = [(each, _usual(each) or _by_library(each)) for each in candidates]
    return [
        _checked(address, any_domain) if address else refuse("email_invalido", each if len(read) > 1 else piece)
        for each, address in read
    ]


def _checked(address: str, any_domain: bool) -> str | RefusedPiece:
    return refuse("dominio_suspeito", address) if not any_domain and likely_address(address) else address


def _candidates(text: str) -> list[str]:
    """Return the texts of a piece that may be addresses; none if a word beside them may be part of one."""
    text = _REMARK.sub(" ", text)
    found: list[str] = []
    place = 0
    for match in _CANDIDATE.finditer(text):
        begin, end = match.span()
        begin = max(begin, 1 + text.rfind(":", begin, text.index("@", begin)))  # "E-mail:maria@x.com"
        before = text[place:begin]
        candidate = text[begin:end].lstrip(_AROUND).rstrip(_AFTER)
        if not _leads(before):
            return []
        if found and before.strip("\"'’” \t") == "<" and candidate.lower() != found[-1].lower():
            return []  # the name of an address is another address
        place = begin + len(text[begin:end].rstrip(_AFTER))
        if text.startswith("..", place):
            return []  # cut short
        found.append(candidate)
    return found if _follows(text[place:]) else []


def _leads(text: str) -> bool:
    """Whether a text before an address is certainly no part of it."""
    return _SIGN_BEFORE(text) is not None or _has_only(text, _JOINING)


def _follows(text: str) -> bool:
    """Whether a text after an address is certainly no part of it."""
    return _SIGN_AFTER(text) is not None or _has_only(text, _REMARKING)


def _has_only(text: str, words: frozenset[str]) -> bool:
    return all(plain(word) in words for word in _WORD.findall(text))


def _usual(piece: str) -> str | None:
    """Return the address if it has the usual shape: the same result as `_by_library`, in a fiftieth of its time."""
    address = piece.lower() if piece.isascii() else piece
    return address if _USUAL(address) else None


def _by_library(address: str) -> str | None:
    """Return the address if email-validator accepts it; a longer text, which would keep it busy, is refused first."""
    if len(address) > _LONGEST_ADDRESS or _ANY_SEPARATOR.search(address):
        return None
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return f"{valid.local_part}@{valid.ascii_domain}".lower()
