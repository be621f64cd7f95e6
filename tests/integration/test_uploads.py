"""The ways in: by a presigned form, dropped into the bucket, by reference, or in the body of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx2
import pytest

from chalicelib.config import Settings
from chalicelib.errors import Invalid, NotFound, Unavailable
from chalicelib.ingestion.jobs.requests import AnnouncedUpload, FileInBody, S3Reference
from chalicelib.ingestion.options import IngestMode, IngestOptions
from chalicelib.pages import PageQuery
from chalicelib.wiring import Services
from local.aws import Aws
from tests.aws_contents import queued
from tests.builders import TENANT, ask
from tests.conftest import StoppedClock
from tests.ingesting import Job, Office, as_csv, numbered
from tests.keys import a_key, as_answered, replayed


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


def a_file(rows: int = 1) -> FileInBody:
    return FileInBody("leads.csv", as_csv(*numbered(rows)), IngestOptions())


def announced(size_bytes: int = 10) -> AnnouncedUpload:
    return AnnouncedUpload("leads.csv", size_bytes, IngestOptions())


def notification(bucket: str, key: str, services: Services, sequencer: str = "01") -> Mapping[str, Any]:
    """The bucket's notification of an object."""
    size, etag = services.storage.find(key) or (0, '""')
    described = {"key": key.replace(" ", "+"), "size": size, "eTag": etag.strip('"'), "sequencer": sequencer}
    return {"Records": [{"s3": {"bucket": {"name": bucket}, "object": described}}]}


# The bucket


@pytest.mark.straight_path
def test_a_presigned_form_takes_the_file_and_its_notification_starts_the_job(
    services: Services, office: Office, app_settings: Settings
) -> None:
    content = as_csv(*numbered(2))
    upload = AnnouncedUpload("leads.csv", len(content), IngestOptions(modo=IngestMode.ATUALIZAR))
    job = services.uploads.receive(TENANT, upload, None, por="ana")
    assert office.wake(job["job_id"])["status"] == "aceito"
    form = job["upload"]
    httpx2.post(form["url"], data=form["fields"], files={"file": content}).raise_for_status()
    services.uploads.register(notification(app_settings.bucket, form["fields"]["key"], services))
    done = office.wake(job["job_id"])
    assert (done["status"], done["modo"], done["leads_criados"]) == ("concluido", "atualizar", 2)
    assert {shown["criado_por"] for shown in (job, done, *services.jobs.page(TENANT, PageQuery())["itens"])} == {"ana"}


def test_a_file_that_is_dropped_in_the_bucket_becomes_one_job(
    services: Services, office: Office, aws: Aws, app_settings: Settings
) -> None:
    key = f"leads/{TENANT}/our leads.csv"
    aws.client("s3").put_object(Bucket=app_settings.bucket, Key=key, Body=as_csv(*numbered(2)))
    for _ in range(2):
        services.uploads.register(notification(app_settings.bucket, key, services))
    [job] = services.jobs.page(TENANT, PageQuery())["itens"]
    assert job["criado_por"] is None
    assert office.wake(job["job_id"])["leads_criados"] == 2
    services.uploads.register(notification(app_settings.bucket, key, services, sequencer="02"))
    assert len(services.jobs.page(TENANT, PageQuery())["itens"]) == 2


def test_a_file_that_is_dropped_in_a_folder_named_like_a_job_becomes_a_job_of_its_own(
    services: Services, office: Office, aws: Aws, app_settings: Settings
) -> None:
    of_api = office.upload(as_csv(*numbered(1)))
    keys = (f"leads/{TENANT}/{UUID(int=7)}/x.csv", f"leads/{TENANT}/{of_api}/another.csv")
    for key in keys:
        aws.client("s3").put_object(Bucket=app_settings.bucket, Key=key, Body=as_csv(*numbered(2)))
        for _ in range(2):
            services.uploads.register(notification(app_settings.bucket, key, services))
    dropped = [job for job in services.jobs.page(TENANT, PageQuery())["itens"] if job["job_id"] != of_api]
    assert sorted(job["nome_arquivo"] for job in dropped) == ["another.csv", "x.csv"]
    assert {office.wake(job["job_id"])["status"] for job in dropped} == {"concluido"}


@pytest.mark.parametrize("key", ["leads/", "leads/Not A Tenant/x.csv", f"leads/{TENANT}/", "elsewhere/x.csv"])
def test_an_object_outside_of_a_tenants_prefix_becomes_no_job(
    services: Services, key: str, app_settings: Settings
) -> None:
    services.uploads.register(notification(app_settings.bucket, key, services))
    assert ask(services.owner_database, "SELECT count(*) FROM ingest_jobs") == [[0]]


def test_the_notification_of_an_upload_that_came_by_the_api_makes_no_second_job(
    office: Office, services: Services, app_settings: Settings
) -> None:
    job_id = office.upload(as_csv(*numbered(1)))
    services.uploads.register(notification(app_settings.bucket, f"leads/{TENANT}/{job_id}/leads.csv", services))
    assert len(services.jobs.page(TENANT, PageQuery())["itens"]) == 1


# What is refused


