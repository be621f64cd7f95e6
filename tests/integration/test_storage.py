"""The S3 adapter, over real HTTP."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import httpx2
import pytest

from chalicelib.adapters.storage import Storage
from chalicelib.errors import InvalidFile, Unavailable
from chalicelib.wiring import Services
from local.aws import Aws


def test_missing_object_is_none_and_its_download_is_refused(services: Services, tmp_path: Path) -> None:
    assert services.storage.find("leads/acme/none.csv") is None
    with pytest.raises(InvalidFile, match="arquivo_ausente"):
        services.storage.download("leads/acme/none.csv", tmp_path / "x", etag=None)


def test_download_returns_the_content_and_refuses_another_etag(services: Services, tmp_path: Path) -> None:
    stored = services.storage.put("leads/acme/x.csv", b"content", content_type="text/csv")
    assert services.storage.find("leads/acme/x.csv") == stored
    assert stored.size_bytes == len(b"content")
    services.storage.download("leads/acme/x.csv", tmp_path / "x", etag=stored.etag)
    assert (tmp_path / "x").read_bytes() == b"content"
    with pytest.raises(InvalidFile, match="arquivo_substituido"):
        services.storage.download("leads/acme/x.csv", tmp_path / "x", etag='"0123456789abcdef0123456789abcdef"')


def test_objects_are_listed_by_the_beginning_of_their_keys_and_deleted(services: Services) -> None:
    for key in ("leads/acme/a.csv", "leads/acme/b.csv", "leads/outra/c.csv"):
        services.storage.put(key, b"x", content_type="text/csv")
    assert [each.key for each in services.storage.listed("leads/acme/")] == ["leads/acme/a.csv", "leads/acme/b.csv"]
    services.storage.delete(["leads/acme/a.csv", "leads/acme/none.csv"])
    services.storage.delete([])
    assert [each.key for each in services.storage.listed("leads/")] == ["leads/acme/b.csv", "leads/outra/c.csv"]


def test_form_takes_one_content_type_and_stores_the_object_as_that(services: Services, aws: Aws) -> None:
    form = services.storage.presigned_post("leads/acme/x.csv", max_bytes=9, content_type="text/csv", ttl_s=60)
    policy = json.loads(b64decode(form["fields"]["policy"]))
    assert {"Content-Type": "text/csv"} in policy["conditions"]
    assert ["content-length-range", 1, 9] in policy["conditions"]
    files = {"file": ("x.html", b"<p>", "text/html")}
    httpx2.post(form["url"], data=form["fields"], files=files).raise_for_status()
    stored = aws.client("s3").head_object(Bucket=services.storage.bucket, Key="leads/acme/x.csv")
    assert stored["ContentType"] == "text/csv"


def test_object_that_is_kept_is_no_success() -> None:
    class Stubborn:
        def client(self, _: str) -> Stubborn:
            return self

        def delete_objects(self, **_: object) -> dict[str, object]:
            return {"Errors": [{"Code": "AccessDenied"}]}

    with pytest.raises(Unavailable) as refused:
        Storage(Stubborn(), "b").delete(["x"])  # type: ignore[arg-type]
    assert refused.value.reason == "AccessDenied"
