"""The body of an upload: a multipart form with the file in it, or JSON that says where the file is or will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header
from pydantic import BaseModel, ConfigDict, ValidationError

from chalicelib.api.http import Call, invalid
from chalicelib.errors import FieldError, Invalid, TooLarge
from chalicelib.ingestion.jobs.requests import (
    FileInBody,
    NewUpload,
    ReferenceRequest,
    UploadRequest,
    base_name,
    by_form,
    by_reference,
)
from chalicelib.ingestion.options import IngestOptions

MULTIPART = "multipart/form-data"
FILE_FIELDS = ("arquivo", "file")
"""What the field with the file may be called."""
MAX_FORM_BYTES = 10 * 1024 * 1024
"""What API Gateway takes; larger files go by presigned POST."""
_MAX_PARTS = 8


class _Shape(BaseModel):
    """Enough of a JSON body to tell a reference from a wish."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bucket: Any = None
    key: Any = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One field of a form; `filename` is None unless it is a file."""

    name: str
    filename: str | None
    content: bytes


def upload(call: Call) -> NewUpload:
    """What an upload request asks for.

    Raises:
        Invalid: `multipart_invalido`, `arquivo_obrigatorio`, `nome_de_arquivo_invalido`, or fields that do not fit; a
            pointer to each.
        TooLarge: `corpo_grande_demais`.
    """
    kind, options = parse_options_header(call.content_type)
    if kind == MULTIPART:
        return _of_form(_parts(options.get("boundary", ""), call.raw_body))
    shape = call.body(_Shape)
    if shape.bucket is None and shape.key is None:
        return by_form(call.body(UploadRequest))
    return by_reference(call.body(ReferenceRequest))


def _parts(boundary: str, body: bytes) -> list[_Part]:
    if len(body) > MAX_FORM_BYTES:
        raise TooLarge("corpo_grande_demais", maximo=MAX_FORM_BYTES)
    found: list[tuple[MultipartSegment, list[bytes]]] = []
    try:
        with PushMultipartParser(boundary, max_segment_count=_MAX_PARTS, strict=True) as parser:
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    found.append((event, []))
                elif event:
                    found[-1][1].append(event)
    except MultipartError:
        raise Invalid("multipart_invalido") from None
    return [_Part(segment.name or "", segment.filename, b"".join(blocks)) for segment, blocks in found]


def _of_form(parts: list[_Part]) -> FileInBody:
    files = [part for part in parts if part.name in FILE_FIELDS and part.filename is not None]
    if len(files) != 1:
        raise Invalid("arquivo_obrigatorio", (FieldError("/arquivo", "arquivo_obrigatorio", "arquivo"),))
    [file] = files
    opcoes = _options([part for part in parts if part is not file])
    return FileInBody(base_name(file.filename or ""), file.content, opcoes)


def _options(parts: list[_Part]) -> IngestOptions:
    """The fields beside the file; one given twice counts once, the last."""
    try:
        return IngestOptions.model_validate({part.name: part.content.decode().strip() for part in parts})
    except UnicodeDecodeError:
        raise Invalid("multipart_invalido") from None
    except ValidationError as error:
        raise invalid(error, "") from None
