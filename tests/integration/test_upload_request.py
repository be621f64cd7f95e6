"""The bodies that an upload may have, byte by byte, and what ingestion receives of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from chalice.app import Request
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.calls import Call
from chalicelib.api.form import UploadBody
from chalicelib.errors import Invalid, TooLarge, UnsupportedFile
from chalicelib.ingestion.jobs.requests import (
    MAX_NAME,
    AnnouncedUpload,
    FileInBody,
    NewUpload,
    S3Reference,
    base_name,
)
from chalicelib.ingestion.options import ALL_KEYS, DedupKey, IngestMode, IngestOptions, Separator, TextEncoding
from chalicelib.ingestion.reading.limits import MAX_FILE
from tests.integration.test_local_api import Client

BOUNDARY = "limite"
MAX_FORM_BYTES = 100_000


def upload(body: bytes, content_type: str) -> NewUpload:
    """What ingestion receives of a body."""
    call = Call(
        Request(
            {
                "requestContext": {
                    "httpMethod": "POST",
                    "resourcePath": "/ingest/leads/xlsx",
                    "authorizer": {"tenant_id": "acme", "groups": "operador"},
                },
                "pathParameters": None,
                "multiValueQueryStringParameters": None,
                "headers": {"content-type": content_type},
                "body": body,
                "isBase64Encoded": False,
                "stageVariables": None,
            }
        )
    )
    return UploadBody(call).upload(MAX_FORM_BYTES)


def sent_json(**body: Any) -> NewUpload:
    return upload(json.dumps(body).encode(), "application/json")


def part(name: str, content: bytes | str, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    value = content if isinstance(content, bytes) else content.encode()
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> bytes:
    return b"".join(parts) + end


def sent_form(*parts: bytes, **changes: bytes) -> NewUpload:
    return upload(form(*parts, **changes), f"multipart/form-data; boundary={BOUNDARY}")


def refusal(error: Invalid) -> tuple[str, list[tuple[str, str]]]:
    return error.code, [(each.pointer, each.code) for each in error.errors]


FILE = part("arquivo", b"PK\x03\x04\x00\xff\r\n--limit", "leads.xlsx")


def test_file_in_the_body_arrives_byte_by_byte() -> None:
    assert sent_form(FILE) == FileInBody("leads.xlsx", b"PK\x03\x04\x00\xff\r\n--limit", IngestOptions())


@given(st.binary(min_size=1, max_size=2_000))
def test_content_of_the_file_arrives_unchanged(content: bytes) -> None:
    if f"\r\n--{BOUNDARY}".encode() not in b"\r\n" + content:
        received = sent_form(part("arquivo", content, "a.csv"))
        assert isinstance(received, FileInBody)
        assert received.content == content


def test_field_may_be_called_file_and_be_among_options() -> None:
    received = sent_form(
        part("modo", "atualizar"), part("file", b"x", "a.csv"), part("deduplicar_por", " id, contato ")
    )
    assert received == FileInBody(
        "a.csv",
        b"x",
        IngestOptions(modo=IngestMode.ATUALIZAR, deduplicar_por=frozenset({DedupKey.ID, DedupKey.CONTATO})),
    )


def test_repeated_field_has_the_words_of_all_as_generated_clients_send_lists() -> None:
    tags = [part("tags", f"tag {number}") for number in range(20)]
    received = sent_form(FILE, *tags, part("deduplicar_por", "id"), part("deduplicar_por", "contato, documento"))
    assert received.options == IngestOptions(tags=tuple(f"tag {number}" for number in range(20)))
    assert sent_form(FILE, part("origem", "a"), part("origem", "b")).options == IngestOptions(origem="b")


def test_every_kind_of_upload_may_ask_for_a_dry_run() -> None:
    assert sent_form(FILE, part("validar_apenas", "true")).options == IngestOptions(validar_apenas=True)
    assert sent_json(bucket="b-b", key="k", validar_apenas=True).options == IngestOptions(validar_apenas=True)
    assert sent_json(arquivo="a.csv", tamanho=1, validar_apenas=True).options == IngestOptions(validar_apenas=True)
    assert sent_form(FILE).options.validar_apenas is False


def test_every_kind_of_upload_may_say_how_its_text_is_written() -> None:
    options = IngestOptions(codificacao=TextEncoding.MAC_ROMAN, separador=Separator.TAB)
    said = {"codificacao": "mac-roman", "separador": "tab"}
    assert sent_form(FILE, *(part(*each) for each in said.items())).options == options
    assert sent_json(bucket="b-b", key="k", **said).options == options
    assert sent_json(arquivo="a.csv", tamanho=1, **said).options == options


@pytest.mark.parametrize(("field", "value"), [("codificacao", "latin9"), ("separador", ";;"), ("separador", "")])
def test_unknown_encoding_or_separator_is_refused(field: str, value: str) -> None:
    sends: list[Callable[[], NewUpload]] = [
        lambda: sent_form(FILE, part(field, value)),
        lambda: sent_json(arquivo="a.csv", tamanho=1, **{field: value}),
    ]
    for send in sends:
        with pytest.raises(Invalid) as caught:
            send()
        assert refusal(caught.value) == ("requisicao_invalida", [(f"/{field}", "enum")])


@pytest.mark.parametrize("name", ["leads.xls", "leads.PDF", "leads.ods", "leads.numbers", "leads.xlsb", "leads.zip"])
def test_wrong_kind_of_file_is_refused_when_it_is_offered(name: str) -> None:
    sends: list[Callable[[], NewUpload]] = [
        lambda: sent_json(arquivo=name, tamanho=1),
        lambda: sent_form(part("arquivo", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", name)),
    ]
    for send in sends:
        with pytest.raises(UnsupportedFile) as caught:
            send()
        assert caught.value.status == 415
        assert refusal(caught.value) == ("formato_nao_suportado", [("/arquivo", "formato_nao_suportado")])


def test_export_called_xls_that_we_can_read_is_accepted() -> None:
    assert isinstance(sent_form(part("arquivo", "Nome;Email\nAna;a@b.co\n", "leads.xls")), FileInBody)


def test_quoted_boundary_and_any_case_of_the_type_are_accepted() -> None:
    kind = f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"'
    assert isinstance(upload(form(FILE), kind), FileInBody)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("leads.xlsx", "leads.xlsx"),
        ("C:\\Users\\maria\\leads.xlsx", "leads.xlsx"),
        ("../../etc/leads.csv", "leads.csv"),
        ("/leads.csv", "leads.csv"),
        ("Relatório de março.xlsx", "Relatório de março.xlsx"),
        ("marc\u0327o.xlsx", "março.xlsx"),
        (" le\x00a\x1bds.csv ", "leads.csv"),
        ("a" * 300 + ".xlsx", "a" * (MAX_NAME - 5) + ".xlsx"),
        ("a" * 300, "a" * MAX_NAME),
        ("a." + "b" * 300, "a." + "b" * (MAX_NAME - 2)),
        ("..", ""),
        ("pasta/", ""),
        ("\x00\r\n", ""),
        ("", ""),
    ],
)
def test_name_keeps_its_last_part_without_invisible_characters(sent: str, kept: str) -> None:
    assert base_name(sent) == kept


@given(st.text())
def test_kept_name_is_short_and_names_no_folder(name: str) -> None:
    kept = base_name(name)
    assert len(kept) <= MAX_NAME
    assert not set(kept) & set("/\\\0\r\n")
    kept.encode()


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        ([], ("arquivo_obrigatorio", [("/arquivo", "arquivo_obrigatorio")])),
        ([part("modo", "ignorar")], ("arquivo_obrigatorio", [("/arquivo", "arquivo_obrigatorio")])),
        ([part("arquivo", b"x")], ("arquivo_obrigatorio", [("/arquivo", "arquivo_obrigatorio")])),
        ([part("planilha", b"x", "a.csv")], ("arquivo_obrigatorio", [("/arquivo", "arquivo_obrigatorio")])),
        ([FILE, part("file", b"x", "b.csv")], ("arquivo_obrigatorio", [("/arquivo", "arquivo_obrigatorio")])),
        ([part("arquivo", b"x", "")], ("nome_de_arquivo_invalido", [("/arquivo", "nome_de_arquivo_invalido")])),
        ([part("arquivo", b"x", "..")], ("nome_de_arquivo_invalido", [("/arquivo", "nome_de_arquivo_invalido")])),
        ([FILE, part("modo", "apagar")], ("requisicao_invalida", [("/modo", "enum")])),
        ([FILE, part("modo", "a\0")], ("requisicao_invalida", [("/modo", "caractere_nulo")])),
        ([FILE, part("tenant_id", "outra")], ("requisicao_invalida", [("/tenant_id", "extra_forbidden")])),
        ([FILE, part("", "x")], ("requisicao_invalida", [("/", "extra_forbidden")])),
        ([FILE, part("validar_apenas", "quem sabe")], ("requisicao_invalida", [("/validar_apenas", "bool_type")])),
        (
            [FILE, part("deduplicar_por", "id, cpf")],
            ("requisicao_invalida", [("/deduplicar_por/1", "enum")]),
        ),
        ([FILE, part("deduplicar_por", "")], ("requisicao_invalida", [("/deduplicar_por/0", "enum")])),
        ([FILE, part("origem", "a\nb")], ("requisicao_invalida", [("/origem", "string_pattern_mismatch")])),
        ([FILE, part("modo", b"\xff")], ("multipart_invalido", [])),
        ([FILE, *[part(f"f{n}", "x") for n in range(64)]], ("multipart_invalido", [])),
    ],
)  # fmt: skip
def test_form_with_wrong_fields_is_refused(parts: list[bytes], refused: tuple[str, list[tuple[str, str]]]) -> None:
    with pytest.raises(Invalid) as raised:
        sent_form(*parts)
    assert refusal(raised.value) == refused


@pytest.mark.parametrize("end", [b"", b"--limite", b"--outro--\r\n", b"--limite\r\nsem cabecalho\r\n\r\nx"])
def test_form_without_its_end_is_refused(end: bytes) -> None:
    with pytest.raises(Invalid) as raised:
        sent_form(FILE, end=end)
    assert refusal(raised.value) == ("multipart_invalido", [])


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=outro",
        "multipart/form-data; boundary=" + "b" * 2_000,
        "multipart/form-data; boundary=á",
    ],
)
def test_form_without_its_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(Invalid) as raised:
        upload(form(FILE), content_type)
    assert raised.value.code == "multipart_invalido"


@given(st.binary(max_size=300))
def test_every_form_is_accepted_or_refused(body: bytes) -> None:
    for sent in (body, form(part("arquivo", b"x", "a.csv"), end=body), form(body)):
        try:
            upload(sent, f"multipart/form-data; boundary={BOUNDARY}")
        except Invalid:
            continue


def test_form_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(TooLarge) as raised:
        upload(b"x" * (MAX_FORM_BYTES + 1), f"multipart/form-data; boundary={BOUNDARY}")
    assert raised.value.params == {"maximo": MAX_FORM_BYTES}


def test_reference_names_a_bucket_and_a_key() -> None:
    assert sent_json(bucket="disparo-agenda-dev", key="leads/acme/a.xlsx") == S3Reference(
        "disparo-agenda-dev", "leads/acme/a.xlsx", IngestOptions()
    )
    assert sent_json(bucket="b-b", key="k", modo="atualizar", deduplicar_por=["contato", "id"]) == S3Reference(
        "b-b", "k", IngestOptions(modo=IngestMode.ATUALIZAR, deduplicar_por=frozenset({DedupKey.ID, DedupKey.CONTATO}))
    )


@pytest.mark.parametrize("field", ["tags", "mapeamento", "chaves"])
@pytest.mark.parametrize("beginning", ["[", '{"a":'])
def test_field_that_is_nested_too_deep_is_refused(field: str, beginning: str) -> None:
    with pytest.raises(Invalid) as raised:
        sent_form(part(field, beginning * 10_000), FILE)
    assert raised.value.errors[0].pointer.startswith(f"/{field}")


def test_keys_that_count_are_a_list_or_words_of_a_form_and_origins_have_one_spelling() -> None:
    def options(**given: object) -> IngestOptions:
        return sent_json(bucket="b-b", key="k", **given).options

    assert options().deduplicar_por == ALL_KEYS
    assert options(deduplicar_por=[]).deduplicar_por == frozenset()
    assert options(deduplicar_por=["documento"]).deduplicar_por == {DedupKey.DOCUMENTO}
    assert sent_form(FILE, part("deduplicar_por", "nenhum")).options.deduplicar_por == frozenset()
    assert sent_form(FILE, part("deduplicar_por", "documento")).options.deduplicar_por == {DedupKey.DOCUMENTO}
    assert sent_form(FILE, part("deduplicar_por_documento", "False")).options.keys == {DedupKey.ID, DedupKey.CONTATO}
    assert options(deduplicar_por_documento=True, deduplicar_por=["id"]).keys == {DedupKey.ID}
    assert options(origem="  CRM   da  Matriz ").origem == "crm da matriz"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("leads.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("Leads.CSV", "text/csv"),
        ("leads.tsv", "text/tab-separated-values"),
        ("leads.txt", "text/plain"),
        ("leads", "application/octet-stream"),
        ("leads.html.backup", "application/octet-stream"),
    ],
)
def test_announced_upload_is_stored_as_what_its_name_says(name: str, content_type: str) -> None:
    assert AnnouncedUpload(name, 1, IngestOptions()).content_type == content_type


def test_announced_upload_names_a_file_and_its_size() -> None:
    assert sent_json(arquivo="pasta/leads.xlsx", tamanho=MAX_FILE) == AnnouncedUpload(
        "leads.xlsx", MAX_FILE, IngestOptions()
    )
    assert sent_json(arquivo="a.csv", tamanho=1, modo="atualizar").options == IngestOptions(modo=IngestMode.ATUALIZAR)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("/arquivo", "missing"), ("/tamanho", "missing")]),
        ({"bucket": "b-b"}, [("/key", "missing")]),
        ({"key": "k"}, [("/bucket", "missing")]),
        ({"bucket": "b-b", "key": ""}, [("/key", "string_too_short")]),
        ({"bucket": "b", "key": "k"}, [("/bucket", "string_too_short")]),
        ({"bucket": 7, "key": ["k"]}, [("/bucket", "string_type"), ("/key", "string_type")]),
        ({"bucket": "b-b", "key": "k" * 1025}, [("/key", "string_too_long")]),
        ({"bucket": "b-b", "key": "k\0"}, [("/key", "caractere_nulo")]),
        ({"bucket": "b-b", "key": "k", "tamanho": 1}, [("/tamanho", "extra_forbidden")]),
        ({"arquivo": "a.csv"}, [("/tamanho", "missing")]),
        ({"arquivo": "a.csv", "tamanho": 0}, [("/tamanho", "greater_than_equal")]),
        ({"arquivo": "a.csv", "tamanho": MAX_FILE + 1}, [("/tamanho", "less_than_equal")]),
        ({"arquivo": "a.csv", "tamanho": 10**400}, [("/tamanho", "less_than_equal")]),
        ({"arquivo": "a.csv", "tamanho": 1.5}, [("/tamanho", "int_type")]),
        ({"arquivo": "a.csv", "tamanho": True}, [("/tamanho", "int_type")]),
        ({"arquivo": "a.csv", "tamanho": "100"}, [("/tamanho", "int_type")]),
        ({"arquivo": "a.csv", "tamanho": 1, "validar_apenas": "true"}, [("/validar_apenas", "bool_type")]),
        ({"arquivo": "..", "tamanho": 1}, [("/arquivo", "nome_de_arquivo_invalido")]),
        ({"arquivo": "a-${filename}", "tamanho": 1}, [("/arquivo", "nome_de_arquivo_invalido")]),
        ({"arquivo": "a$\t{filename}", "tamanho": 1}, [("/arquivo", "nome_de_arquivo_invalido")]),
        ({"arquivo": "a" * 1025, "tamanho": 1}, [("/arquivo", "string_too_long")]),
        ({"arquivo": "a.csv", "tamanho": 1, "modo": "apagar"}, [("/modo", "enum")]),
    ],
)
def test_document_with_wrong_fields_is_refused(body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid) as raised:
        sent_json(**body)
    assert refusal(raised.value) == ("requisicao_invalida", errors)


@pytest.mark.parametrize("body", [b"nada", b"[]", b"7", b"\xff"])
def test_body_that_is_not_a_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid) as raised:
        upload(body, "application/json")
    assert raised.value.errors[0].pointer == ""


def test_client_is_told_what_kind_of_file_is_refused_and_what_to_do(api: Client) -> None:
    """An ERP's report in HTML that is called `.xls`."""
    body = form(part("arquivo", b"<html><body><table><tr><td>Nome</td></tr></table></body></html>", "relatorio.xls"))
    status, problem, _ = api.ask(
        "POST", "/ingest/leads/xlsx", token=api.token(), body=body,
        Content_Type=f"multipart/form-data; boundary={BOUNDARY}",
    )  # fmt: skip
    assert (status, problem["code"]) == (415, "formato_nao_suportado")
    assert "HTML" in problem["detail"]
    assert ".xlsx" in problem["detail"]


