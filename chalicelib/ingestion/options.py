"""The options of an upload: how the rows of its file are ingested."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class IngestMode(StrEnum):
    """What happens to a row whose lead already exists (SPEC, "Duplicates")."""

    IGNORAR = "ignorar"
    ATUALIZAR = "atualizar"


class TextEncoding(StrEnum):
    """The encodings that a text file may be said to have."""

    UTF_8 = "utf-8"
    CP1252 = "cp1252"
    ISO_8859_1 = "iso-8859-1"
    ISO_8859_15 = "iso-8859-15"
    MAC_ROMAN = "mac-roman"
    CP850 = "cp850"
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

    modo: IngestMode = IngestMode.IGNORAR
    deduplicar_por_documento: bool = True
    validar_apenas: bool = False
    """A dry run: the job checks and counts everything, but stores no leads."""
    codificacao: TextEncoding | None = None
    """The encoding of a text file; without it the one that makes Portuguese words is chosen."""
    separador: Separator | None = None
    """What stands between the cells of a text file; without it the one that makes the best header is chosen."""
