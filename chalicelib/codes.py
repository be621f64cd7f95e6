"""What a code that is stored with a row says to a person. Pure."""

from __future__ import annotations

from chalicelib import messages


def explained(code: str, language: str) -> str:
    """The sentence of a code of ours; a provider's code is quoted with its meaning.

    Only sentences without parameters are used: what would fill them is not stored with a code.
    """
    if code in messages.CATALOGUE and "{" not in messages.CATALOGUE[code][0]:
        return messages.text(code, language)
    if (meaning := messages.meaning(code, language)) is not None:
        return messages.text("codigo_explicado", language, codigo=code, sentido=meaning)
    return messages.text("codigo_do_provedor", language, codigo=code)
