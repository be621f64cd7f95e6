"""The sample workbook: reproducible, nobody's data, clean where it is clean, dirty in every way that it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from chalicelib.contacts.documents import is_cnpj, is_cpf, read_document
from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.telephones import read_phones
from chalicelib.ingestion.reading.header import LeadField, recognise
from samples.generate import COLUMNS, DDDS, DEFAULT_OUT, ReadRow, Sujeira, generate, linhas, main, write

Rows = list[ReadRow]

RESERVED = {"example.com", "example.com.br", "example.org", "example.net"}

# The shapes of clean cells, told here once more so that dirt is counted by what a reader sees and not by who made it.
_EMAIL = r"[a-z]+\.[a-z]+[0-9]+@example\.(?:com|com\.br|org|net)"
_PHONE = r"(?:\+55 ?)?(?:\([1-9]{2}\) |[1-9]{2} ?)(?:90[0-9]{3}|[2-5][0-9]{3})-?[0-9]{4}"
_CLEAN_EMAILS = re.compile(rf"(?:{_EMAIL}(?: \| {_EMAIL})*)?").fullmatch
_CLEAN_PHONES = re.compile(rf"(?:{_PHONE}(?: \| {_PHONE})*)?").fullmatch
_CLEAN_NAME = re.compile(r"\w[^ ]*(?: [^ ]+)*").fullmatch
_BAD_DDD = re.compile(r"\(([0-9]{2})\)")


def read(path: Path) -> Rows:
    """What stands below the header, as openpyxl sees it."""
    workbook = load_workbook(path, read_only=True)
    try:
        rows = list(workbook["Leads"].iter_rows(values_only=True, max_col=len(COLUMNS)))
    finally:
        workbook.close()
    assert rows[0] == COLUMNS
    return [ReadRow(*("" if cell is None else cell for cell in row)) for row in rows[1:]]


@pytest.fixture(scope="module")
def sample() -> Rows:
    """The rows of the sample that is committed."""
    return read(DEFAULT_OUT)


def is_clean(linha: ReadRow, seen: set[str]) -> bool:
    """Whether no reader would find fault with a row, given the documents of those above it."""
    document, _ = read_document(linha.documento) if isinstance(linha.documento, str) else (None, None)
    phones, _ = read_phones(str(linha.telefone))
    is_new = document not in seen
    seen.add(document or "")
    return bool(
        document
        and is_new
        and len(re.sub(r"[./-]", "", str(linha.documento))) == len(document)
        and _CLEAN_NAME(linha.nome)
        and _CLEAN_EMAILS(linha.email)
        and isinstance(linha.telefone, str)
        and _CLEAN_PHONES(linha.telefone)
        and len(phones) == len([piece for piece in linha.telefone.split(" | ") if piece])
    )


def parts(path: Path) -> dict[str, bytes]:
    """What a workbook says, whichever zlib has compressed it."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "a.xlsx", 300, 5)
    generate(tmp_path / "b.xlsx", 300, 5)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_other_seed_gives_other_leads() -> None:
    documents = [{linha.documento for linha in linhas(300, seed)} - {""} for seed in (5, 6)]
    assert len(documents[0] & documents[1]) <= 1


def test_committed_sample_is_what_the_generator_makes(tmp_path: Path) -> None:
    generate(tmp_path / "again.xlsx", 1200, 1)
    assert parts(tmp_path / "again.xlsx") == parts(DEFAULT_OUT)


def test_committed_sample_is_small_and_has_its_1200_rows(sample: Rows) -> None:
    assert DEFAULT_OUT.stat().st_size < 1_000_000
    assert len(sample) == 1200


def test_strings_in_cells_read_as_shared_strings_do(tmp_path: Path) -> None:
    shared, inline = tmp_path / "shared.xlsx", tmp_path / "inline.xlsx"
    write(shared, linhas(400, 3), constant_memory=False)
    write(inline, linhas(400, 3), constant_memory=True)
    assert "xl/sharedStrings.xml" in parts(shared)
    assert b"inlineStr" in parts(inline)["xl/worksheets/sheet1.xml"]
    assert read(shared) == read(inline) == list(linhas(400, 3))


