"""Rows become leads: what a batch leaves in the tables, and how its rows meet known leads and each other."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from chalicelib.errors import NotFound
from chalicelib.ingestion.loading.loader import BatchDoesNotAddUp
from chalicelib.pages import PageQuery
from chalicelib.wiring import Services
from tests.builders import TENANT, ask, insert, run
from tests.ingesting import HEADER, PLAIN, Job, Office, as_csv, counts, file_id, lines_of, numbered, sheet, table_of


@pytest.fixture
def office(services: Services) -> Office:
    return Office(services)


def some_counts(job: Job, *names: str) -> tuple[int, ...]:
    return tuple(job[name] for name in names)


# Rows


@pytest.mark.straight_path
def test_rows_become_leads_with_contacts_and_provenance(office: Office) -> None:
    content = sheet(
        "Maria;529.982.247-25;m@x.com | n@x.com;71 3333-4444 / 71 99999-0001", "José;;;", "Ana;;bad;11987650000"
    )
    job = office.ingest(content)
    assert job["status"] == "concluido"
    assert tuple(counts(job).values()) == (3, 2, 0, 0, 1, 3, 2, 2, 2)
    assert office.leads() == [
        [
            f"{file_id(content)}:2", "Maria", None, "52998224725", "71 3333-4444 / 71 99999-0001", "m@x.com | n@x.com",
            "novo", [], "leads.csv", None, 2, "+557133334444falsefixofalse +5571999990001truemoveltrue",
            "m@x.comtrue n@x.comfalse",
        ],
        [
            f"{file_id(content)}:4", "Ana", None, None, "11987650000", "bad", "novo", [], "leads.csv", None, 4,
            "+5511987650000truemoveltrue", None,
        ],
    ]  # fmt: skip


def test_any_text_is_stored_as_it_stood_in_the_file(office: Office, services: Services) -> None:
    names = [
        "a\\b",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "\\.",
        "\\N",
        "N\\",
        "😀 ção",
        '"q"',
        "{a,b}",
        "a\u202eRTL",
        "e\u0301",
        "\x01",
    ]
    rows = [(name, "", f"x{number}@x.com", "not a phone") for number, name in enumerate(names)]
    job = office.ingest(as_csv(*rows, header=PLAIN))
    found = ask(services.owner_database, "SELECT nome FROM leads ORDER BY linha_planilha")
    assert [row[0] for row in found] == names
    cells = ask(services.owner_database, "SELECT celulas[1] FROM ingest_erros ORDER BY linha")
    assert [row[0] for row in cells] == names
    assert job["linhas_rejeitadas"] == 0


def test_the_provenance_of_a_lead_never_changes(office: Office, services: Services) -> None:
    office.ingest(as_csv(*numbered(1)))
    with pytest.raises(Exception, match="leads_provenance_is_final"):
        run(services.owner_database, "UPDATE leads SET linha_planilha = 9")


# Duplicates


@pytest.mark.parametrize("modo", ["ignorar", "atualizar"])
def test_the_same_file_again_creates_and_changes_nothing(office: Office, modo: str) -> None:
    content = as_csv(*numbered(30))
    office.ingest(content)
    before = office.leads()
    again = office.ingest(content, modo=modo)
    assert tuple(counts(again).values())[:7] == (30, 0, 0, 30, 0, 0, 0)
    assert office.leads() == before


def test_an_existing_lead_is_left_alone_unless_the_job_updates(office: Office) -> None:
    office.ingest(sheet("A;Maria;;m@x.com;71 3333-4444", header=HEADER))
    job = office.ingest(sheet("A;Maria Outra;;o@x.com;", header=HEADER))
    assert some_counts(job, "duplicados", "leads_atualizados") == (1, 0)
    assert office.leads()[0][1] == "Maria"


def test_an_update_keeps_old_values_for_blanks_and_adds_new_contacts(office: Office) -> None:
    office.ingest(sheet("A;Maria;;m@x.com;71 3333-4444", header=HEADER))
    job = office.ingest(sheet("A;;52998224725;n@x.com | m@x.com;71 99999-0001", header=HEADER), modo="atualizar")
    assert tuple(counts(job).values())[:7] == (1, 0, 1, 0, 0, 1, 1)
    [lead] = office.leads()
    assert lead[1:4] == ["Maria", None, "52998224725"]
    assert lead[8:11] == ["leads.csv", None, 2]
    assert lead[11] == "+557133334444falsefixofalse +5571999990001truemoveltrue"
    assert lead[12] == "m@x.comtrue n@x.comfalse"


def test_a_known_document_is_the_same_lead(office: Office) -> None:
    office.ingest(sheet("Maria;52998224725;m@x.com;"), name="one.csv")
    job = office.ingest(sheet("Maria S;529.982.247-25;n@x.com;"), name="two.csv")
    assert some_counts(job, "leads_criados", "duplicados") == (0, 1)
    job = office.ingest(sheet("Maria S;529.982.247-25;n@x.com;"), name="two.csv", deduplicar_por=[])
    assert some_counts(job, "leads_criados", "duplicados") == (1, 0)


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize("modo", ["ignorar", "atualizar"])
def test_rows_of_one_file_meet_each_other_alike_in_one_batch_or_in_two(
    make_services: Callable[..., Services], batch: int, modo: str
) -> None:
    office = Office(make_services(ingest_batch_rows=batch))
    job = office.ingest(
        sheet(
            "A;Maria;;m@x.com;71 3333-4444", "B;João;52998224725;j@x.com;", "A;;;n@x.com;71 99999-0001",
            "C;;52998224725;k@x.com;", "A;;;n@x.com;", "D;;11222333000181;;", "B;;11222333000181;;",
            ";joão;;j@x.com;", header=HEADER,
        ),
        modo=modo,
    )  # fmt: skip
    assert job["linhas_processadas"] == 8
    leads = office.leads()
    assert [lead[0] for lead in leads] == ["A", "B", "D"]
    assert job["linhas_rejeitadas"] == 1
    assert job["duplicados_por"] == {"documento": 1, "id": 2, "arquivo": 0, "contato": 1}
    if modo == "ignorar":
        assert some_counts(job, "leads_criados", "leads_atualizados", "duplicados") == (3, 0, 4)
        assert leads[0][12] == "m@x.comtrue"
    else:
        assert some_counts(job, "leads_criados", "leads_atualizados", "duplicados") == (3, 3, 1)
        assert leads[0][11:] == [
            "+557133334444falsefixofalse +5571999990001truemoveltrue", "m@x.comtrue n@x.comfalse",
        ]  # fmt: skip
        assert leads[1][3] == "52998224725"
        assert leads[1][12] == "j@x.comtrue k@x.comfalse"


# Who is who


DOCUMENT, OTHER = "52998224725", "11144477735"


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize(
    "row", [f"7;Bo;{OTHER};b@x.com;", f"8;Bo;{DOCUMENT};b@x.com;"], ids=["another document", "another's document"]
)
def test_a_row_whose_id_and_document_disagree_is_refused_with_its_cells(
    make_services: Callable[..., Services], batch: int, row: str
) -> None:
    office = Office(make_services(ingest_batch_rows=batch))
    lines = [f"7;Ana;{DOCUMENT};a@x.com;", "8;Rui;;r@x.com;"]
    expected = office.ingest(sheet(*lines, header=HEADER)) and office.leads()
    job = office.ingest(sheet(*lines, row + "bad", header=HEADER), modo="atualizar", name="again.csv")
    assert some_counts(job, "linhas_processadas", "duplicados", "linhas_rejeitadas") == (3, 2, 1)
    assert office.leads() == expected
    celled, refused = lines_of(office.report(job))
    assert [celled["codigo"], refused["codigo"]] == ["telefone_invalido", "id_de_outro_documento"]
    assert refused["Email"] == "b@x.com"
    assert row[0] in refused["mensagem"]


@pytest.mark.parametrize("modo", ["ignorar", "atualizar"])
@pytest.mark.parametrize("batch", [1, 100])
def test_ids_of_two_systems_that_both_count_from_one_do_not_join_strangers(
    make_services: Callable[..., Services], batch: int, modo: str
) -> None:
    office = Office(make_services(ingest_batch_rows=batch))
    office.ingest(sheet("1;Ana Lobo;;a@x.com;71999990001", "2;Rui;;r@x.com;", header=HEADER))
    rows = [
        "1;Cida;;c@x.com;71999990009",
        "1;Ana;;nova@x.com;",
        "2;Rui Sá;;;71999990002",
        "3;Bo;;b@x.com;",
        "3;Eva;;e@x.com;",
    ]
    job = office.ingest(sheet(*rows, header=HEADER), modo=modo, name="crm.csv")
    assert some_counts(job, "leads_criados", "linhas_rejeitadas") == (1, 2)
    assert [line["codigo"] for line in lines_of(office.report(job))] == ["id_de_outra_pessoa"] * 2
    ana = next(lead for lead in office.leads() if lead[0] == "1")
    assert "c@x.com" not in str(ana)
    assert "Cida" not in str(ana)


def test_ids_of_two_origins_never_meet(office: Office) -> None:
    crm, shop = sheet("1;Ana;;a@x.com;", header=HEADER), sheet("1;Bo;;b@x.com;", header=HEADER)
    office.ingest(crm, origem="CRM")
    assert office.ingest(shop, origem="loja")["leads_criados"] == 1
    assert office.ingest(sheet("1;;;a2@x.com;", header=HEADER), origem=" crm ", modo="atualizar")["leads_atualizados"]
    assert [(lead[0], lead[1], lead[12]) for lead in office.leads()] == [
        ("1", "Ana", "a@x.comtrue a2@x.comfalse"), ("1", "Bo", "b@x.comtrue"),
    ]  # fmt: skip


@pytest.mark.parametrize("odd", [[], ['a"b', "c\\d", '"x"'], ["{e,f}", "g,h", "i j", "ção"]])
def test_lead_is_found_by_its_id_whatever_characters_the_id_has(office: Office, odd: list[str]) -> None:
    ids = ["1", *odd]
    rows = [(each, f"P{number}", "", f"p{number}@x.com", "") for number, each in enumerate(ids)]
    office.ingest(as_csv(*rows))
    again = office.ingest(as_csv(*reversed(rows)))
    assert again["duplicados_por"]["id"] == len(ids)


def test_another_file_of_the_same_name_is_of_other_people(office: Office) -> None:
    office.ingest(sheet("Ana;;a@x.com;", "Bo;;b@x.com;"))
    job = office.ingest(sheet("Cy;;c@x.com;", "Di;;d@x.com;", "Bo;;b@x.com;"))
    assert some_counts(job, "leads_criados", "duplicados") == (2, 1)
    assert job["duplicados_por"]["contato"] == 1


def test_a_row_that_was_inserted_on_top_moves_nobody(office: Office) -> None:
    people = [f"P{n};{document};p{n}@x.com;" for n, document in enumerate((DOCUMENT, OTHER))]
    office.ingest(sheet(*people))
    before = office.leads()
    job = office.ingest(sheet("New;11222333000181;n@x.com;", *people), modo="atualizar")
    assert some_counts(job, "leads_criados", "leads_atualizados", "duplicados") == (1, 0, 2)
    assert [lead for lead in office.leads() if lead[1] != "New"] == before


@pytest.mark.parametrize("batch", [1, 100])
def test_one_number_is_one_person_only_by_the_same_name(make_services: Callable[..., Services], batch: int) -> None:
    office = Office(make_services(ingest_batch_rows=batch))
    job = office.ingest(
        sheet("Jandira Lobo;;;61 98109-0001", "JANDIRA  LÔBO;;j@x.com;61 8109-0001", "Cléo;;;61 98109-0001"),
        modo="atualizar",
    )
    assert some_counts(job, "leads_criados", "leads_atualizados") == (2, 1)
    assert sorted((lead[1], lead[12]) for lead in office.leads()) == [("Cléo", None), ("JANDIRA  LÔBO", "j@x.comtrue")]


def test_ids_that_do_not_count_are_no_keys_and_the_same_bytes_still_create_nothing(office: Office) -> None:
    office.ingest(sheet("1;Ana;;a@x.com;", header=HEADER))
    content = sheet("1;Bo;;b@x.com;bad", "2;Ana;;a@x.com;", header=HEADER)
    job = office.ingest(content, deduplicar_por=["documento"])
    assert some_counts(job, "leads_criados", "duplicados") == (2, 0)
    assert office.ingest(content, deduplicar_por=[])["duplicados_por"]["arquivo"] == 2
    header, line = table_of(office.report(job))
    assert (header[:2], line[:2]) == (["ID", "ID"], [f"{file_id(content)}:2", "1"])
    again = office.ingest(office.report(job).replace(b"bad", b"71999990001"), name="erros.csv")
    assert some_counts(again, "leads_criados", "leads_atualizados") == (0, 1)


def test_a_lead_of_before_is_found_by_the_id_that_it_has(office: Office, services: Services) -> None:
    job = office.ingest(sheet("Ana;;a@x.com;"))
    insert(
        services.owner_database, "leads", tenant_id=TENANT, lead_id=uuid4(), lead_id_externo="leads.csv:3", nome="Bo",
        origem_arquivo="leads.csv", origem_aba=None, linha_planilha=3, job_id=job["job_id"],
    )  # fmt: skip
    again = office.ingest(sheet("leads.csv:3;;;b@x.com;", header=HEADER), name="erros.csv", modo="atualizar")
    assert some_counts(again, "leads_criados", "leads_atualizados") == (0, 1)


def test_two_tenants_may_have_the_same_leads(office: Office, services: Services) -> None:
    content = sheet("Maria;52998224725;m@x.com;")
    office.ingest(content)
    job = Office(services, "other").ingest(content)
    assert job["leads_criados"] == 1
    with pytest.raises(NotFound):
        services.jobs.get(TENANT, job["job_id"])


# The proof


def test_a_batch_that_does_not_add_up_is_never_committed(office: Office, services: Services) -> None:
    run(
        services.owner_database,
        """
        CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER lose BEFORE INSERT ON leads FOR EACH ROW WHEN (NEW.nome = 'Lead 3') EXECUTE FUNCTION lose()
        """,
    )
    with pytest.raises(BatchDoesNotAddUp, match="orfaos"):
        office.ingest(as_csv(*numbered(5)))
    assert office.leads() == []
    run(services.owner_database, "DROP TRIGGER lose ON leads")
    [job] = services.jobs.page(TENANT, PageQuery())["itens"]
    assert office.wake(job["job_id"])["leads_criados"] == 5
