"""Why a disparo ended as it did, in words: a code of ours has a sentence, a provider's is quoted with its meaning."""

from __future__ import annotations

from chalicelib import messages


def sentence(code: str | None, last_code: str | None, language: str = messages.PORTUGUESE) -> str | None:
    """What a person reads about an end, and about the last attempt where that says more; None without a code."""
    if code is None:
        return None
    codes = dict.fromkeys([code, last_code or code])
    return " ".join(_of(each, language) for each in codes)


def _of(code: str, language: str) -> str:
    """Only sentences without parameters are used: what would fill them is not stored with a code."""
    if code in messages.CATALOGUE and "{" not in messages.CATALOGUE[code][0]:
        return messages.text(code, language)
    if (meaning := messages.meaning(code, language)) is not None:
        return messages.text("codigo_explicado", language, codigo=code, sentido=meaning)
    return messages.text("codigo_do_provedor", language, codigo=code)
