"""Versions: an `ETag` names what is shown (RFC 9110, section 13.1).

A change that expects another version is refused, so two people who edit one thing do not undo each other in silence.
Who asks again for what has not changed is told so, and gets no body.
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
IF_NONE_MATCH = "If-None-Match"
# One entity tag; a weak one matches nothing here, because the comparison is the strong one.
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_LIST = re.compile(rf"{_TAG.pattern}(\s*,\s*{_TAG.pattern})*")
_ANY = "*"
# An entry of its timeline is no change of a lead, and a person who signs in changes nothing that an administrator
# decides. Both are shown, so a tag has a digest of them behind the version.
_BESIDE = ("linha_do_tempo", "entrou")
# How much waits for a configuration is told of a change of it, and shown nowhere else.
_OF_THE_CHANGE = ("disparos_a_redatar", "agendamentos_a_redatar")
_LEFT_OUT = frozenset({*_BESIDE, *_OF_THE_CHANGE})
_DOT = "."
_DIGITS = 32


class Versioned(dict[str, object]):
    """An answer that shows a thing which has versions."""

    @property
    def etag(self) -> str:
        """The entity tag: its version, and behind a dot a digest of what is shown beside that."""
        beside = [self[name] for name in _BESIDE if name in self]
        return f'"{version_of(self)}{_DOT + _digest(beside) if beside else ""}"'


def version_of(answer: Mapping[str, object]) -> str:
    """The version of what an answer shows: another one if anything that people change is different."""
    return _digest({name: value for name, value in answer.items() if name not in _LEFT_OUT})


def tag_of(text: str) -> str:
    """The weak entity tag of an answer without versions: another one if anything in it is different."""
    return f'W/"{_digest_of(text)}"'


def is_known(tag: str, header: str) -> bool:
    """Whether a header `If-None-Match` names an entity tag; the comparison is the weak one (RFC 9110, 13.1.2)."""
    known = header.strip()
    return known == _ANY or _opaque(tag) in {_opaque(each.strip()) for each in known.split(",")}


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")


def _digest(content: object) -> str:
    return _digest_of(to_json(content))


def _digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGITS]


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
        return cls(frozenset(tag.partition(_DOT)[0] for weak, tag in _TAG.findall(text) if not weak))

    def check(self, current: Mapping[str, object]) -> None:
        """Check that the thing has not changed since; call it while the thing is locked.

        Raises:
            PreconditionFailed: `versao_mudou`.
        """
        if self.versions is not None and version_of(current) not in self.versions:
            raise PreconditionFailed("versao_mudou")
