"""Reading what a tool answered: where the message id, the success and the error code are, as configuration says.

Servers answer in every shape: JSON in `structuredContent`, JSON in a string in it, JSON in the text, plain words. A
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

_HOLE = "{valor}"
# What a hole may hold: one word of an identifier; quotes, brackets and separators end it.
_WORD = r"""([^\s"'()\[\]{}<>,;]{1,255})"""
# A provider's code: short, and never long enough in digits to be somebody's phone or document.
_CODE = re.compile(r"(?!.*\d{8})[A-Za-z0-9_.:-]{1,64}")
_IDENTIFIER = re.compile(r"[\x21-\x7e]{1,255}")
# Answers are some hundred characters; this much of a longer one is read, and this much of a text searched for words:
# a server and its channel may both be a stranger's, and what they make us do for one answer must have an end.
_READ_CHARACTERS = 20_000
_SEARCHED_CHARACTERS = 4_000
_MOST_READERS = 16

PatternText = Annotated[str, StringConstraints(min_length=1, max_length=300)]
DocumentPath = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]


class DocumentPart(BaseModel):
    """A part of a channel's document: unknown fields are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Pattern:
    """Words to look for: `*` stands for anything, `{valor}` for one word to take, everything else for itself.

    Not a regular expression: a person writes it without escaping, and no text makes it slow.
    """

    def __init__(self, text: str) -> None:
        self._segments = [_segment(part) for part in text.split("*") if part]

    def find(self, text: str) -> str | None:
        """The word in the hole, or "" if there is no hole; None if the words are not there."""
        position, found = 0, ""
        for segment in self._segments:
            match = segment.search(text, position)
            if match is None:
                return None
            found = match[1] if segment.groups else found
            position = match.end()
        return found


def _segment(text: str) -> re.Pattern[str]:
    return re.compile(_WORD.join(re.escape(words) for words in text.split(_HOLE)), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer made ready to be read: its text, and the JSON document in it (None where there is none)."""

    text: str
    document: object = field(default=None)

    @classmethod
    def of(cls, answer: Answer) -> Reading:
        """Reads `structuredContent`, else the text; FastMCP's `{"result": …}` around either is taken off."""
        text = answer.text[:_READ_CHARACTERS]
        document = _parsed(answer.structured) if answer.structured is not None else _parsed(text)
        if isinstance(document, dict) and document.keys() == {"result"}:
            document = _parsed(document["result"])
        return cls(text, document)

    def at(self, path: str) -> object:
        """The value at a dotted path, through lists by number and through JSON in strings; None if there is none."""
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


def _parsed(value: object) -> object:
    """The JSON that a string holds, if it holds a JSON object or list; else the value itself."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value[:_READ_CHARACTERS])
    except (ValueError, RecursionError):
        return value


class ValueReader(DocumentPart):
    """Where to find one value: at `campo`, by `padrao`, or by `padrao` in the text at `campo`."""

    campo: DocumentPath | None = None
    padrao: PatternText | None = None
    _pattern: Pattern | None = None

    @model_validator(mode="after")
    def _say_where(self) -> ValueReader:
        if self.campo is None and self.padrao is None:
            raise PydanticCustomError("leitura_vazia", "say where: campo, padrao or both")
        if self.padrao is not None:
            if self.padrao.count(_HOLE) > 1:
                raise PydanticCustomError("padrao_com_dois_valores", "at most one {valor}")
            if not self.padrao.strip("*"):
                raise PydanticCustomError("leitura_vazia", "a pattern needs words")
            self._pattern = Pattern(self.padrao)
        return self

    def read(self, reading: Reading) -> object:
        """The value, None if it is not there; a pattern without `{valor}` that is found reads as True."""
        value = reading.text if self.campo is None else reading.at(self.campo)
        if self._pattern is None:
            return value
        found = self._pattern.find(_words(value)[:_SEARCHED_CHARACTERS])
        return True if found == "" else found


class SuccessReader(ValueReader):
    """What an answer that means "sent" holds: the value is there (and is `igual`, if that is given)."""

    igual: bool | int | str | None = None

    def holds(self, reading: Reading) -> bool:
        """Whether the answer says so."""
        value = self.read(reading)
        if self.igual is None:
            return bool(value)
        return type(value) is type(self.igual) and value == self.igual


class CodeReader(ValueReader):
    """Where an error code is; with `codigo`, that is the code of every answer in which the reader finds something."""

    codigo: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] | None = None

    def code(self, reading: Reading) -> str | None:
        """The provider's code; None if there is none or what is there cannot be one."""
        value = self.read(reading)
        if not value or self.codigo is not None:
            return self.codigo if value else None
        text = _words(value).rstrip(".:")
        return text if _CODE.fullmatch(text) else None


CodeReaders = Annotated[tuple[CodeReader, ...], Field(max_length=_MOST_READERS)]


def first_code(readers: Iterable[CodeReader], reading: Reading) -> str | None:
    """The first code that the readers find, in their order."""
    return next((code for code in (reader.code(reading) for reader in readers) if code), None)


def identifier(reader: ValueReader | None, reading: Reading) -> str | None:
    """What the reader finds, if it can be the provider's id of a message."""
    value = reader.read(reading) if reader else None
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


class ResultReader(DocumentPart):
    """How a tool's answer is read. `isError` alone is no verdict: real servers answer a failed send without it."""

    sucesso: Annotated[tuple[SuccessReader, ...], Field(max_length=_MOST_READERS)] = ()
    message_id: ValueReader | None = None
    codigo: CodeReaders = ()
    espera: ValueReader | None = Field(default=None, description="seconds to wait, as the provider says them")

    def is_success(self, answer: Answer, reading: Reading) -> bool:
        """Whether the message was accepted: any of `sucesso` holds; without any, it is `isError` that counts."""
        said = not self.sucesso or any(each.holds(reading) for each in self.sucesso)
        return said and not answer.is_error

    def message_id_in(self, reading: Reading) -> str | None:
        """The provider's id of the message, if it gave one that is an identifier."""
        return identifier(self.message_id, reading)

    def code_in(self, reading: Reading) -> str | None:
        """The first code that the readers find, in their order."""
        return first_code(self.codigo, reading)

    def wait_in(self, reading: Reading) -> float | None:
        """Seconds to wait, if the provider said so."""
        text = _words(self.espera.read(reading) if self.espera else None).rstrip(".")
        return float(text) if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) else None


def _words(value: object) -> str:
    """The value as text if it is a text or a number, else nothing."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
