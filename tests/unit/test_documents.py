"""Document cells: CPF and CNPJ, numeric and alphanumeric, compared with validate-docbr."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from validate_docbr import CNPJ, CPF

from chalicelib.contacts.documents import is_cnpj, is_cpf, read_document, usual_documents
from chalicelib.contacts.pieces import RefusedPiece

DIGITS = "0123456789"
CHARACTERS = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

THOROUGH = settings(max_examples=4 * settings().max_examples)


def completed(oracle: CPF | CNPJ, base: str) -> str:
    """The document with this beginning: the oracle accepts one of the hundred pairs of check digits."""
    return next(base + f"{pair:02}" for pair in range(100) if oracle.validate(base + f"{pair:02}"))


def bases(alphabet: str, size: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=size, max_size=size).filter(lambda base: len(set(base)) > 1)


CPFS = bases(DIGITS, 9).map(lambda base: completed(CPF(), base))
CNPJS = (bases(DIGITS, 12) | bases(CHARACTERS, 12)).map(lambda base: completed(CNPJ(), base))


@given(st.text(DIGITS, min_size=11, max_size=11) | CPFS)
@example("1" * 11)
@example("12345678909")
@THOROUGH
def test_check_digits_of_a_cpf_agree_with_the_oracle(text: str) -> None:
    assert is_cpf(text) == CPF().validate(text)


@given(st.text(DIGITS, min_size=14, max_size=14) | st.from_regex(r"[0-9A-Z]{12}[0-9]{2}", fullmatch=True) | CNPJS)
@example("0" * 14)
@example("12ABC34501DE35")
@THOROUGH
def test_check_digits_of_a_cnpj_agree_with_the_oracle(text: str) -> None:
    assert is_cnpj(text) == CNPJ().validate(text)


@given(CPFS | CNPJS)
@example("NO000000000014")  # its mask begins like a number sign ("NO.")
@THOROUGH
def test_valid_document_is_read_with_and_without_its_mask_in_any_case(document: str) -> None:
    oracle = CPF() if len(document) == 11 else CNPJ()
    label = "CPF" if len(document) == 11 else "CNPJ"
    for cell in (
        document,
        oracle.mask(document),
        oracle.mask(document).lower(),
        oracle.mask(document).replace(".", ""),
        oracle.mask(document).replace(".", " ").replace("/", " ").replace("-", " "),
        f" {label}: {oracle.mask(document)}\xa0",
        f"{label} nº {document}",
        oracle.mask(document).replace("-", "–"),
        f"\u200e{document}\u200f",
    ):
        assert read_document(cell) == (document, None)


@given(CPFS | CNPJS, st.data())
@THOROUGH
def test_document_with_one_wrong_digit_is_refused(document: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(document) - 1))
    wrong = data.draw(st.sampled_from([each for each in DIGITS if each != document[place]]))
    cell = document[:place] + wrong + document[place + 1 :]
    # A digit may have the same remainder as a letter, whose value is eleven or more above it.
    assume(not CNPJ().validate(cell.zfill(14)))
    # The law writes a remainder of ten as 0, the same as a remainder of zero, so a few wrong digits are valid.
    assume(not (cell.isdigit() and CPF().validate(cell.zfill(11))))
    assert read_document(cell) == (None, RefusedPiece("documento_invalido", cell))


@given(st.integers(0, 10**14 - 1) | (CPFS | CNPJS).filter(str.isdigit).map(int))
@THOROUGH
@example(191)
@example(0)
@example(12345678909)
@example(2345678000183)
def test_lost_zeros_are_restored_if_exactly_one_document_is_valid(number: int) -> None:
    cell = str(number)
    fits = [cell.zfill(size) for size, oracle in ((11, CPF()), (14, CNPJ())) if oracle.validate(cell.zfill(size))]
    if len(cell) == 11:
        fits = fits[:1]  # complete as a CPF
    document, refused = read_document(cell)
    assert document == (fits[0] if len(fits) == 1 else None)
    assert (refused is None) == (document is not None or number == 0)
    if len(fits) > 1:
        assert refused == RefusedPiece("documento_ambiguo", cell)
    for number_cell in (f"{cell}.0", f"{cell},00"):
        assert read_document(number_cell)[0] == document


@given(CPFS | CNPJS.filter(str.isdigit))
def test_number_with_exponent_and_every_digit_is_read(document: str) -> None:
    digits = document.lstrip("0")
    if len(digits) > 1:
        assert read_document(f"{digits[0]}.{digits[1:]}E+{len(digits) - 1:02}")[0] == read_document(digits)[0]


@pytest.mark.parametrize("cell", ["1.23457E+13", "1,23457E+10", "1E+13", "191", "12345600000000"])
def test_cell_that_may_be_several_documents_is_ambiguous(cell: str) -> None:
    assert read_document(cell) == (None, RefusedPiece("documento_ambiguo", cell))


@pytest.mark.parametrize("cell", ["", " ", "\u200b", "\xa0\n", "\x00"])
def test_blank_cell_has_neither_document_nor_refusal(cell: str) -> None:
    assert read_document(cell) == (None, None)


@pytest.mark.parametrize(
    "cell",
    [
        "111.111.111-11",
        "(71) 99999-9999",
        "+55 71 99999-9999",
        "71 99999-9939",
        "+5571999999999",
        "123.456.789-0",
        "1.234.567.89-09",
        "isento",
        "CPF",
        "12.345.678/0001-9S",
        "123.456.789-09 | 12.345.678/0001-95",
        "123.456.789-09, 12.345.678/0001-95",
        "-12345678909",
        "12345678909.5",
        "123456789012345",
        "CPF " * 20 + "12345678909",
        "12345678\x000001-95",
        "\ud800",
        "529.982.247-25 (esposa)",
        "529.982.247-25 Maria",
        "Maria 529.982.247-25",
        "CPF do pai: 529.982.247-25",
        "RG 529.982.247-25",
        "529.982.247-25 / 123.456.789-09",
    ],
)
def test_cell_without_a_document_is_refused_and_quoted(cell: str) -> None:
    assert read_document(cell) == (None, RefusedPiece("documento_invalido", cell[:200]))


@pytest.mark.parametrize(
    "cell",
    [
        "'52998224725",
        "'529.982.247-25'",
        "\u2019529.982.247-25",
        '"529.982.247-25"',
        "“529.982.247-25”",
        '="52998224725"',
        "529.982.247-25.",
        "529.982.247-25;",
        "529.982.247 - 25",
        "52998224725\ufffd\ufffd",
        "529. 982. 247-25",
        "CPF: 529.982.247-25",
        "CPF 529.982.247-25",
        "C.P.F.: 529.982.247-25",
        "CPF/MF nº 529.982.247-25",
        "CPF/CNPJ: 529.982.247-25",
        "Documento: 529.982.247-25",
        "Documento CPF: 529.982.247-25",
        "doc. 52998224725",
        "529.982.247-25 CPF",
        "CPF: '52998224725'",
        "CPF - 529.982.247-25",
        "cpf=52998224725",
    ],
)
def test_document_is_read_as_people_write_it(cell: str) -> None:
    assert read_document(cell) == ("52998224725", None)


@pytest.mark.parametrize(
    "cell", ["0", "0.0", "-", "não tem", "n/a", "#N/D", "000.000.000-00", "00000000000000", "sem CPF"]
)
def test_cell_that_says_that_there_is_nothing_is_blank(cell: str) -> None:
    assert read_document(cell) == (None, None)


def test_phone_with_valid_check_digits_of_a_cpf_is_refused() -> None:
    fitting = completed(CPF(), "119876543")
    phone = f"{fitting[:2]} {fitting[2:7]}-{fitting[7:]}"
    assert read_document(phone) == (None, RefusedPiece("documento_invalido", phone))


def test_cnpj_that_looks_like_a_number_with_exponent_is_read() -> None:
    lookalike = completed(CNPJ(), "12345678901E")
    assert read_document(lookalike) == (lookalike, None)


def test_digits_of_other_scripts_are_read() -> None:
    assert read_document("１２３．４５６．７８９－０９") == ("12345678909", None)
    assert read_document("١٢٣٤٥٦٧٨٩٠٩") == ("12345678909", None)


@pytest.mark.parametrize("text", ["", "529982247", "52998224a25", "529 82 4725", "٥٢٩٩٨٢٢٤٧٢٥"])
def test_text_of_another_form_is_not_a_cpf(text: str) -> None:
    assert not is_cpf(text)


@pytest.mark.parametrize("text", ["", "1122233300018", "11222333000a81", "11.22.33.0001", "١١٢٢٢٣٣٣٠٠٠١٨١"])
def test_text_of_another_form_is_not_a_cnpj(text: str) -> None:
    assert not is_cnpj(text)


LIKE_DOCUMENTS = st.text(DIGITS, min_size=11, max_size=11) | st.from_regex(r"[0-9A-Z]{12}[0-9]{2}", fullmatch=True)


@given(st.lists(st.sampled_from(["", "x", "191", "1\n2"]) | LIKE_DOCUMENTS | CPFS | CNPJS, min_size=1))
@example([digit * size for digit in DIGITS for size in (11, 14)])
@example(["ZZZZZZZZZZZZ99", "00000000000191", "529.982.247-25", "12.abc.345/01de-35"])
@THOROUGH
def test_documents_of_a_column_are_those_of_its_cells(cells: list[str]) -> None:
    found = usual_documents(cells)
    for cell, document in zip(cells, found, strict=True):
        bare = cell.upper().replace(".", "").replace("-", "").replace("/", "")
        assert document == (bare if is_cpf(bare) or is_cnpj(bare) else None)
