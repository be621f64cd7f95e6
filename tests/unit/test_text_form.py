"""How the bytes of a text file become text: the encoding that makes Portuguese words, for the whole file."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from chalicelib.errors import InvalidFile
from chalicelib.ingestion.detection.text_form import ENCODINGS, TextForm, form_of, is_binary
from chalicelib.ingestion.options import TextEncoding

SINGLE = ["cp1252", "iso-8859-15", "mac-roman", "cp850", "cp860"]
WIDE = ["utf-16-le", "utf-16-be"]
TEXT = """
João Conceição Antônio Müller Araújo Guimarães Opções MÔNICA CONCEIÇÃO JOSÉ LÍDIA Luís Íris Índia Ângela Érica ÁGATA
VOCÊ Avó Cafés Mário CLÁUDIO Inês Sônia Zoé TRÊS PÚBLICO JÚLIA Núbia Óscar Êxito Úrsula Endereço MUNICÍPIO Razão
Goiás PARÁ Ceará Maranhão Rondônia PIAUÍ Espírito FLORIANÓPOLIS Belém BRASÍLIA Cuiabá Maceió Vitória ANDRÉ Tânia
Patrícia MÁRCIA César Sérgio Célia Gonçalves SIMÕES Magalhães Falcão LEÃO Brandão Calçados COMÉRCIO Indústria
SERVIÇOS Construção Farmácia Clínica Elétrica Jurídico Açaí Irmãos Maçã Iguaçu Mossoró Camões Recepção
"""
WORDS = TEXT.split()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leads"


def form(path: Path, data: bytes, encoding: str | None = None) -> TextForm:
    path.write_bytes(data)
    return form_of(path, encoding)


def text(path: Path, data: bytes, encoding: str | None = None) -> str:
    """The text of a file, line by line."""
    found = form(path, data, encoding)
    whole = b"".join(found.blocks(path))
    return "".join(map(found.decoded, whole.splitlines(keepends=True)))


@pytest.mark.parametrize("encoding", ["utf-8", *SINGLE, *WIDE])
def test_encoding_that_makes_portuguese_words_is_chosen(path: Path, encoding: str) -> None:
    dice = Random(encoding)
    for _ in range(100):
        written = f"Nome;Email\r\n{' '.join(dice.sample(WORDS, 5))};a@b.co\r\n"
        data = written.encode(ENCODINGS[encoding])
        assert text(path, data) == written
    assert form(path, data).encoding in {encoding, "cp1252" if encoding == "iso-8859-15" else encoding}


def test_sign_that_only_one_encoding_has_decides(path: Path) -> None:
    for word in ("Škoda Žižek", "Preço em €"):
        assert text(path, f"Nome\n{word}\n".encode("iso-8859-15")) == f"Nome\n{word}\n"
    assert text(path, "Rua A, nº 5, 2ª casa\n".encode("cp1252")) == "Rua A, nº 5, 2ª casa\n"
    assert text(path, "Nome\n“José” – 10 €\n".encode("cp1252")) == "Nome\n“José” – 10 €\n"


def test_late_words_decide_for_the_whole_file(path: Path) -> None:
    ascii_lines = "Ana;a@b.co\n" * 200_000
    for encoding in ("mac-roman", "cp850"):
        data = (ascii_lines + "João Conceição;a@b.co\n").encode(ENCODINGS[encoding])
        assert form(path, data).encoding == encoding
        assert text(path, data).endswith("João Conceição;a@b.co\n")


def test_file_of_two_sources_is_read_line_by_line(path: Path) -> None:
    data = "Nome\nJoão\n".encode() + "Conceição\n".encode("cp850") + "Inês\n".encode()
    assert text(path, data) == "Nome\nJoão\nConceição\nInês\n"
    assert form(path, data).encoding == "utf-8 + cp850"
    data = ("Conceição\n" * 250_000).encode("cp850") + "Inês\n".encode()
    assert text(path, data).endswith("Conceição\nInês\n")


@pytest.mark.parametrize("encoding", WIDE)
def test_wide_characters_with_a_zero_below_are_recognised(path: Path, encoding: str) -> None:
    written = "Nome;Email\r\nĀna;a@b.co\r\n"
    assert text(path, written.encode(encoding)) == written


@pytest.mark.parametrize("encoding", ["utf-8", *SINGLE, *WIDE])
@pytest.mark.parametrize("filling", ["\x1a", "\0", "\0" * 5_000, "\x1a" * 127, "\r\n\x1a\0\0"])
def test_what_is_appended_to_the_text_is_left_out(path: Path, encoding: str, filling: str) -> None:
    for written in ("Nome\nJoão", "Nome\nJoão\n", "Nome\nJoão\nAnĀ" if encoding in {"utf-8", *WIDE} else "Nome\n"):
        data = (written + filling).encode(ENCODINGS[encoding])
        assert text(path, data).rstrip("\r\n") == written.rstrip("\n")
        assert not is_binary(path)


def test_megabytes_of_zeros_are_left_out(path: Path) -> None:
    assert text(path, b"Nome\nAna\n" + bytes(3 << 20)) == "Nome\nAna\n"
    assert form(path, bytes(3 << 20)).end == 0
    assert form(path, b"").lines == 0


def test_zeros_near_the_beginning_are_no_text(path: Path) -> None:
    path.write_bytes(b"No\0me;Email\nx;y\n")
    assert is_binary(path)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted(path: Path, encoding: str, end: str) -> None:
    for lines in (1, 2, 150_000):
        written = end.join(["ação"] * lines)
        assert form(path, written.encode(encoding)).lines == lines
        assert form(path, (written + end).encode(encoding)).lines == lines


def test_line_end_in_two_blocks_is_one(path: Path) -> None:
    for size in ((1 << 20) - 1, 1 << 20):
        assert form(path, b"x" * size + b"\r\nab\r\n").lines == 2


def test_line_without_an_end_is_looked_at_in_pieces(path: Path) -> None:
    data = b"Nome;" + b"x" * (5 << 20) + " Conceição".encode("mac_roman")
    assert form(path, data).encoding == "mac-roman"


def test_every_encoding_that_an_upload_may_name_is_known() -> None:
    assert list(ENCODINGS) == [*TextEncoding]


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_upload_may_name_the_encoding(path: Path, encoding: str) -> None:
    data = "Nome\nJoão\n".encode(ENCODINGS[encoding])
    assert text(path, data, encoding) == "Nome\nJoão\n"
    assert form(path, data, encoding).encoding == encoding


def test_named_encoding_is_obeyed(path: Path) -> None:
    assert text(path, "JOÃO".encode(), "cp1252") == "JOÃƒO"
    assert text(path, b"\xef\xbb\xbf" + "JOÃO".encode(), "utf-8") == "JOÃO"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (("Nome\n" * 1_000 + "João\n").encode("cp1252"), "utf-8"),
        (b"Nome\n\x81\n", "cp1252"),
        (b"N\0o\0m\0e\0\x00\xd8\n\0", "utf-16-le"),
        (b"N\0o\0m\0e\0\n\0x", "utf-16-le"),
    ],
)
def test_file_that_is_not_in_the_named_encoding_is_refused(path: Path, data: bytes, encoding: str) -> None:
    with pytest.raises(InvalidFile, match="codificacao_nao_serve") as caught:
        form(path, data, encoding)
    assert caught.value.params == {"codificacao": encoding}
