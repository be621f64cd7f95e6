"""Why a disparo ended as it did, in a sentence: of our own codes each has one, a provider's is named."""

from __future__ import annotations

from chalicelib import messages


def sentence(erro_codigo: str | None, ultimo_codigo: str | None) -> str | None:
    """What a person reads about an end, and about the attempt that led to it where that says more; None without one."""
    if erro_codigo is None:
        return None
    codes = dict.fromkeys([erro_codigo, ultimo_codigo or erro_codigo])
    return " ".join(map(_of, codes))


def _of(codigo: str) -> str:
    """Only sentences without blanks to fill in: what would fill them is not kept with a code."""
    if codigo in messages.CATALOGUE and "{" not in messages.CATALOGUE[codigo][0]:
        return messages.text(codigo)
    return messages.text("codigo_do_provedor", codigo=codigo)
