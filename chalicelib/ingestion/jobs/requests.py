"""What a client may ask of ingestion: a file in the body, a reference to one in our bucket, or a form to upload one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated
from unicodedata import normalize

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.errors import FieldError, Invalid, UnsupportedFile
from chalicelib.ingestion.detection.formats import format_offered
from chalicelib.ingestion.options import IngestOptions
from chalicelib.ingestion.reading.limits import MAX_FILE

MAX_NAME = 200
"""Characters that are kept of a file's name."""
_CONTENT_TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
}
# What no browser opens as a page, whatever is in it.
_ANY_CONTENT = "application/octet-stream"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST_EXTENSION = 16


def base_name(name: str) -> str:
    """The last part of a path of any system, without control characters; empty if nothing is left.

    A name over `MAX_NAME` is cut in front of its extension. The name is composed as most systems write it (NFC),
    because it is part of `lead_id_externo`: a file that comes from a Mac stays the same file.
    """
    name = _CONTROLS.sub("", normalize("NFC", re.split(r"[/\\]", name)[-1])).strip().strip(".")
    stem, dot, extension = name.rpartition(".")
    if len(name) <= MAX_NAME or not dot or len(extension) > _LONGEST_EXTENSION:
        return name[:MAX_NAME]
    return stem[: MAX_NAME - len(extension) - 1] + dot + extension


def _checked_name(name: str) -> str:
    """S3 would put the name of the file that is sent in the place of `${filename}`, under a key that no job has."""
    if not (base := base_name(name)) or "${filename}" in base:
        raise PydanticCustomError("nome_de_arquivo_invalido", "the path has no file name")
    return base


class ReferenceRequest(IngestOptions):
    """A file in our bucket, under the tenant's prefix."""

    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: Annotated[str, Field(min_length=1, max_length=1024)]


class UploadRequest(IngestOptions):
    """The name and the size in bytes of a file that is to be uploaded by presigned POST."""

    arquivo: Annotated[str, Field(max_length=1024), AfterValidator(_checked_name)]
    tamanho: Annotated[int, Field(ge=1, le=MAX_FILE)]


@dataclass(frozen=True, slots=True)
class FileInBody:
    """A file that came whole in the body of the request; `name` is its base name."""

    name: str
    content: bytes
    options: IngestOptions

    def __post_init__(self) -> None:
        """Refuse a file without a name, or of a kind that we do not read.

        What else is wrong with its content is the job's to say, however the file came.

        Raises:
            Invalid: `nome_de_arquivo_invalido`.
            UnsupportedFile: `formato_nao_suportado`.
        """
        if not self.name:
            error = FieldError("/arquivo", "nome_de_arquivo_invalido", "arquivo")
            raise Invalid("nome_de_arquivo_invalido", (error,))
        _refuse_other_format(format_offered(self.name, self.content))


@dataclass(frozen=True, slots=True)
class S3Reference:
    """The place of a file in S3. Whether the tenant may read it is for the service to decide."""

    bucket: str
    key: str
    options: IngestOptions


@dataclass(frozen=True, slots=True)
class AnnouncedUpload:
    """A file that will be uploaded: its base name, and its size in bytes."""

    name: str
    size_bytes: int
    options: IngestOptions

    def __post_init__(self) -> None:
        """Refuse a kind of file that we do not read, before it is uploaded.

        Raises:
            UnsupportedFile: `formato_nao_suportado`.
        """
        _refuse_other_format(format_offered(self.name))

    @property
    def content_type(self) -> str:
        """What it is stored as, by its name: the form takes nothing else, so the bucket never serves a page."""
        return _CONTENT_TYPES.get(PurePosixPath(self.name.lower()).suffix, _ANY_CONTENT)


def _refuse_other_format(name: str | None) -> None:
    if name:
        raise UnsupportedFile(
            "formato_nao_suportado", (FieldError("/arquivo", "formato_nao_suportado", name),), formato=name
        )


NewUpload = FileInBody | S3Reference | AnnouncedUpload


def by_reference(request: ReferenceRequest) -> S3Reference:
    """The upload that a reference asks for."""
    return S3Reference(request.bucket, request.key, _options(request))


def by_form(request: UploadRequest) -> AnnouncedUpload:
    """The upload that a request for a form announces."""
    return AnnouncedUpload(request.arquivo, request.tamanho, _options(request))


def _options(request: IngestOptions) -> IngestOptions:
    return IngestOptions(**{name: getattr(request, name) for name in IngestOptions.model_fields})
