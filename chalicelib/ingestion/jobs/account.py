"""How a file was read, as a job tells it (`leitura`): its columns, sheets, hidden rows, encoding and lines.

Nothing of a file is ignored in silence: what is not read stands here with a code and its sentence. The worker writes
this when it has opened the file. Hidden rows, lines and refusals are added as they are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib import messages
from chalicelib.campos import NUMBERS, CampoType
from chalicelib.ingestion.layout.fates import ColumnFate
from chalicelib.ingestion.layout.mapping import ADDED, ORIGIN, is_report
from chalicelib.ingestion.reading.columns import column_name, sheet_and_row
from chalicelib.ingestion.reading.workbook import LeadsTable, SheetFate
from chalicelib.tenants.config import Language

MOST_SHEETS = 200
"""Sheets that are told."""
MOST_HIDDEN = 100
"""Hidden rows that are told one by one."""
_LONGEST = 200  # characters of a title or a name
_OF_NO_INTEREST = frozenset(
    {None, "coluna_vazia", "coluna_do_relatorio", "coluna_mapeada", "coluna_ignorada", "aba_vazia", "aba_sem_titulos"}
)


class Remark(NamedTuple):
    """Something that was not read, or not as its title says: a line of the report."""

    row: str
    column: str
    code: str
    message: str


def account_of(table: LeadsTable, language: Language) -> dict[str, Any]:
    """How this table is read, before its rows are."""
    titles = table.header.titles
    types = {each.place: each.reading.tipo for each in table.campos}
    return {
        "linha_dos_titulos": table.header.row,
        "colunas": [
            {
                **_column(fate, types.get(place), language, added=is_report(titles) and fate.title in {*ADDED, ORIGIN}),
                "coluna": column_name(place),
                "oculta": place in table.hidden_columns,
            }
            for place, fate in enumerate(table.header.fates)
        ],
        "abas": [_sheet(each, language) for each in sorted(table.sheets, key=_is_left_out)[:MOST_SHEETS]],
        "codificacao": table.text and table.text.encoding,
        "separador": table.text and table.text.separator,
        "linhas_fisicas": table.text and table.text.physical_lines,
        "linhas_ocultas": {"total": 0, "linhas": []},
        "recusas": None,
        "avisos": [],
    }


def notice(code: str, language: Language) -> dict[str, str]:
    """What a person should know of a file as a whole, though nothing in it was refused."""
    return {"codigo": code, "mensagem": messages.text(code, language)}


def _is_left_out(sheet: SheetFate) -> bool:
    return sheet.reason is not None


def place_of(position: int, account: Mapping[str, Any] | None) -> tuple[str | None, int]:
    """The sheet and the row of a position; the sheet is None where there is one at most."""
    sheet, row = sheet_and_row(position)
    read = [each["aba"] for each in account["abas"] if each["lida"]] if account else []
    return (read[sheet] if len(read) > 1 else None), row


def _column(fate: ColumnFate, tipo: CampoType | None, language: Language, *, added: bool) -> dict[str, Any]:
    code = "coluna_do_relatorio" if added else fate.reason
    return {
        "titulo": fate.title[:_LONGEST],
        "campo": fate.role or fate.campo,
        "tipo": tipo,
        "textos": 0,
        "proposta": fate.proposal,
        **_why(code, language, campo=fate.proposal or ""),
    }


def _sheet(sheet: SheetFate, language: Language) -> dict[str, Any]:
    return {
        "aba": sheet.name[:_LONGEST],
        "lida": sheet.reason is None,
        "oculta": sheet.hidden,
        "linhas": sheet.rows,
        **_why(sheet.reason, language),
    }


def commas_of(account: Mapping[str, Any] | None) -> frozenset[int]:
    """The places of the columns whose numbers a report shows with a comma: those of campos in a workbook."""
    if account is None or account["codificacao"] is not None:
        return frozenset()
    tipos = enumerate(column.get("tipo") for column in account["colunas"])
    return frozenset(place for place, tipo in tipos if tipo in NUMBERS)


def _why(code: str | None, language: Language, **params: object) -> dict[str, str | None]:
    return {"codigo": code, "mensagem": messages.text(code, language, **params) if code else None}


def remarks_of(account: Mapping[str, Any], language: Language) -> Iterator[Remark]:
    """Yield what an error report says about the file as a whole."""
    for column in account["colunas"]:
        if column["codigo"] not in _OF_NO_INTEREST:
            row = str(account["linha_dos_titulos"])
            yield Remark(row, column["titulo"] or column["coluna"], column["codigo"], column["mensagem"])
    for sheet in account["abas"]:
        if sheet["codigo"] not in _OF_NO_INTEREST:
            yield Remark("", sheet["aba"], sheet["codigo"], sheet["mensagem"])
    for said in account.get("avisos", ()):
        yield Remark("", "", said["codigo"], said["mensagem"])
    if (hidden := account["linhas_ocultas"])["total"]:
        code, rows = "linhas_ocultas", ", ".join(map(str, hidden["linhas"]))
        more = "…" if hidden["total"] > len(hidden["linhas"]) else ""
        yield Remark("", "", code, messages.text(code, language, total=hidden["total"], linhas=rows + more))
