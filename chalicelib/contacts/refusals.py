"""What is said of a row or cell of a file that was refused. Pure."""

from __future__ import annotations

from chalicelib import messages
from chalicelib.contacts.domains import likely_address


def refusal_sentence(code: str, value: str, language: str) -> str:
    """The sentence of a refused row or cell; where the domain of an address was misspelt, it names the likely one."""
    likely = likely_address(value) if code == "dominio_suspeito" else None
    return messages.text(code, language, valor=value, provavel=likely)
