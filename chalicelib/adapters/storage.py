"""The only module that talks to S3: uploads in `leads/{tenant}/`, reports in `erros/`, exports in `exportacoes/`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import Aws, available, error_code
from chalicelib.errors import InvalidFile, Unavailable

_BLOCK = 1 << 20
_DELETED_AT_ONCE = 1_000
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket"})
_CHANGED = frozenset({"412", "PreconditionFailed"})


class StoredObject(NamedTuple):
    """What S3 knows about an object: its size and the ETag of its content."""

    size_bytes: int
    etag: str


class ListedObject(NamedTuple):
    """An object in a list: its key, and when it was written."""

    key: str
    written_at: datetime


class Storage:
    """The objects of our bucket."""

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self.bucket = bucket

    def find(self, key: str) -> StoredObject | None:
        """The object with this key; None if there is none."""
        with available("s3"):
            try:
                head = self._s3.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    return None
                raise
        return StoredObject(int(head["ContentLength"]), str(head["ETag"]))

    def put(self, key: str, body: bytes | BinaryIO, *, content_type: str) -> StoredObject:
        """Write a whole object in one request."""
        with available("s3"):
            answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)
        size = len(body) if isinstance(body, bytes) else body.tell()
        return StoredObject(size, str(answer["ETag"]))

    def upload(self, key: str, path: Path, *, content_type: str) -> None:
        """Write a file of any size; a large one goes in parts."""
        with available("s3"):
            self._s3.upload_file(str(path), self.bucket, key, ExtraArgs={"ContentType": content_type})

    def download(self, key: str, target: Path, *, etag: str | None) -> None:
        """Write the content of an object into a file; with `etag`, only if the object still has that content.

        Raises:
            InvalidFile: `arquivo_ausente` or `arquivo_substituido`.
            Unavailable: S3 does not answer or broke off; the file may be incomplete.
        """
        condition = {"IfMatch": etag} if etag else {}
        with available("s3"):
            try:
                found = self._s3.get_object(Bucket=self.bucket, Key=key, **condition)
            except ClientError as error:
                if error_code(error) in _ABSENT:
                    raise InvalidFile("arquivo_ausente") from None
                if error_code(error) in _CHANGED:
                    raise InvalidFile("arquivo_substituido") from None
                raise
            with closing(found["Body"]) as body, target.open("wb") as file:
                for block in body.iter_chunks(_BLOCK):
                    file.write(block)

    def listed(self, prefix: str) -> Iterator[ListedObject]:
        """The objects whose keys begin so."""
        with available("s3"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                for each in page.get("Contents", ()):
                    yield ListedObject(str(each["Key"]), each["LastModified"])

    def delete(self, keys: Sequence[str]) -> None:
        """Delete these objects; one that is not there counts as deleted.

        Raises:
            Unavailable: S3 does not answer, or kept one of them.
        """
        with available("s3"):
            for start in range(0, len(keys), _DELETED_AT_ONCE):
                named = [{"Key": key} for key in keys[start : start + _DELETED_AT_ONCE]]
                answer = self._s3.delete_objects(Bucket=self.bucket, Delete={"Objects": named, "Quiet": True})
                if answer.get("Errors"):
                    raise Unavailable("aws_indisponivel", servico="s3", reason=str(answer["Errors"][0].get("Code")))

    def presigned_post(self, key: str, *, max_bytes: int, content_type: str, ttl_s: int) -> dict[str, Any]:
        """A form (`url`, `fields`) with which anybody may upload this key for `ttl_s` seconds, at most `max_bytes`.

        S3 stores the object as this content type, and takes no other one.
        """
        kind = {"Content-Type": content_type}
        with available("s3"):
            post: dict[str, Any] = self._s3.generate_presigned_post(
                self.bucket,
                key,
                Fields=dict(kind),
                Conditions=[["content-length-range", 1, max_bytes], kind],
                ExpiresIn=ttl_s,
            )
        return post

    def presigned_get(self, key: str, *, filename: str, ttl_s: int) -> str:
        """A URL: for `ttl_s` seconds, anybody may download the object with it; a browser saves it as `filename`."""
        disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
        with available("s3"):
            url: str = self._s3.generate_presigned_url(
                "get_object",
                Params={"Bucket": self.bucket, "Key": key, "ResponseContentDisposition": disposition},
                ExpiresIn=ttl_s,
            )
        return url

    @property
    def _s3(self) -> Any:
        return self._aws.client("s3")