def test_a_reference_must_be_to_a_file_of_the_tenant(
    services: Services, office: Office, aws: Aws, app_settings: Settings
) -> None:
    def refer(bucket: str, key: str) -> Job:
        return services.uploads.receive(TENANT, S3Reference(bucket, key, IngestOptions()), None)

    content = as_csv(*numbered(2))
    aws.client("s3").put_object(Bucket=app_settings.bucket, Key=f"leads/{TENANT}/x.csv", Body=content)
    with pytest.raises(Invalid, match="bucket_alheio"):
        refer("another", f"leads/{TENANT}/x.csv")
    with pytest.raises(Invalid, match="fora_do_prefixo"):
        refer(app_settings.bucket, "leads/other/x.csv")
    with pytest.raises(NotFound, match="arquivo_ausente"):
        refer(app_settings.bucket, f"leads/{TENANT}/y.csv")
    job = refer(app_settings.bucket, f"leads/{TENANT}/x.csv")
    assert office.wake(job["job_id"])["leads_criados"] == 2


def test_an_announced_upload_that_is_too_large_is_refused(make_services: Callable[..., Services]) -> None:
    with pytest.raises(Invalid, match="arquivo_grande_demais"):
        make_services(upload_max_bytes=10).uploads.receive(TENANT, announced(11), None)


# Repeated requests


@pytest.mark.parametrize("upload", [a_file(), announced(10)])
def test_the_same_key_is_the_same_job(services: Services, upload: Any) -> None:
    first = services.uploads.receive(TENANT, upload, a_key())
    assert replayed(services.uploads.receive, TENANT, upload, a_key()) == as_answered(first)
    assert services.uploads.receive("other", upload, a_key())["job_id"] != first["job_id"]


def test_an_upload_that_s3_did_not_take_is_completed_by_the_same_key(
    office: Office, services: Services, make_services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = a_file()
    with monkeypatch.context() as environ:
        environ.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with pytest.raises(Unavailable):
            make_services().uploads.receive(TENANT, upload, a_key())
    job = services.uploads.receive(TENANT, upload, a_key())
    assert len(services.jobs.page(TENANT, PageQuery())["itens"]) == 1
    assert office.wake(job["job_id"])["leads_criados"] == 1
    assert replayed(services.uploads.receive, TENANT, upload, a_key())["job_id"] == str(job["job_id"])


def test_a_file_that_came_before_the_answer_is_not_stored_again(
    office: Office, services: Services, aws: Aws, app_settings: Settings
) -> None:
    upload = a_file()
    job = services.database.run(TENANT, lambda rows: services.uploads._begin(rows, upload, a_key(), None))
    aws.client("s3").put_object(Bucket=app_settings.bucket, Key=job["chave"], Body=upload.content)
    services.uploads.register(notification(app_settings.bucket, job["chave"], services))
    again = replace(upload, content=b"outro")
    assert services.uploads.receive(TENANT, again, a_key())["job_id"] == job["job_id"]
    assert office.wake(job["job_id"])["leads_criados"] == 1


# What the sweep does later


def test_a_wakeup_that_could_not_be_sent_is_sent_by_the_sweep(
    office: Office, services: Services, aws: Aws, app_settings: Settings, clock: StoppedClock
) -> None:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=app_settings.ingest_queue)["QueueUrl"]
    redrive = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    sqs.delete_queue(QueueUrl=url)
    job_id = office.upload(as_csv(*numbered(1)))
    sqs.create_queue(QueueName=app_settings.ingest_queue, Attributes=redrive)
    assert services.sweep.run()["jobs"] == 0
    clock.advance(minutes=2)
    assert services.sweep.run()["jobs"] == 1
    assert services.sweep.run()["jobs"] == 0
    bodies = [message["body"] for message in queued(aws, app_settings.ingest_queue)]
    assert bodies == [{"tenant_id": TENANT, "job_id": str(job_id)}]


def test_an_upload_that_never_came_ends_its_job(services: Services, clock: StoppedClock) -> None:
    job = services.uploads.receive(TENANT, announced(), None)
    assert services.sweep.run()["uploads"] == 0
    clock.advance(hours=1)
    assert services.sweep.run()["uploads"] == 1
    ended = services.jobs.get(TENANT, job["job_id"])
    assert (ended["status"], ended["erro_codigo"]) == ("erro", "upload_nao_recebido")
    told = ask(services.owner_database, "SELECT tenant_id, detalhe->>'codigo' FROM eventos ORDER BY evento_id")
    assert told == [[TENANT, None], [TENANT, "upload_nao_recebido"]]


def test_lost_uploads_end_with_a_sentence_in_the_language_of_their_tenant(
    services: Services, clock: StoppedClock
) -> None:
    tenants = ("another", "english", TENANT)
    Office(services, "english").configure(idioma="en")
    jobs = [(tenant_id, services.uploads.receive(tenant_id, announced(), None)) for tenant_id in tenants * 2]
    clock.advance(hours=1)
    assert services.sweep.run()["uploads"] == 6
    assert services.sweep.run()["uploads"] == 0
    portuguese, english = "O arquivo não foi enviado a tempo.", "The file was not uploaded in time."
    assert [services.jobs.get(tenant_id, job["job_id"])["mensagem_erro"] for tenant_id, job in jobs] == [
        portuguese, english, portuguese,
    ] * 2  # fmt: skip
