"""No sequence of uploads gives a lead the data of a row that is somebody else's; counts add up; undoing restores.

Each row has an e-mail of its own, so that the e-mails of a lead tell which rows are in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib.config import Settings
from chalicelib.contacts.documents import read_document
from chalicelib.contacts.telephones import read_phones
from chalicelib.ingestion.options import DedupKey
from chalicelib.ingestion.rows.lead import plain_name
from chalicelib.wiring import Services
from tests.builders import ask, literal
from tests.ingesting import PLAIN, Job, Office, Ticking, as_csv

TENANTS = (f"tenant-{number}" for number in count())


class WrittenRow(NamedTuple):
    """A row of a file; its own e-mail is added when it is uploaded."""

    external_id: str
    name: str
    document: str
    phone: str


class File(NamedTuple):
    """One upload, and whether it is undone at once."""

    rows: list[WrittenRow]
    has_ids: bool
    options: dict[str, Any]
    is_undone: bool


# Few values, so that rows meet by every key, and keys disagree.
written_rows = st.builds(
    WrittenRow,
    st.sampled_from(["1", "1", "2", ""]),
    st.sampled_from(["", "Ana", " ÁNA", "Bo"]),
    st.sampled_from(["52998224725", "111.444.777-35", "", "", "111"]),
    st.sampled_from(["", "71 99999-0001", "71 9999-0001", "71 99999-0002", "71 99999-0001 | 71 99999-0002"]),
)
options = st.fixed_dictionaries({
    "modo": st.sampled_from(["ignorar", "atualizar", "atualizar"]),
    "deduplicar_por": st.just(frozenset(DedupKey)) | st.frozensets(st.sampled_from(DedupKey)),
    "origem": st.sampled_from(["", "", "crm"]),
})  # fmt: skip
files = st.builds(
    File, st.lists(written_rows, min_size=2, max_size=6), st.sampled_from([True, True, False]), options, st.booleans()
)


class Model:
    """What was uploaded, by the own e-mail of each row; and the tenant's leads."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.rows: dict[str, WrittenRow] = {}

    def content_of(self, file: File) -> bytes:
        """The bytes of a file whose rows have their own e-mails."""
        lines = []
        for row in file.rows:
            own = f"row{len(self.rows)}@x.com"
            self.rows[own] = row
            lines.append((row.external_id, row.name, row.document, own, row.phone))
        return as_csv(*lines) if file.has_ids else as_csv(*(line[1:] for line in lines), header=PLAIN)

    def rows_of(self, emails: str) -> list[WrittenRow]:
        """The rows that are in a lead with these e-mails."""
        return [self.rows[email] for email in emails.split()]

    def leads(self) -> dict[UUID, list[Any]]:
        """By id: the document, the name, and the contacts of each lead, and when it was changed."""
        tenant = literal(self.office.tenant_id)
        found = ask(
            self.office.services.owner_database,
            f"""SELECT lead_id, documento, nome,
                       (SELECT string_agg(email, ' ' ORDER BY ordem) FROM lead_emails e
                         WHERE (e.tenant_id, e.lead_id) = (l.tenant_id, l.lead_id)),
                       (SELECT string_agg(telefone || '=' || principal, ' ' ORDER BY ordem) FROM lead_telefones t
                         WHERE (t.tenant_id, t.lead_id) = (l.tenant_id, l.lead_id)),
                       contato, telefone_raw, email_raw, atualizado_em
                  FROM leads l WHERE tenant_id = {tenant}""",
        )
        return {lead_id: lead for lead_id, *lead in found}

    def check_nobody_is_mixed(self) -> None:
        """A lead has its own document and rows of it, or of none; and no phone but those of these rows."""
        for document, _, emails, phones, *_ in self.leads().values():
            rows = self.rows_of(emails)
            valid = {read_document(row.document)[0] for row in rows} - {None}
            assert valid == ({document} if document else set())
            written = {phone.telefone for row in rows for phone in read_phones(row.phone)[0]}
            assert {phone.partition("=")[0] for phone in (phones or "").split()} <= written


def names_of(rows: Iterable[WrittenRow]) -> set[str]:
    return {plain_name(row.name) for row in rows} - {""}


def check_counts(job: Job, before: int, after: int) -> None:
    assert job["status"] == "concluido"
    known = job["leads_atualizados"] + job["duplicados"]
    assert job["linhas_processadas"] == job["leads_criados"] + known + job["linhas_rejeitadas"]
    assert sum(job["duplicados_por"].values()) == known
    assert after - before == job["leads_criados"]


UPDATING = {"modo": "atualizar", "deduplicar_por": frozenset(DedupKey), "origem": ""}
ONE, OTHER = (WrittenRow("1", "Ana", document, "71 99999-0001") for document in ("52998224725", "11144477735"))


@example(uploads=[File([ONE], True, UPDATING, False), File([OTHER], True, UPDATING, False)], batch=5)
@example(uploads=[File([ONE, OTHER], True, UPDATING, True)], batch=5)
@example(uploads=[File([OTHER, ONE._replace(external_id="2", document="")], False, UPDATING, False)], batch=1)
@settings(max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(uploads=st.lists(files, min_size=2, max_size=4), batch=st.integers(1, 5))
def test_no_sequence_of_uploads_mixes_people(app_settings: Settings, uploads: list[File], batch: int) -> None:
    services = Services(app_settings.model_copy(update={"ingest_batch_rows": batch}), clock=Ticking())
    with closing(services):
        model = Model(office := Office(services, next(TENANTS)))
        jobs: list[tuple[Job, dict[UUID, list[Any]]]] = []
        for file in uploads:
            before = model.leads()
            content = model.content_of(file)
            job = office.ingest(content, **file.options)
            first = model.leads()
            check_counts(job, len(before), len(first))
            model.check_nobody_is_mixed()
            again = office.ingest(content, **file.options)
            check_counts(again, len(first), len(second := model.leads()))
            model.check_nobody_is_mixed()
            # A row that was found by the name that a lead had is not found by the name that a later row gave it.
            if all(len(names_of(model.rows_of(lead[2]))) <= 1 for lead in second.values()):
                assert again["leads_criados"] == 0
            jobs += [(job, before), (again, first)]
            if file.is_undone:
                undo(model, *jobs.pop())
                undo(model, *jobs.pop())
        while jobs:
            undo(model, *jobs.pop())
        assert model.leads() == {}


def undo(model: Model, job: Job, before: dict[UUID, list[Any]]) -> None:
    """Undo the newest job: everything is as it was before it."""
    undone = model.office.undone(job)
    assert (undone["leads_removidos"], undone["leads_mantidos"], undone["mesclas_mantidas"]) == (
        job["leads_criados"], {}, {},
    )  # fmt: skip
    assert model.leads() == before
