"""The options of an upload: how the rows of its file are ingested."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from chalicelib.ingestion.layout.mapping import target_of
from chalicelib.tags import Tags


class IngestMode(StrEnum):
    """What happens to a row whose lead already exists (SPEC §1)."""

    IGNORAR = "ignorar"
    ATUALIZAR = "atualizar"


class DedupKey(StrEnum):
    """What may say that a row is a lead that is there already, in the order in which they are looked at."""

    DOCUMENTO = "documento"
    ID = "id"
    CONTATO = "contato"


ALL_KEYS = frozenset(DedupKey)
MAX_ORIGIN = 60
"""Characters of an `origem`."""
MAX_MAPPED = 1_024
"""Titles of a mapping: as many as a header may have."""


def _one_spelling(name: str) -> str:
    return " ".join(normalize("NFC", name).split()).casefold()


Origin = Annotated[
    str, Field(max_length=MAX_ORIGIN, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$"), AfterValidator(_one_spelling)
]
"""The system that IDs come from, in one spelling."""


def _is_target(text: str) -> str:
    if target_of(text) is None:
        raise PydanticCustomError("destino_de_coluna_invalido", "what no column can be taken for")
    return text


MappedTitle = Annotated[str, Field(min_length=1, max_length=1_000)]
MappedTo = Annotated[str, Field(max_length=100), AfterValidator(_is_target)]


class TextEncoding(StrEnum):
    """The encodings that a text file may be said to have."""

    UTF_8 = "utf-8"
    CP1252 = "cp1252"
    ISO_8859_1 = "iso-8859-1"
    ISO_8859_15 = "iso-8859-15"
    MAC_ROMAN = "mac-roman"
    CP850 = "cp850"
    CP860 = "cp860"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"


class Separator(StrEnum):
    """What may be said to stand between the cells of a text file."""

    SEMICOLON = ";"
    COMMA = ","
    TAB = "tab"
    PIPE = "|"
    COLON = ":"
    CARET = "^"
    TILDE = "~"

    @property
    def character(self) -> str:
        """The character itself."""
        return "\t" if self is Separator.TAB else self.value


class IngestOptions(BaseModel):
    """The options that an upload may set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    modo: IngestMode | None = None
    """Without it: `ignorar`, but `atualizar` for an error report of ours that comes back corrected."""
    deduplicar_por: frozenset[DedupKey] = ALL_KEYS
    """Which keys may say that a row is a lead that is there already; in a form `documento,id`, or `nenhum`. The very
    same file never makes its leads twice.
    """
    deduplicar_por_documento: bool | None = None
    """What came before `deduplicar_por`: `false` takes `documento` out of it."""
    origem: Origin = ""
    """The system whose `ID`s the file has. IDs of two origins never meet."""
    validar_apenas: bool = False
    """A dry run: the job checks and counts everything, but stores no leads."""
    aba: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The sheet to read, or `*` for all with the titles of the best one; without it the best one alone is read."""
    ignorar_ocultas: bool = False
    """Whether hidden and filtered rows of a sheet are left out; the report names them."""
    adivinhar: bool = False
    """Whether a column with an unknown title is read if nearly all of its cells are phones, e-mails or documents."""
    codificacao: TextEncoding | None = None
    """The encoding of a text file; without it the one that makes Portuguese words is chosen."""
    separador: Separator | None = None
    """What stands between the cells of a text file; without it the one that makes the best header is chosen."""

    mapeamento: Annotated[dict[MappedTitle, MappedTo], Field(max_length=MAX_MAPPED)] | None = None
    """What columns are taken for, by their titles: one of our fields, `campo`, `campo:name` or `ignorar`. Without it,
    what was said of these titles the last time; `{}` forgets that.
    """
    lembrar_mapeamento: bool = True
    """Whether the mapping is remembered for the next file with these titles, or a remembered one is used."""
    tags: Tags = ()
    """What each lead gets that the file makes or changes."""

    @property
    def keys(self) -> frozenset[DedupKey]:
        """Which keys count."""
        without = {DedupKey.DOCUMENTO} if self.deduplicar_por_documento is False else set()
        return self.deduplicar_por - without
