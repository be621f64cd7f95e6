"""Reads the answer of a tool: the configuration says where the success, the message id and the error code are.

Servers answer in every shape: JSON in `structuredContent`, JSON in a string in it, JSON in the text, plain text. A
reader names a place in the JSON (`campo`), a pattern in the text (`padrao`), or a pattern in the text at a place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.adapters.calls import Answer

_VALUE = "{valor}"
# What `{valor}` matches: one word. Quotes, brackets and separators end it.
_WORD = r"""([^\s"'()\[\]{}<>,;]{1,255})"""
# A provider's code is short. Eight digits in a row could be a phone number or a document, so they are no code.
_CODE = re.compile(r"(?!.*\d{8})[A-Za-z0-9_.:-]{1,64}")
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,255}")
# A normal answer has some hundred characters. Of a longer one, only so much is parsed, and only so much is searched for
# patterns: a tenant controls both the server and the patterns, so the work for one answer must have a limit.
_READ_CHARACTERS = 20_000
_SEARCHED_CHARACTERS = 4_000
_MOST_READERS = 16

PatternText = Annotated[str, StringConstraints(min_length=1, max_length=300)]
DocumentPath = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]


class DocumentPart(BaseModel):
    """A part of a channel's document: immutable, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Pattern:
    """A text to search for: `*` matches anything, `{valor}` matches the one word to extract, all else matches itself.

    It is not a regular expression: a person writes it without escapes, and no text makes the search slow.
    """

    def __init__(self, text: str) -> None:
        self._segments = [_segment(part) for part in text.split("*") if part]

    def find(self, text: str) -> str | None:
        """The word at `{valor}`, or "" if the pattern has no `{valor}`; None if the text does not match."""
        position, found = 0, ""
        for segment in self._segments:
            match = segment.search(text, position)
            if match is None:
                return None
            found = match[1] if segment.groups else found
            position = match.end()
        return found


def _segment(text: str) -> re.Pattern[str]:
    return re.compile(_WORD.join(re.escape(words) for words in text.split(_VALUE)), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer that is ready for the readers: its text, and the JSON document in it (None if there is none)."""

    text: str
    document: object = field(default=None)

    @classmethod
    def of(cls, answer: Answer, most: int = _READ_CHARACTERS) -> Reading:
        """Parse `structuredContent`, else the text, and unwrap the `{"result": …}` that FastMCP puts around either.

        Of a longer text than `most` characters, only so much is read: a document that is cut is none.
        """
        text = answer.text[:most]
        document = _parsed(answer.structured, most) if answer.structured is not None else _parsed(text, most)
        if isinstance(document, dict) and document.keys() == {"result"}:
            document = _parsed(document["result"], most)
        return cls(text, document)

    def at(self, path: str) -> object:
        """The value at a dotted path, through lists (by index) and JSON in strings; None if there is none."""
        value = self.document
        for step in path.split("."):
            value = _parsed(value)
            match value:
                case dict():
                    value = value.get(step)
                case list() if step.isascii() and step.isdigit() and len(step) < 6 and int(step) < len(value):
                    value = value[int(step)]
                case _:
                    return None
        return value


def _parsed(value: object, most: int = _READ_CHARACTERS) -> object:
    """The JSON object or list that a string holds; any other value is returned as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value[:most])
    except (ValueError, RecursionError):
        return value


class ValueReader(DocumentPart):
    """Finds one value: at `campo`, by `padrao`, or by `padrao` in the text at `campo`."""

    campo: DocumentPath | None = None
    padrao: PatternText | None = None
    _pattern: Pattern | None = None

    @model_validator(mode="after")
    def _check_place(self) -> ValueReader:
        if self.campo is None and self.padrao is None:
            raise PydanticCustomError("leitura_vazia", "say where: campo, padrao or both")
        if self.padrao is not None:
            if self.padrao.count(_VALUE) > 1:
                raise PydanticCustomError("padrao_com_dois_valores", "at most one {valor}")
            if not self.padrao.strip("*"):
                raise PydanticCustomError("leitura_vazia", "a pattern needs words")
            self._pattern = Pattern(self.padrao)
        return self

    def read(self, reading: Reading) -> object:
        """The value, None if it is not there, True if a pattern without `{valor}` matches."""
        value = reading.text if self.campo is None else reading.at(self.campo)
        if self._pattern is None:
            return value
        found = self._pattern.find(_as_text(value)[:_SEARCHED_CHARACTERS])
        return True if found == "" else found


class SuccessReader(ValueReader):
    """Recognises an answer that means "sent": the value is there (and equals `igual`, if that is given)."""

    igual: bool | int | str | None = None

    def holds(self, reading: Reading) -> bool:
        """Whether the answer means "sent", by this reader."""
        value = self.read(reading)
        if self.igual is None:
            return bool(value)
        return type(value) is type(self.igual) and value == self.igual


class CodeReader(ValueReader):
    """Finds an error code; with `codigo`, that is the code of every answer in which the reader finds something."""

    codigo: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] | None = None

    def code(self, reading: Reading) -> str | None:
        """The provider's code; None if there is no value or the value cannot be a code."""
        value = self.read(reading)
        if not value or self.codigo is not None:
            return self.codigo if value else None
        text = _as_text(value).rstrip(".:")
        return text if _CODE.fullmatch(text) else None


CodeReaders = Annotated[tuple[CodeReader, ...], Field(max_length=_MOST_READERS)]


def first_code(readers: Iterable[CodeReader], reading: Reading) -> str | None:
    """The first code that the readers find, in their order."""
    return next((code for code in (reader.code(reading) for reader in readers) if code), None)


def identifier(reader: ValueReader | None, reading: Reading) -> str | None:
    """The provider's id of a message, as the reader finds it; None if the value cannot be an id."""
    value = reader.read(reading) if reader else None
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


class ResultReader(DocumentPart):
    """How to read a tool's answer. `isError` alone is no verdict: real servers report a failed send without it."""

    sucesso: Annotated[tuple[SuccessReader, ...], Field(max_length=_MOST_READERS)] = ()
    message_id: ValueReader | None = None
    codigo: CodeReaders = ()
    espera: ValueReader | None = Field(default=None, description="the seconds to wait that the provider asks for")

    def is_success(self, answer: Answer, reading: Reading) -> bool:
        """Whether the message was accepted: no `isError`, and if `sucesso` has readers, at least one of them holds."""
        holds = not self.sucesso or any(each.holds(reading) for each in self.sucesso)
        return holds and not answer.is_error

    def message_id_in(self, reading: Reading) -> str | None:
        """The provider's id of the message; None if there is none or the value cannot be an id."""
        return identifier(self.message_id, reading)

    def code_in(self, reading: Reading) -> str | None:
        """The first code that the readers find, in their order."""
        return first_code(self.codigo, reading)

    def wait_in(self, reading: Reading) -> float | None:
        """The seconds to wait that the provider asks for; None if it names none."""
        text = _as_text(self.espera.read(reading) if self.espera else None).rstrip(".")
        return float(text) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) else None


def _as_text(value: object) -> str:
    """A string or a number as text; "" for any other value."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