def test_header_is_one_that_ingestion_recognises() -> None:
    header = recognise(1, COLUMNS)
    assert header is not None
    assert set(header.campos) == set(LeadField) - {LeadField.ID}


def test_every_document_written_clean_is_valid_and_no_other_row_s() -> None:
    documents = [re.sub(r"[./-]", "", str(linha.documento)) for linha in linhas(5_000, 2, dirty=0)]
    assert [each for each in documents if not (is_cpf if len(each) == 11 else is_cnpj)(each)] == []
    assert len(set(documents)) == len(documents)


def test_every_contact_written_clean_is_valid_and_every_clean_row_has_one() -> None:
    for linha in linhas(5_000, 2, dirty=0):
        addresses, refused_addresses = read_emails(linha.email)
        phones, refused_phones = read_phones(str(linha.telefone))
        assert (refused_addresses, refused_phones) == ([], [])
        assert addresses or phones
        assert len(addresses) <= 3
        assert len(phones) <= 3


def test_sample_has_cpfs_and_cnpjs_of_both_alphabets_and_phones_of_every_ddd(sample: Rows) -> None:
    documents = [document for linha in sample if (document := read_document(str(linha.documento))[0])]
    cnpjs = [each for each in documents if len(each) == 14]
    assert min(len(documents) - len(cnpjs), len(cnpjs)) > 400
    assert sum(not each.isdecimal() for each in cnpjs) > 40
    phones = [phone.telefone for linha in sample for phone in read_phones(str(linha.telefone))[0]]
    assert {phone[3:5] for phone in phones} == {each.ddd for each in DDDS}
    assert len(DDDS) == 67


def test_dirty_rows_are_about_three_in_a_hundred(tmp_path: Path) -> None:
    generate(tmp_path / "leads.xlsx", 2_000, 11)
    seen: set[str] = set()
    dirty = sum(not is_clean(linha, seen) for linha in read(tmp_path / "leads.xlsx"))
    assert 0.02 <= dirty / 2_000 <= 0.05


def test_rows_are_clean_where_no_dirt_is_asked_for() -> None:
    seen: set[str] = set()
    assert [linha for linha in linhas(3_000, 4, dirty=0) if not is_clean(linha, seen)] == []


def _joined_by(separator: str) -> Callable[[ReadRow], bool]:
    return lambda linha: separator in linha.email or separator in str(linha.telefone)


def _has_lost_zeros(linha: ReadRow) -> bool:
    text = str(linha.documento)
    restored, _ = read_document(text)
    return isinstance(linha.documento, str) and restored is not None and restored != text and restored.endswith(text)


def _has_a_wrong_digit(linha: ReadRow) -> bool:
    bare = re.sub(r"[./-]", "", str(linha.documento))
    return len(bare) in {11, 14} and not is_cpf(bare) and not is_cnpj(bare)


def _has_an_old_mobile(linha: ReadRow) -> bool:
    return re.match(r"\([1-9]{2}\) [89][0-9]{3}-[0-9]{4}\b", str(linha.telefone)) is not None


def _has_a_bad_ddd(linha: ReadRow) -> bool:
    ddds = {each.ddd for each in DDDS}
    return any(ddd not in ddds for ddd in _BAD_DDD.findall(str(linha.telefone)))


def _has_stray_text(linha: ReadRow) -> bool:
    cells = (linha.documento, linha.email, linha.telefone)
    return sum(bool(cell) and not re.search(r"[0-9@]", str(cell)) for cell in cells) == 1


def _has_nothing_useful(linha: ReadRow) -> bool:
    document, _ = read_document(str(linha.documento))
    return bool(linha.nome) and not (document or read_emails(linha.email)[0] or read_phones(str(linha.telefone))[0])


def _has_a_repeated_contact(linha: ReadRow) -> bool:
    values = (read_emails(linha.email)[0], read_phones(str(linha.telefone))[0])
    pieces = (linha.email.split(" | "), str(linha.telefone).split(" | "))
    return any(len(piece) > len(value) > 0 for piece, value in zip(pieces, values, strict=True)) and not any(
        refused for refused in (read_emails(linha.email)[1], read_phones(str(linha.telefone))[1])
    )


