"""What an upload request may look like, byte by byte, and what of it reaches ingestion."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice.app import Request
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.form import MAX_FORM_BYTES
from chalicelib.api.http import Call
from chalicelib.api.requests import upload
from chalicelib.errors import Invalid, TooLarge
from chalicelib.ingestion.jobs.requests import (
    MAX_NAME,
    AnnouncedUpload,
    FileInBody,
    NewUpload,
    S3Reference,
    base_name,
)
from chalicelib.ingestion.options import IngestMode, IngestOptions
from chalicelib.ingestion.reading.limits import MAX_FILE

BOUNDARY = "limite"


def call(body: bytes, content_type: str) -> Call:
    return Call(
        Request(
            {
                "requestContext": {
                    "httpMethod": "POST",
                    "resourcePath": "/ingest/leads/xlsx",
                    "authorizer": {"claims": {"custom:tenant_id": "acme"}},
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


def sent_json(**body: Any) -> NewUpload:
    return upload(call(json.dumps(body).encode(), "application/json"))


def part(name: str, content: bytes | str, filename: str | None = None) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    value = content if isinstance(content, bytes) else content.encode()
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + value + b"\r\n"


def form(*parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()) -> bytes:
    return b"".join(parts) + end


def sent_form(*parts: bytes, **changes: bytes) -> NewUpload:
    return upload(call(form(*parts, **changes), f"multipart/form-data; boundary={BOUNDARY}"))


def refusal(error: Invalid) -> tuple[str, list[tuple[str, str]]]:
    return error.code, [(each.pointer, each.code) for each in error.errors]


FILE = part("arquivo", b"PK\x03\x04\x00\xff\r\n--limit", "leads.xlsx")


def test_a_file_in_the_body_arrives_byte_by_byte() -> None:
    assert sent_form(FILE) == FileInBody("leads.xlsx", b"PK\x03\x04\x00\xff\r\n--limit", IngestOptions())


@given(st.binary(min_size=1, max_size=2_000))
def test_whatever_the_file_holds_it_is_what_was_sent(content: bytes) -> None:
    if f"\r\n--{BOUNDARY}".encode() not in b"\r\n" + content:
        taken = sent_form(part("arquivo", content, "a.csv"))
        assert isinstance(taken, FileInBody)
        assert taken.conteudo == content


def test_the_field_may_be_called_file_and_stand_among_options() -> None:
    taken = sent_form(
        part("modo", "atualizar"), part("file", b"x", "a.csv"), part("deduplicar_por_documento", " false ")
    )
    assert taken == FileInBody("a.csv", b"x", IngestOptions(modo=IngestMode.ATUALIZAR, deduplicar_por_documento=False))


def test_a_dry_run_may_be_asked_for_whichever_way_the_file_comes() -> None:
    assert sent_form(FILE, part("validar_apenas", "true")).opcoes == IngestOptions(validar_apenas=True)
    assert sent_json(bucket="b-b", key="k", validar_apenas=True).opcoes == IngestOptions(validar_apenas=True)
    assert sent_json(arquivo="a.csv", tamanho=1, validar_apenas=True).opcoes == IngestOptions(validar_apenas=True)
    assert sent_form(FILE).opcoes.validar_apenas is False


def test_a_quoted_boundary_and_any_case_of_the_type_are_understood() -> None:
    kind = f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"'
    assert isinstance(upload(call(form(FILE), kind)), FileInBody)


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
def test_of_a_files_name_its_last_part_is_kept_and_nothing_that_cannot_be_seen(sent: str, kept: str) -> None:
    assert base_name(sent) == kept


@given(st.text())
def test_a_kept_name_is_short_and_names_no_other_folder(name: str) -> None:
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
        ([FILE, part("modo", "a\0")], ("requisicao_invalida", [("/modo", "enum")])),
        ([FILE, part("tenant_id", "outra")], ("requisicao_invalida", [("/tenant_id", "extra_forbidden")])),
        ([FILE, part("", "x")], ("requisicao_invalida", [("/", "extra_forbidden")])),
        ([FILE, part("validar_apenas", "quem sabe")], ("requisicao_invalida", [("/validar_apenas", "bool_parsing")])),
        (
            [FILE, part("deduplicar_por_documento", "talvez")],
            ("requisicao_invalida", [("/deduplicar_por_documento", "bool_parsing")]),
        ),
        ([FILE, part("modo", b"\xff")], ("multipart_invalido", [])),
        ([FILE, *[part(f"f{n}", "x") for n in range(8)]], ("multipart_invalido", [])),
    ],
)  # fmt: skip
def test_a_form_that_means_nothing_is_refused(parts: list[bytes], refused: tuple[str, list[tuple[str, str]]]) -> None:
    with pytest.raises(Invalid) as raised:
        sent_form(*parts)
    assert refusal(raised.value) == refused


@pytest.mark.parametrize("end", [b"", b"--limite", b"--outro--\r\n", b"--limite\r\nsem cabecalho\r\n\r\nx"])
def test_a_form_that_breaks_off_is_refused(end: bytes) -> None:
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
def test_a_form_without_its_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(Invalid) as raised:
        upload(call(form(FILE), content_type))
    assert raised.value.code == "multipart_invalido"


@given(st.binary(max_size=300))
def test_no_form_whatsoever_is_an_unexpected_error(body: bytes) -> None:
    for sent in (body, form(part("arquivo", b"x", "a.csv"), end=body), form(body)):
        try:
            upload(call(sent, f"multipart/form-data; boundary={BOUNDARY}"))
        except Invalid:
            continue


def test_a_form_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge) as raised:
        upload(call(b"x" * (MAX_FORM_BYTES + 1), f"multipart/form-data; boundary={BOUNDARY}"))
    assert raised.value.params == {"maximo": MAX_FORM_BYTES}


def test_a_reference_names_a_bucket_and_a_key() -> None:
    assert sent_json(bucket="disparo-agenda-dev", key="leads/acme/a.xlsx") == S3Reference(
        "disparo-agenda-dev", "leads/acme/a.xlsx", IngestOptions()
    )
    assert sent_json(bucket="b-b", key="k", modo="atualizar", deduplicar_por_documento=False) == S3Reference(
        "b-b", "k", IngestOptions(modo=IngestMode.ATUALIZAR, deduplicar_por_documento=False)
    )


def test_a_wish_names_a_file_and_its_size() -> None:
    assert sent_json(arquivo="pasta/leads.xlsx", tamanho=MAX_FILE) == AnnouncedUpload(
        "leads.xlsx", MAX_FILE, IngestOptions()
    )
    assert sent_json(arquivo="a.csv", tamanho=1, modo="atualizar").opcoes == IngestOptions(modo=IngestMode.ATUALIZAR)


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
        ({"arquivo": "a.csv", "tamanho": 1.5}, [("/tamanho", "int_from_float")]),
        ({"arquivo": "..", "tamanho": 1}, [("/arquivo", "nome_de_arquivo_invalido")]),
        ({"arquivo": "a" * 1025, "tamanho": 1}, [("/arquivo", "string_too_long")]),
        ({"arquivo": "a.csv", "tamanho": 1, "modo": "apagar"}, [("/modo", "enum")]),
    ],
)
def test_a_document_that_means_nothing_is_refused(body: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid) as raised:
        sent_json(**body)
    assert refusal(raised.value) == ("requisicao_invalida", errors)


@pytest.mark.parametrize("body", [b"nada", b"[]", b"7", b"\xff"])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid) as raised:
        upload(call(body, "application/json"))
    assert raised.value.errors[0].pointer == ""
