"""The body of an upload: a multipart form with the file in it, or JSON that says where the file is or will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header
from pydantic import BaseModel, ConfigDict

from chalicelib.api.calls import read_texts, words_of
from chalicelib.api.handlers import RequestBody
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
"""The names that the field with the file may have."""
_MAX_PARTS = 64


class _Shape(BaseModel):
    """Enough of a JSON body to tell a reference from an announced upload."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bucket: Any = None
    key: Any = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One field of a form; `filename` is None unless it is a file."""

    name: str
    filename: str | None
    content: bytes


class UploadBody(RequestBody):
    """The body of an upload."""

    documents = (ReferenceRequest, UploadRequest)
    form = IngestOptions

    def upload(self, max_form_bytes: int) -> NewUpload:
        """What the body asks for; larger files than a form may have go by presigned POST.

        Raises:
            Invalid: `multipart_invalido`, `arquivo_obrigatorio`, `nome_de_arquivo_invalido`, or fields that do not fit;
                with a pointer to each.
            TooLarge: `corpo_grande_demais`; a form of more than `max_form_bytes`, or JSON of more than 256 KiB.
        """
        kind, options = parse_options_header(self._call.content_type)
        if kind == MULTIPART:
            return _of_form(_parts(options.get("boundary", ""), self._call.raw_body, max_form_bytes))
        shape = self._call.body(_Shape)
        if shape.bucket is None and shape.key is None:
            return by_form(self._call.body(UploadRequest))
        return by_reference(self._call.body(ReferenceRequest))


def _parts(boundary: str, body: bytes, max_bytes: int) -> list[_Part]:
    if len(body) > max_bytes:
        raise TooLarge("corpo_grande_demais", maximo=max_bytes)
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
    options = _options([part for part in parts if part is not file])
    return FileInBody(base_name(file.filename or ""), file.content, options)


def _options(parts: list[_Part]) -> IngestOptions:
    """The fields beside the file. A repeated field has the words of all; if it holds one value, the last one counts."""
    texts: dict[str, str] = {}
    try:
        for part in parts:
            before = f"{texts[part.name]}," if part.name in texts and part.name in words_of(IngestOptions) else ""
            texts[part.name] = before + part.content.decode().strip()
    except UnicodeDecodeError:
        raise Invalid("multipart_invalido") from None
    return read_texts(IngestOptions, texts, "")
