"""The sample workbook: reproducible, without real data, and with every kind of dirt that it promises."""

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
from samples.generate import AREA_CODES, COLUMNS, DEFAULT_OUT, DirtKind, SampleRow, generate, main, sample_rows, write

SampleRows = list[SampleRow]

RESERVED = {"example.com", "example.com.br", "example.org", "example.net"}

# The shapes of clean cells. They are written here again, so that dirt is counted independently of the generator.
_EMAIL = r"[a-z]+\.[a-z]+[0-9]+@example\.(?:com|com\.br|org|net)"
_PHONE = r"(?:\+55 ?)?(?:\([1-9]{2}\) |[1-9]{2} ?)(?:90[0-9]{3}|[2-5][0-9]{3})-?[0-9]{4}"
_CLEAN_EMAILS = re.compile(rf"(?:{_EMAIL}(?: \| {_EMAIL})*)?").fullmatch
_CLEAN_PHONES = re.compile(rf"(?:{_PHONE}(?: \| {_PHONE})*)?").fullmatch
_CLEAN_NAME = re.compile(r"\w[^ ]*(?: [^ ]+)*").fullmatch
_BAD_DDD = re.compile(r"\(([0-9]{2})\)")


def read(path: Path) -> SampleRows:
    """Return the rows below the header, as openpyxl reads them."""
    workbook = load_workbook(path, read_only=True)
    try:
        rows = list(workbook["Leads"].iter_rows(values_only=True, max_col=len(COLUMNS)))
    finally:
        workbook.close()
    assert rows[0] == COLUMNS
    return [SampleRow(*("" if cell is None else cell for cell in row)) for row in rows[1:]]


@pytest.fixture(scope="module")
def sample() -> SampleRows:
    """The rows of the committed sample."""
    return read(DEFAULT_OUT)


def is_clean(row: SampleRow, seen: set[str]) -> bool:
    """Tell whether a row has no dirt, given the documents of the rows above it."""
    document, _ = read_document(row.documento) if isinstance(row.documento, str) else (None, None)
    phones, _ = read_phones(str(row.telefone))
    is_new = document not in seen
    seen.add(document or "")
    return bool(
        document
        and is_new
        and len(re.sub(r"[./-]", "", str(row.documento))) == len(document)
        and _CLEAN_NAME(row.nome)
        and _CLEAN_EMAILS(row.email)
        and isinstance(row.telefone, str)
        and _CLEAN_PHONES(row.telefone)
        and len(phones) == len([piece for piece in row.telefone.split(" | ") if piece])
    )


