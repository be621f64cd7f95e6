"""How a file comes in: in the body of a request, by reference, by presigned POST, or simply dropped into the bucket.

Every way ends the same: a row of `ingest_jobs` first, then a wake-up. The file of a job that the API made lies under
`leads/{tenant}/{job_id}/`, so that the bucket's notification and the request that uploaded it speak of the same job.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import unquote_plus
from uuid import UUID

from chalicelib import events, messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row
from chalicelib.adapters.queues import Queues
from chalicelib.adapters.storage import Storage, StoredObject
from chalicelib.config import Settings
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.idempotency import IdempotencyKey
from chalicelib.identity import TENANT_ID
from chalicelib.ids import new_id
from chalicelib.ingestion.jobs.jobs import described, wake
from chalicelib.ingestion.jobs.requests import AnnouncedUpload, NewUpload, S3Reference, base_name
from chalicelib.ingestion.options import IngestOptions
from chalicelib.telemetry import logger

PREFIX = "leads/"
_OF_THE_API = re.compile(r"leads/([^/]+)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/[^/]+")


class _Dropped(NamedTuple):
    """An object that the bucket tells of."""

    tenant_id: str
    key: str
    objeto: StoredObject
    sequencer: str


class Uploads:
    """Makes jobs of files."""

    def __init__(
        self, *, database: Database, storage: Storage, queues: Queues, settings: Settings, clock: Clock
    ) -> None:
        self._database = database
        self._storage = storage
        self._queues = queues
        self._settings = settings
        self._clock = clock

    def receive(self, tenant_id: str, upload: NewUpload, key: IdempotencyKey | None) -> dict[str, Any]:
        """The job of a file that comes by the API; for a wish to upload, with where to (`upload`).

        Raises:
            Invalid: `bucket_alheio` or `fora_do_prefixo`; a reference to what is not the tenant's.
            NotFound: `arquivo_ausente`; a reference to nothing.
            Conflict: the idempotency key was used for another request.
            Unavailable: S3 did not take the file; the job is there and ends as `erro` unless the same key comes again.
        """
        known = self._known(tenant_id, key)
        if known is None:
            known = self._register(tenant_id, upload, key)
        job_id, chave = known["job_id"], known["chave"]
        if isinstance(upload, AnnouncedUpload):
            ttl_s = self._settings.presigned_ttl_s
            post = self._storage.presigned_post(chave, max_bytes=upload.tamanho, ttl_s=ttl_s)
            return {**self._job(tenant_id, job_id), "upload": post}
        if isinstance(upload, S3Reference):
            self._wake(tenant_id, job_id)
        elif not known["chave_recebida"]:
            objeto = self._storage.put(chave, upload.conteudo, content_type="application/octet-stream")
            self._received(tenant_id, job_id, objeto)
        return self._job(tenant_id, job_id)

    def register(self, event: Mapping[str, Any]) -> None:
        """What the bucket tells: a job for each file that somebody dropped, a wake-up for what the API asked for.

        A notification that comes again changes nothing; an object outside of a tenant's prefix is nobody's.
        """
        for dropped in _dropped(event):
            made = _OF_THE_API.fullmatch(dropped.key)
            if made is None:
                self._register_dropped(dropped)
            else:
                self._received(dropped.tenant_id, UUID(made[2]), dropped.objeto)

    def _known(self, tenant_id: str, key: IdempotencyKey | None) -> Row | None:
        """The job that this very request made before."""
        if key is None:
            return None
        with self._database.transaction(tenant_id) as rows:
            row = rows.one("job_by_idempotency_key", tenant_id=tenant_id, idempotency_key=key.value)
        if row is not None:
            key.check(row["idempotency_fingerprint"])
        return row

    def _register(self, tenant_id: str, upload: NewUpload, key: IdempotencyKey | None) -> Row:
        now = self._clock()
        job_id = new_id(now)
        chave, nome, objeto = self._placed(tenant_id, job_id, upload)
        inserted = self._insert(
            tenant_id, job_id, now, chave=chave, nome=nome, objeto=objeto, opcoes=upload.opcoes, key=key
        )
        # The same request twice at once: the other one was first.
        found = None if inserted else self._known(tenant_id, key)
        return found or {"job_id": job_id, "chave": chave, "chave_recebida": objeto is not None}

    def _placed(self, tenant_id: str, job_id: UUID, upload: NewUpload) -> tuple[str, str, StoredObject | None]:
        """The object's key, the file's name, and the object if it is there already."""
        if isinstance(upload, S3Reference):
            return upload.key, base_name(upload.key), self._referred(tenant_id, upload.bucket, upload.key)
        if isinstance(upload, AnnouncedUpload):
            self._check_size(upload.tamanho)
        nome = upload.arquivo if isinstance(upload, AnnouncedUpload) else upload.nome
        return f"{PREFIX}{tenant_id}/{job_id}/{nome}", nome, None

    def _check_size(self, tamanho: int) -> None:
        if tamanho > (maximo := self._settings.upload_max_bytes):
            error = FieldError("/tamanho", "arquivo_grande_demais", str(maximo))
            raise Invalid("arquivo_grande_demais", (error,), maximo=maximo)

    def _referred(self, tenant_id: str, bucket: str, chave: str) -> StoredObject:
        if bucket != self._storage.bucket:
            raise Invalid("bucket_alheio", (FieldError("/bucket", "bucket_alheio", self._storage.bucket),))
        if not chave.startswith(prefix := f"{PREFIX}{tenant_id}/"):
            raise Invalid("fora_do_prefixo", (FieldError("/key", "fora_do_prefixo", prefix),), prefixo=prefix)
        objeto = self._storage.find(chave)
        if objeto is None:
            raise NotFound("arquivo_ausente")
        return objeto

    def _register_dropped(self, dropped: _Dropped) -> None:
        now = self._clock()
        job_id = new_id(now)
        inserted = self._insert(
            dropped.tenant_id, job_id, now, chave=dropped.key, nome=base_name(dropped.key), objeto=dropped.objeto,
            opcoes=IngestOptions(), sequencer=dropped.sequencer,
        )  # fmt: skip
        if inserted:
            self._wake(dropped.tenant_id, job_id)

    def _insert(
        self,
        tenant_id: str,
        job_id: UUID,
        now: datetime,
        *,
        chave: str,
        nome: str,
        objeto: StoredObject | None,
        opcoes: IngestOptions,
        key: IdempotencyKey | None = None,
        sequencer: str | None = None,
    ) -> bool:
        """Whether the job is new, for a notification may come again."""
        with self._database.transaction(tenant_id) as rows:
            inserted = rows.run(
                "insert_job",
                tenant_id=tenant_id,
                job_id=job_id,
                bucket=self._storage.bucket,
                chave=chave,
                chave_recebida=objeto is not None,
                evento_s3=sequencer,
                nome_arquivo=nome,
                tamanho_bytes=objeto.tamanho_bytes if objeto else None,
                etag=objeto.etag if objeto else None,
                modo=opcoes.modo,
                deduplicar_por_documento=opcoes.deduplicar_por_documento,
                validar_apenas=opcoes.validar_apenas,
                idempotency_key=key.value if key else None,
                idempotency_fingerprint=key.fingerprint if key else None,
                agora=now,
            )
            if inserted:
                how = {"modo": opcoes.modo, "validar_apenas": opcoes.validar_apenas}
                events.record(rows, tenant_id, "ingest.job_created", now, job_id=job_id, **how)
        return bool(inserted)

    def _received(self, tenant_id: str, job_id: UUID, objeto: StoredObject) -> None:
        with self._database.transaction(tenant_id) as rows:
            first = rows.one(
                "mark_job_received",
                tenant_id=tenant_id,
                job_id=job_id,
                tamanho_bytes=objeto.tamanho_bytes,
                etag=objeto.etag,
                agora=self._clock(),
            )
        if first:
            self._wake(tenant_id, job_id)

    def _wake(self, tenant_id: str, job_id: UUID) -> None:
        wake(self._queues, self._settings.ingest_queue, tenant_id, job_id)

    def _job(self, tenant_id: str, job_id: UUID) -> dict[str, Any]:
        with self._database.transaction(tenant_id) as rows:
            [row] = rows.all("job_by_id", tenant_id=tenant_id, job_id=job_id)
        return described(row, self._clock())


class LostUploads:
    """Ends the jobs whose file never came."""

    def __init__(self, *, database: Database, ttl_s: int, clock: Clock) -> None:
        self._database = database
        self._ttl = timedelta(seconds=ttl_s)
        self._clock = clock

    def expire(self) -> int:
        """End those whose address is long void; how many. `database` is the owner's: every tenant's."""
        now = self._clock()
        with self._database.across_tenants() as rows:
            ended = rows.all(
                "expire_job_uploads",
                agora=now,
                antes_de=now - 2 * self._ttl,
                mensagem_erro=messages.text("upload_nao_recebido"),
            )
            for job in ended:
                events.record(
                    rows, job["tenant_id"], "ingest.job_failed", now, job_id=job["job_id"], codigo="upload_nao_recebido"
                )
        return len(ended)


def _dropped(event: Mapping[str, Any]) -> Iterator[_Dropped]:
    """The objects under a tenant's prefix that a notification tells of; S3 writes their keys as in a query string."""
    for record in event.get("Records", ()):
        described_object = record["s3"]["object"]
        key = unquote_plus(described_object["key"])
        tenant_id = key.removeprefix(PREFIX).partition("/")[0]
        if not key.startswith(PREFIX) or not TENANT_ID.fullmatch(tenant_id) or not base_name(key):
            logger.warning("upload_outside_of_a_tenant")
            continue
        objeto = StoredObject(int(described_object.get("size", 0)), f'"{described_object.get("eTag", "")}"')
        yield _Dropped(tenant_id, key, objeto, str(described_object.get("sequencer", "")))
