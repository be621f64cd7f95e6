"""Versions of what people change: an `ETag` names one, and a change that expects another is refused (RFC 9110, 13.1.1).

So two people who edit one thing do not undo each other in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from chalicelib.encoding import to_json
from chalicelib.errors import FieldError, Invalid, PreconditionFailed

HEADER = "If-Match"
# One entity tag; a weak one matches nothing here, because the comparison is the strong one.
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_LIST = re.compile(rf"{_TAG.pattern}(\s*,\s*{_TAG.pattern})*")
_ANY = "*"
# An entry of its timeline is no change of a lead, how much waits for a configuration is no part of that, and a person
# who signs in changes nothing that an administrator decides.
_BESIDE = frozenset({"linha_do_tempo", "disparos_a_redatar", "agendamentos_a_redatar", "entrou"})
_DIGITS = 32


class Versioned(dict[str, object]):
    """An answer that shows a thing which has versions."""

    @property
    def etag(self) -> str:
        """The entity tag of its version."""
        return f'"{version_of(self)}"'


def version_of(answer: Mapping[str, object]) -> str:
    """The version of what an answer shows: another one if anything that people change is different."""
    content = {name: value for name, value in answer.items() if name not in _BESIDE}
    return sha256(to_json(content).encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """The versions of which the client has seen one; None stands for any."""

    versions: frozenset[str] | None

    @classmethod
    def of(cls, header: str) -> Self:
        """What a header `If-Match` says.

        Raises:
            Invalid: `if_match_invalido`, it is neither `*` nor a list of entity tags.
        """
        text = header.strip()
        if text == _ANY:
            return cls(None)
        if not _LIST.fullmatch(text):
            raise Invalid("if_match_invalido", (FieldError(f"header/{HEADER}", "if_match_invalido", HEADER),))
        return cls(frozenset(tag for weak, tag in _TAG.findall(text) if not weak))

    def check(self, current: Mapping[str, object]) -> None:
        """Check that the thing has not changed since; call it while the thing is locked.

        Raises:
            PreconditionFailed: `versao_mudou`.
        """
        if self.versions is not None and version_of(current) not in self.versions:
            raise PreconditionFailed("versao_mudou")