RECOGNISED: dict[Sujeira, Callable[[ReadRow], bool]] = {
    Sujeira.DOCUMENTO_NUMERICO: lambda linha: isinstance(linha.documento, int),
    Sujeira.TELEFONE_NUMERICO: lambda linha: isinstance(linha.telefone, int),
    Sujeira.TELEFONE_CIENTIFICO: lambda linha: "E+12" in str(linha.telefone),
    Sujeira.ZEROS_PERDIDOS: _has_lost_zeros,
    Sujeira.DIGITO_ERRADO: _has_a_wrong_digit,
    Sujeira.CELULAR_ANTIGO: _has_an_old_mobile,
    Sujeira.DDD_INEXISTENTE: _has_a_bad_ddd,
    Sujeira.TEXTO_PERDIDO: _has_stray_text,
    Sujeira.ACENTO_NO_EMAIL: lambda linha: "ã" in linha.email and "@" in linha.email,
    Sujeira.PONTO_E_VIRGULA: _joined_by("; "),
    Sujeira.VIRGULA: _joined_by(", "),
    Sujeira.BARRA: _joined_by(" / "),
    Sujeira.QUEBRA_DE_LINHA: _joined_by("\n"),
    Sujeira.CONTATO_REPETIDO: _has_a_repeated_contact,
    Sujeira.FORMULA_NO_NOME: lambda linha: linha.nome.startswith(("=", "+", "-", "@")),
    Sujeira.ESPACOS: lambda linha: linha.nome != " ".join(linha.nome.split()),
    Sujeira.LINHA_EM_BRANCO: lambda linha: not any(linha),
    Sujeira.NADA_UTIL: _has_nothing_useful,
}


@pytest.mark.parametrize("kind", RECOGNISED)
def test_sample_has_every_kind_of_dirt(sample: Rows, kind: Sujeira) -> None:
    assert any(map(RECOGNISED[kind], sample))


@pytest.mark.parametrize("kind", RECOGNISED)
def test_clean_rows_have_no_kind_of_dirt(kind: Sujeira) -> None:
    assert [linha for linha in linhas(2_000, 4, dirty=0) if RECOGNISED[kind](linha)] == []


def test_sample_has_rows_that_come_again(sample: Rows) -> None:
    documents = [document for linha in sample if (document := read_document(str(linha.documento))[0])]
    assert 1 <= len(documents) - len(set(documents)) <= 10
    assert set(RECOGNISED) | {Sujeira.LINHA_REPETIDA} == set(Sujeira)


def test_formula_in_a_name_is_text_and_no_formula(sample: Rows) -> None:
    assert any(linha.nome.startswith(("=", "+", "-", "@")) for linha in sample)
    assert b"<f>" not in parts(DEFAULT_OUT)["xl/worksheets/sheet1.xml"]


def test_every_email_is_on_a_reserved_domain(sample: Rows) -> None:
    def domains(rows: Rows) -> Iterator[str]:
        for linha in rows:
            yield from re.findall(r"\w@([\w.-]+)", " ".join(map(str, linha)))

    assert {domain.lower() for domain in domains(sample)} == RESERVED
    assert {domain.lower() for domain in domains(list(linhas(5_000, 9, dirty=1)))} == RESERVED


def test_command_says_in_one_line_what_it_wrote(tmp_path: Path) -> None:
    out = tmp_path / "new" / "leads.xlsx"
    result = CliRunner().invoke(main, ["50", "3", "--out", str(out)])
    assert result.exit_code == 0
    assert result.output == f"{out}: 50 rows, {out.stat().st_size} bytes\n"


@pytest.mark.parametrize("rows", ["0", "1048576", "many"])
def test_command_refuses_rows_that_no_sheet_has(rows: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [rows, "1", "--out", str(tmp_path / "leads.xlsx")])
    assert result.exit_code == 2
    assert not (tmp_path / "leads.xlsx").exists()
