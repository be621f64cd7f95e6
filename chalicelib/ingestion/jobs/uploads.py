"""How a file comes in: in the body of a request, by reference, by presigned POST, or dropped into the bucket.

Every way ends the same: a row of `ingest_jobs`, then a wake-up. The file of a job that the API made lies under
`leads/{tenant}/{job_id}/`, so that the bucket's notification and the request that uploaded it name the same job.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from urllib.parse import unquote_plus
from uuid import UUID

from chalicelib import events, messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows
from chalicelib.adapters.queues import Queues
from chalicelib.adapters.storage import Storage, StoredObject
from chalicelib.config import Settings
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey, begin, begun, once
from chalicelib.identity import TENANT_ID
from chalicelib.ids import new_id
from chalicelib.ingestion.jobs.jobs import described, wake
from chalicelib.ingestion.jobs.requests import AnnouncedUpload, NewUpload, S3Reference, base_name
from chalicelib.ingestion.options import DedupKey, IngestMode, IngestOptions
from chalicelib.telemetry import logger
from chalicelib.tenants.config import config_of

PREFIX = "leads/"
_OF_THE_API = re.compile(r"leads/([^/]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/[^/]+")


class _Dropped(NamedTuple):
    """An object that a notification of the bucket names."""

    tenant_id: str
    key: str
    stored: StoredObject
    sequencer: str


class _JobFile(NamedTuple):
    """The file of a new job: its key in the bucket, its name, and the object if it is there already."""

    key: str
    name: str
    stored: StoredObject | None


class Uploads:
    """Makes jobs of files; `database` is the API's login."""

    def __init__(
        self, *, database: Database, storage: Storage, queues: Queues, settings: Settings, clock: Clock
    ) -> None:
        self._database = database
        self._storage = storage
        self._queues = queues
        self._settings = settings
        self._clock = clock

    def receive(
        self, tenant_id: str, upload: NewUpload, key: IdempotencyKey | None, *, por: str | None = None
    ) -> dict[str, Any]:
        """The job of a file that comes by the API. An announced upload also gets the form to upload it by (`upload`).

        `por` is who asks for it.

        Raises:
            Invalid: `bucket_alheio` or `fora_do_prefixo`; the reference is to a file that is not the tenant's.
            NotFound: `arquivo_ausente`; the reference is to no file.
            Unavailable: S3 did not take the file. The job exists, and ends as `erro` unless the same key comes again.
        """
        job = self._database.run(tenant_id, lambda rows: self._begin(rows, upload, key, por))
        job_id, object_key = job["job_id"], job["chave"]
        form: dict[str, Any] = {}
        if isinstance(upload, AnnouncedUpload):
            ttl_s = self._settings.presigned_ttl_s
            form["upload"] = self._storage.presigned_post(
                object_key, max_bytes=upload.size_bytes, content_type=upload.content_type, ttl_s=ttl_s
            )
        elif isinstance(upload, S3Reference):
            self._wake(tenant_id, job_id)
        elif not job["chave_recebida"]:
            stored = self._storage.put(object_key, upload.content, content_type="application/octet-stream")
            self._received(tenant_id, job_id, stored)
        now = self._clock()

        def answer(rows: Rows) -> dict[str, Any]:
            [row] = rows.all("job_by_id", job_id=job_id)
            return {**described(row, now), **form}

        return self._database.run(tenant_id, once(key, now, answer))

    def register(self, event: Mapping[str, Any]) -> None:
        """Act on a notification of the bucket: a new job for each dropped file, a wake-up for each upload of the API.

        A repeated notification changes nothing. An object outside of a tenant's prefix is ignored.
        """
        for dropped in _dropped(event):
            job_id = self._job_of(dropped)
            if job_id is None:
                self._register_dropped(dropped)
            else:
                self._received(dropped.tenant_id, job_id, dropped.stored)

    def _job_of(self, dropped: _Dropped) -> UUID | None:
        """The job of the API whose file this is. A person may drop a file into a folder of such a name, too."""
        made = _OF_THE_API.fullmatch(dropped.key)
        if made is None:
            return None
        job_id = UUID(made[2])
        params = {"job_id": job_id, "chave": dropped.key}
        row = self._database.run(dropped.tenant_id, lambda rows: rows.one("job_of_its_own_file", **params))
        return None if row is None else job_id

    def _begin(self, rows: Rows, upload: NewUpload, key: IdempotencyKey | None, por: str | None) -> Row:
        """A new job, or the one that the same request made before it came to its answer."""
        now = self._clock()
        if (known := begun(rows, key, now)) is not None:
            [job] = rows.all("job_by_id", job_id=known)
            return job
        job_id = new_id(now)
        file = self._file_of(rows.tenant_id, job_id, upload)
        self._insert(rows, job_id, now, file, upload.options, por=por)
        begin(rows, key, now, job_id)
        return {"job_id": job_id, "chave": file.key, "chave_recebida": file.stored is not None}

    def _file_of(self, tenant_id: str, job_id: UUID, upload: NewUpload) -> _JobFile:
        if isinstance(upload, S3Reference):
            return _JobFile(upload.key, base_name(upload.key), self._referred(tenant_id, upload.bucket, upload.key))
        if isinstance(upload, AnnouncedUpload):
            self._check_size(upload.size_bytes)
        return _JobFile(f"{PREFIX}{tenant_id}/{job_id}/{upload.name}", upload.name, None)

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > (most := self._settings.upload_max_bytes):
            error = FieldError("/tamanho", "arquivo_grande_demais", str(most))
            raise Invalid("arquivo_grande_demais", (error,), maximo=most)

    def _referred(self, tenant_id: str, bucket: str, object_key: str) -> StoredObject:
        if bucket != self._storage.bucket:
            raise Invalid("bucket_alheio", (FieldError("/bucket", "bucket_alheio", self._storage.bucket),))
        if not object_key.startswith(prefix := f"{PREFIX}{tenant_id}/"):
            raise Invalid("fora_do_prefixo", (FieldError("/key", "fora_do_prefixo", prefix),), prefixo=prefix)
        stored = self._storage.find(object_key)
        if stored is None:
            raise NotFound("arquivo_ausente")
        return stored

    def _register_dropped(self, dropped: _Dropped) -> None:
        now = self._clock()
        job_id = new_id(now)
        file = _JobFile(dropped.key, base_name(dropped.key), dropped.stored)

        def insert(rows: Rows) -> bool:
            return self._insert(rows, job_id, now, file, IngestOptions(), sequencer=dropped.sequencer)

        if self._database.run(dropped.tenant_id, insert):
            self._wake(dropped.tenant_id, job_id)

    def _insert(
        self,
        rows: Rows,
        job_id: UUID,
        now: datetime,
        file: _JobFile,
        options: IngestOptions,
        *,
        por: str | None = None,
        sequencer: str | None = None,
    ) -> bool:
        """Insert the job. Returns whether it is new: a notification may come again."""
        inserted = rows.run(
            "insert_job",
            job_id=job_id,
            bucket=self._storage.bucket,
            chave=file.key,
            chave_recebida=file.stored is not None,
            evento_s3=sequencer,
            nome_arquivo=file.name,
            tamanho_bytes=file.stored.size_bytes if file.stored else None,
            etag=file.stored.etag if file.stored else None,
            modo=options.modo,
            deduplicar_por_documento=DedupKey.DOCUMENTO in options.keys,
            deduplicar_por_id=DedupKey.ID in options.keys,
            deduplicar_por_contato=DedupKey.CONTATO in options.keys,
            origem=options.origem,
            validar_apenas=options.validar_apenas,
            aba_pedida=options.aba,
            ignorar_ocultas=options.ignorar_ocultas,
            adivinhar=options.adivinhar,
            codificacao_pedida=options.codificacao,
            separador_pedido=options.separador,
            mapeamento=None if options.mapeamento is None else json.dumps(options.mapeamento),
            lembrar_mapeamento=options.lembrar_mapeamento,
            tags=list(options.tags),
            por=por,
            agora=now,
        )
        if inserted:
            detail = {"modo": options.modo or IngestMode.IGNORAR, "validar_apenas": options.validar_apenas}
            events.record(rows, "ingest.job_created", now, job_id=job_id, **detail)
        return bool(inserted)

    def _received(self, tenant_id: str, job_id: UUID, stored: StoredObject) -> None:
        params = {"tamanho_bytes": stored.size_bytes, "etag": stored.etag, "agora": self._clock()}
        is_first = self._database.run(
            tenant_id, lambda rows: rows.one("mark_job_received", job_id=job_id, **params) is not None
        )
        if is_first:
            self._wake(tenant_id, job_id)

    def _wake(self, tenant_id: str, job_id: UUID) -> None:
        wake(self._queues, self._settings.ingest_queue, tenant_id, job_id)


