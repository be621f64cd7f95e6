"""Whether a reply is an opt-out: a word of the short list, alone or with nothing but small words around it.

Any other reply is for a person to read. `CANCELAR` is not on the list: it may cancel a meeting.
"""

from __future__ import annotations

import re
from unicodedata import combining, normalize

_STOP = frozenset({"sair", "saia", "pare", "parar", "stop", "unsubscribe", "descadastrar", "descadastre"})
# fmt: off
_SMALL = frozenset({
    "a", "as", "da", "das", "de", "do", "dos", "o", "os", "me", "meu", "minha", "por", "favor", "please", "quero",
    "gostaria", "obrigado", "obrigada", "mandar", "enviar", "receber", "mensagem", "mensagens", "promocao", "promocoes",
    "promotions", "messages", "lista", "contato", "numero", "email",
})
# fmt: on
_MOST_WORDS = 10


def is_opt_out(text: str) -> bool:
    """Whether the person asks for no more messages; case, accents and punctuation do not matter."""
    bare = "".join(each for each in normalize("NFKD", text) if not combining(each))
    words = re.findall(r"[a-z]+", bare.casefold())
    others = re.search(r"[^\W_a-z]", bare.casefold())
    return (
        0 < len(words) <= _MOST_WORDS
        and others is None
        and not _STOP.isdisjoint(words)
        and all(word in _STOP or word in _SMALL for word in words)
    )
