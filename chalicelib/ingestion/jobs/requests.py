"""What one may ask of ingestion: a file in the body, a reference to one in our bucket, or the wish to upload one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.errors import FieldError, Invalid
from chalicelib.ingestion.options import IngestOptions
from chalicelib.ingestion.reading.limits import MAX_FILE

MAX_NAME = 200
"""Characters that are kept of a file's name."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST_EXTENSION = 16


def base_name(name: str) -> str:
    """The last part of a path of any system, without control characters, cut to `MAX_NAME` but for its extension.

    Empty if nothing is left. Composed as most systems write it (NFC): the name is part of `lead_id_externo`, and a
    file does not become another one by being uploaded from a Mac.
    """
    name = _CONTROLS.sub("", normalize("NFC", re.split(r"[/\\]", name)[-1])).strip().strip(".")
    stem, dot, extension = name.rpartition(".")
    if len(name) <= MAX_NAME or not dot or len(extension) > _LONGEST_EXTENSION:
        return name[:MAX_NAME]
    return stem[: MAX_NAME - len(extension) - 1] + dot + extension


def _named(name: str) -> str:
    if not (base := base_name(name)):
        raise PydanticCustomError("nome_de_arquivo_invalido", "the name names no file")
    return base


class ReferenceRequest(IngestOptions):
    """A file that lies in our bucket under the tenant's prefix."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: Annotated[str, Field(min_length=1, max_length=1024)]


class UploadRequest(IngestOptions):
    """The name and the size in bytes of a file that is to be uploaded by presigned POST."""

    arquivo: Annotated[str, Field(max_length=1024), AfterValidator(_named)]
    tamanho: Annotated[int, Field(ge=1, le=MAX_FILE)]


@dataclass(frozen=True, slots=True)
class FileInBody:
    """A file that came whole in the body of the request."""

    nome: str
    conteudo: bytes
    opcoes: IngestOptions

    def __post_init__(self) -> None:
        """Refuse what has no name; what is wrong with the content is said by its job, whichever way it comes in.

        Raises:
            Invalid: `nome_de_arquivo_invalido`.
        """
        if not self.nome:
            error = FieldError("/arquivo", "nome_de_arquivo_invalido", "arquivo")
            raise Invalid("nome_de_arquivo_invalido", (error,))


@dataclass(frozen=True, slots=True)
class S3Reference:
    """Where in S3 the file lies; whether that is the tenant's to read is for the service to say."""

    bucket: str
    key: str
    opcoes: IngestOptions


@dataclass(frozen=True, slots=True)
class AnnouncedUpload:
    """What will be uploaded: a base name, a size in bytes."""

    arquivo: str
    tamanho: int
    opcoes: IngestOptions


NewUpload = FileInBody | S3Reference | AnnouncedUpload


def by_reference(pedido: ReferenceRequest) -> S3Reference:
    """The upload that a reference asks for."""
    return S3Reference(pedido.bucket, pedido.key, _options(pedido))


def by_form(pedido: UploadRequest) -> AnnouncedUpload:
    """The upload that a wish asks for."""
    return AnnouncedUpload(pedido.arquivo, pedido.tamanho, _options(pedido))


def _options(pedido: IngestOptions) -> IngestOptions:
    return IngestOptions(**{name: getattr(pedido, name) for name in IngestOptions.model_fields})