class LostUploads:
    """Ends the jobs whose file never came; `database` is the owner's: it sees every tenant."""

    def __init__(self, *, database: Database, ttl_s: int, clock: Clock) -> None:
        self._database = database
        self._ttl = timedelta(seconds=ttl_s)
        self._clock = clock

    def expire(self) -> int:
        """End the jobs whose upload form lapsed long ago. Returns how many."""
        return self._database.run_across_tenants(self._expire_in)

    def _expire_in(self, rows: Rows) -> int:
        now = self._clock()
        lost = rows.all("lock_lost_uploads", antes_de=now - 2 * self._ttl)
        for tenant_id, jobs in groupby(lost, key=itemgetter("tenant_id")):
            of_tenant = rows.of_tenant(tenant_id)
            sentence = messages.text("upload_nao_recebido", config_of(of_tenant).idioma)
            for job in jobs:
                job_id = job["job_id"]
                of_tenant.run("expire_job_upload", job_id=job_id, mensagem_erro=sentence, agora=now)
                events.record(of_tenant, "ingest.job_failed", now, job_id=job_id, codigo="upload_nao_recebido")
        return len(lost)


def _dropped(event: Mapping[str, Any]) -> Iterator[_Dropped]:
    """The objects of a notification that lie under a tenant's prefix. S3 writes their keys as in a query string."""
    for record in event.get("Records", ()):
        described_object = record["s3"]["object"]
        key = unquote_plus(described_object["key"])
        tenant_id = key.removeprefix(PREFIX).partition("/")[0]
        if not key.startswith(PREFIX) or not TENANT_ID.fullmatch(tenant_id) or not base_name(key):
            logger.warning("upload_outside_of_a_tenant")
            continue
        stored = StoredObject(int(described_object.get("size", 0)), f'"{described_object.get("eTag", "")}"')
        yield _Dropped(tenant_id, key, stored, str(described_object.get("sequencer", "")))