def parts(path: Path) -> dict[str, bytes]:
    """Return the uncompressed parts of a workbook, which do not depend on the version of zlib."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "a.xlsx", 300, 5)
    generate(tmp_path / "b.xlsx", 300, 5)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_another_seed_gives_other_leads() -> None:
    documents = [{row.documento for row in sample_rows(300, seed)} - {""} for seed in (5, 6)]
    assert len(documents[0] & documents[1]) <= 1


def test_committed_sample_equals_a_newly_generated_one(tmp_path: Path) -> None:
    generate(tmp_path / "again.xlsx", 1200, 1)
    assert parts(tmp_path / "again.xlsx") == parts(DEFAULT_OUT)


def test_committed_sample_is_small_and_has_1200_rows(sample: SampleRows) -> None:
    assert DEFAULT_OUT.stat().st_size < 1_000_000
    assert len(sample) == 1200


def test_inline_and_shared_strings_read_the_same(tmp_path: Path) -> None:
    shared, inline = tmp_path / "shared.xlsx", tmp_path / "inline.xlsx"
    write(shared, sample_rows(400, 3), constant_memory=False)
    write(inline, sample_rows(400, 3), constant_memory=True)
    assert "xl/sharedStrings.xml" in parts(shared)
    assert b"inlineStr" in parts(inline)["xl/worksheets/sheet1.xml"]
    assert read(shared) == read(inline) == list(sample_rows(400, 3))


def test_ingestion_recognises_the_header() -> None:
    header = recognise(1, COLUMNS)
    assert header is not None
    assert set(header.fields) == set(LeadField) - {LeadField.ID}


def test_documents_of_clean_rows_are_valid_and_unique() -> None:
    documents = [re.sub(r"[./-]", "", str(row.documento)) for row in sample_rows(5_000, 2, dirty=0)]
    assert [each for each in documents if not (is_cpf if len(each) == 11 else is_cnpj)(each)] == []
    assert len(set(documents)) == len(documents)


def test_every_clean_row_has_a_contact_and_all_its_contacts_are_valid() -> None:
    for row in sample_rows(5_000, 2, dirty=0):
        emails, refused_emails = read_emails(row.email)
        phones, refused_phones = read_phones(str(row.telefone))
        assert (refused_emails, refused_phones) == ([], [])
        assert emails or phones
        assert len(emails) <= 3
        assert len(phones) <= 3


def test_sample_has_cpfs_both_kinds_of_cnpj_and_phones_of_every_area_code(sample: SampleRows) -> None:
    documents = [document for row in sample if (document := read_document(str(row.documento))[0])]
    cnpjs = [each for each in documents if len(each) == 14]
    assert min(len(documents) - len(cnpjs), len(cnpjs)) > 400
    assert sum(not each.isdecimal() for each in cnpjs) > 40
    phones = [phone.telefone for row in sample for phone in read_phones(str(row.telefone))[0]]
    assert {phone[3:5] for phone in phones} == {each.ddd for each in AREA_CODES}
    assert len(AREA_CODES) == 67


def test_about_three_rows_in_a_hundred_are_dirty(tmp_path: Path) -> None:
    generate(tmp_path / "leads.xlsx", 2_000, 11)
    seen: set[str] = set()
    dirty = sum(not is_clean(row, seen) for row in read(tmp_path / "leads.xlsx"))
    assert 0.02 <= dirty / 2_000 <= 0.05


def test_all_rows_are_clean_without_dirt() -> None:
    seen: set[str] = set()
    assert [row for row in sample_rows(3_000, 4, dirty=0) if not is_clean(row, seen)] == []


def _joined_by(separator: str) -> Callable[[SampleRow], bool]:
    return lambda row: separator in row.email or separator in str(row.telefone)


def _has_lost_zeros(row: SampleRow) -> bool:
    text = str(row.documento)
    restored, _ = read_document(text)
    return isinstance(row.documento, str) and restored is not None and restored != text and restored.endswith(text)


def _has_a_wrong_digit(row: SampleRow) -> bool:
    bare = re.sub(r"[./-]", "", str(row.documento))
    return len(bare) in {11, 14} and not is_cpf(bare) and not is_cnpj(bare)


def _has_an_old_mobile(row: SampleRow) -> bool:
    return re.match(r"\([1-9]{2}\) [89][0-9]{3}-[0-9]{4}\b", str(row.telefone)) is not None


def _has_a_bad_ddd(row: SampleRow) -> bool:
    ddds = {each.ddd for each in AREA_CODES}
    return any(ddd not in ddds for ddd in _BAD_DDD.findall(str(row.telefone)))


def _has_stray_text(row: SampleRow) -> bool:
    cells = (row.documento, row.email, row.telefone)
    return sum(bool(cell) and not re.search(r"[0-9@]", str(cell)) for cell in cells) == 1


def _has_nothing_useful(row: SampleRow) -> bool:
    document, _ = read_document(str(row.documento))
    return bool(row.nome) and not (document or read_emails(row.email)[0] or read_phones(str(row.telefone))[0])


def _has_a_repeated_contact(row: SampleRow) -> bool:
    emails, refused_emails = read_emails(row.email)
    phones, refused_phones = read_phones(str(row.telefone))
    found = ((row.email, len(emails)), (str(row.telefone), len(phones)))
    return not (refused_emails or refused_phones) and any(len(cell.split(" | ")) > count > 0 for cell, count in found)


RECOGNISERS: dict[DirtKind, Callable[[SampleRow], bool]] = {
    DirtKind.DOCUMENTO_NUMERICO: lambda row: isinstance(row.documento, int),
    DirtKind.TELEFONE_NUMERICO: lambda row: isinstance(row.telefone, int),
    DirtKind.TELEFONE_CIENTIFICO: lambda row: "E+12" in str(row.telefone),
    DirtKind.ZEROS_PERDIDOS: _has_lost_zeros,
    DirtKind.DIGITO_ERRADO: _has_a_wrong_digit,
    DirtKind.CELULAR_ANTIGO: _has_an_old_mobile,
    DirtKind.DDD_INEXISTENTE: _has_a_bad_ddd,
    DirtKind.TEXTO_PERDIDO: _has_stray_text,
    DirtKind.ACENTO_NO_EMAIL: lambda row: "ã" in row.email and "@" in row.email,
    DirtKind.PONTO_E_VIRGULA: _joined_by("; "),
    DirtKind.VIRGULA: _joined_by(", "),
    DirtKind.BARRA: _joined_by(" / "),
    DirtKind.QUEBRA_DE_LINHA: _joined_by("\n"),
    DirtKind.CONTATO_REPETIDO: _has_a_repeated_contact,
    DirtKind.FORMULA_NO_NOME: lambda row: row.nome.startswith(("=", "+", "-", "@")),
    DirtKind.ESPACOS: lambda row: row.nome != " ".join(row.nome.split()),
    DirtKind.LINHA_EM_BRANCO: lambda row: not any(row),
    DirtKind.NADA_UTIL: _has_nothing_useful,
}


@pytest.mark.parametrize("kind", RECOGNISERS)
def test_sample_has_every_kind_of_dirt(sample: SampleRows, kind: DirtKind) -> None:
    assert any(map(RECOGNISERS[kind], sample))


@pytest.mark.parametrize("kind", RECOGNISERS)
def test_no_clean_row_has_any_kind_of_dirt(kind: DirtKind) -> None:
    assert [row for row in sample_rows(2_000, 4, dirty=0) if RECOGNISERS[kind](row)] == []


def test_sample_has_repeated_rows(sample: SampleRows) -> None:
    documents = [document for row in sample if (document := read_document(str(row.documento))[0])]
    assert 1 <= len(documents) - len(set(documents)) <= 10
    assert set(RECOGNISERS) | {DirtKind.LINHA_REPETIDA} == set(DirtKind)


def test_formula_in_a_name_is_a_text_cell(sample: SampleRows) -> None:
    assert any(row.nome.startswith(("=", "+", "-", "@")) for row in sample)
    assert b"<f>" not in parts(DEFAULT_OUT)["xl/worksheets/sheet1.xml"]


def test_every_email_has_a_reserved_domain(sample: SampleRows) -> None:
    def domains(rows: SampleRows) -> Iterator[str]:
        for row in rows:
            yield from re.findall(r"\w@([\w.-]+)", " ".join(map(str, row)))

    assert {domain.lower() for domain in domains(sample)} == RESERVED
    assert {domain.lower() for domain in domains(list(sample_rows(5_000, 9, dirty=1)))} == RESERVED


def test_command_prints_one_line_about_the_file(tmp_path: Path) -> None:
    out = tmp_path / "new" / "leads.xlsx"
    result = CliRunner().invoke(main, ["50", "3", "--out", str(out)])
    assert result.exit_code == 0
    assert result.output == f"{out}: 50 rows, {out.stat().st_size} bytes\n"


@pytest.mark.parametrize("rows", ["0", "1048576", "many"])
def test_command_refuses_an_impossible_number_of_rows(rows: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [rows, "1", "--out", str(tmp_path / "leads.xlsx")])
    assert result.exit_code == 2
    assert not (tmp_path / "leads.xlsx").exists()