@pytest.fixture
def small_forms(environ: dict[str, str]) -> int:
    """The limit of forms in an app that is configured with a small one, in bytes."""
    environ["MULTIPART_MAX_BYTES"] = "300"
    return 300


def test_limit_of_forms_is_a_setting(small_forms: int, api: Client) -> None:
    fitting = form(part("arquivo", b"ID;Email\n1;maria@example.com\n", "leads.csv"))
    too_large = form(part("arquivo", b"x" * small_forms, "leads.csv"))
    assert len(fitting) <= small_forms
    replies = [
        api.ask(
            "POST", "/ingest/leads/xlsx", token=api.token(), body=body,
            Content_Type=f"multipart/form-data; boundary={BOUNDARY}",
        )
        for body in (fitting, too_large)
    ]  # fmt: skip
    assert [status for status, _, _ in replies] == [202, 413]
    problem = replies[1][1]
    assert problem["code"] == "corpo_grande_demais"
    assert problem["detail"].startswith(f"O corpo passa de {small_forms} bytes; para um arquivo maior, peça")


MAPPED = {"Fone da firma": "telefone", "Obs": "ignorar", "Saldo": "campo:saldo"}


def test_every_kind_of_upload_may_say_what_columns_are_and_give_tags() -> None:
    sent = [
        sent_json(arquivo="a.csv", tamanho=1, mapeamento=MAPPED, tags=["vip", "vip"]),
        sent_json(bucket="bucket", key="leads/acme/a.csv", mapeamento=MAPPED, tags=["vip"]),
        sent_form(part("arquivo", "x", "a.csv"), part("mapeamento", json.dumps(MAPPED)), part("tags", "vip, vip")),
        sent_form(part("arquivo", "x", "a.csv"), part("mapeamento", json.dumps(MAPPED)), part("tags", '["vip"]')),
    ]
    assert [(each.options.mapeamento, each.options.tags) for each in sent] == [(MAPPED, ("vip",))] * 4
    assert sent_json(arquivo="a.csv", tamanho=1).options.mapeamento is None


@pytest.mark.parametrize(
    ("field", "value", "refused"),
    [
        ("mapeamento", '{"Fone": "fone"}', [("/mapeamento/Fone", "destino_de_coluna_invalido")]),
        ("mapeamento", "Fone", [("/mapeamento", "dict_type")]),
        ("tags", "x" * 41, [("/tags/0", "string_too_long")]),
    ],
)
def test_mapping_or_tag_that_is_wrong_is_refused(field: str, value: str, refused: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid) as raised:
        sent_form(part("arquivo", "x", "a.csv"), part(field, value))
    assert refusal(raised.value)[1] == refused
