"""The corpus: workbooks of the usual writers, and odd or hostile ones that can still be read, by name.

The workbooks of Excel, LibreOffice and Google are written by hand, part by part as these programs write them.
xlsxwriter and openpyxl write theirs. For pandas we make the same calls as its writers (`ExcelFormatter`: a header in
bold with borders, every value by `write` or as the `value` of a cell).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Border, Font, Side

from tests.workbooks import (
    HEADER,
    MAIN,
    RELATIONS,
    SHAPES,
    SHEET,
    STRINGS,
    Parts,
    by_openpyxl,
    by_xlsxwriter,
    cell,
    in_another_shape,
    parts,
    row,
    saved,
    sheet,
    string_table,
    zipped,
)

PEOPLE: list[list[Any]] = [
    HEADER,
    ["Ana & Filhos <Ltda>", "José", "12.345.678/0001-95", "ana@exemplo.com.br | fin@exemplo.com.br", "71 99999-9999"],
    ["Bia", None, 12345678909, None, 71999999999],
    [None, None, None, None, None],
    ["Caio", "linha 1\nlinha 2", 0.1, "a@b.c", 5571999999999],
    ["Duda", True, -1.5, "ção 東京 😀", False],
]
TITLES = "".join(f'<c r="{letter}1" s="1" t="s"><v>{n}</v></c>' for n, letter in enumerate("ABCDE"))
SHARED = [*HEADER, "Ana", "ana@exemplo.com.br", "Rua A,\n  nº 1 "]
ROOTS = "http://schemas.openxmlformats.org/package/2006"
STYLES = "xl/styles.xml"


def workbooks() -> dict[str, bytes]:
    """Return every workbook of the corpus by its name."""
    return {
        **{f"xlsxwriter{' constant memory' * m}": by_xlsxwriter(PEOPLE, inline=m) for m in (False, True)},
        **{f"xlsxwriter, {shape}": in_another_shape(by_xlsxwriter(PEOPLE), shape) for shape in SHAPES},
        **{f"openpyxl, {shape}": in_another_shape(by_openpyxl(PEOPLE), shape) for shape in ("prefixed", "utf16")},
        "openpyxl write-only": by_openpyxl(PEOPLE),
        "openpyxl": openpyxl_kept(),
        "pandas by xlsxwriter": pandas_by_xlsxwriter(),
        "pandas by openpyxl": pandas_by_openpyxl(),
        "Excel": complete(excel()),
        "LibreOffice": complete(libreoffice()),
        "Google": complete(google()),
        **{f"by hand: {name}": complete(made) for name, made in by_hand()},
        **{f"odd: {name}": complete(made) for name, made in odd()},
    }


def openpyxl_kept() -> bytes:
    """A workbook of openpyxl's normal mode: shared strings, rich text, formulas without values, merged cells, dates."""
    book = openpyxl.Workbook()
    page = book.active
    for cells in PEOPLE:
        page.append(cells)
    page["A7"] = CellRichText("Eva ", TextBlock(InlineFont(b=True), "Lima"))
    page["C7"] = "=A1&B1"
    page["D7"] = datetime(2026, 11, 25, 12)  # noqa: DTZ001
    page["B7"] = " espaços  "
    page.merge_cells("A8:B9")
    page["A8"] = "juntas"
    page.row_dimensions[5].hidden = True
    page.column_dimensions["B"].hidden = True
    book.create_sheet("Outra").sheet_state = "hidden"
    return saved(book)


def pandas_by_xlsxwriter() -> bytes:
    """The workbook of `DataFrame.to_excel("…", engine="xlsxwriter")`, with its index."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet("Sheet1")
        bold = book.add_format({"bold": True, "border": 1, "align": "center", "valign": "top"})
        page.write(0, 0, "", bold)
        for column, title in enumerate(HEADER, 1):
            page.write(0, column, title, bold)
        for number, cells in enumerate(PEOPLE[1:], 1):
            page.write(number, 0, number - 1, bold)
            for column, value in enumerate(cells, 1):
                page.write(number, column, "" if value is None else value)
    return out.getvalue()


def pandas_by_openpyxl() -> bytes:
    """The workbook of `DataFrame.to_excel("…", index=False)` by the default engine."""
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Sheet1"
    thin = Side("thin")
    for number, cells in enumerate(PEOPLE, 1):
        for column, value in enumerate(cells, 1):
            made = page.cell(row=number, column=column)
            made.value = "" if value is None else value
            if number == 1:
                made.font, made.border = Font(bold=True), Border(thin, thin, thin, thin)
    return saved(book)


def excel() -> Parts:
    """Excel 365: `mc` and `x14ac`, spans, formulas with their values, an error, rich text and a phonetic run."""
    rows = (
        f'<row r="1" spans="1:5" x14ac:dyDescent="0.25">{TITLES}</row>'
        '<row r="2" spans="1:5" ht="15.75" x14ac:dyDescent="0.25"><c r="A2" s="1" t="s"><v>5</v></c><c r="B2" s="1"/>'
        '<c r="C2" t="str"><f>A2&amp;"x"</f><v>Anax</v></c><c r="D2" t="e"><f>#REF!</f><v>#REF!</v></c>'
        '<c r="E2"><v>71999999999</v></c></row><row r="3" spans="1:5" x14ac:dyDescent="0.25"/>'
        '<row r="4" spans="1:5" x14ac:dyDescent="0.25"><c r="A4" t="s"><v>8</v></c><c r="B4" t="b"><v>1</v></c>'
        '<c r="C4" s="2"><v>46351.5</v></c><c r="D4" t="s"><v>6</v></c><c r="E4"><v>5.571999999999E12</v></c></row>'
        '<row r="5" spans="1:5" x14ac:dyDescent="0.25"><c r="A5" t="s"><v>9</v></c><c r="B5"><f>1+1</f>'
        "<v>2</v></c></row>"
    )
    rich = (
        "<si><r><t>Bia</t></r><r><rPr><b/><sz val=\"11\"/></rPr><t xml:space=\"preserve\"> Lima</t></r></si>"
        "<si><t>東京</t><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh><phoneticPr fontId=\"1\"/></si>"
    )  # fmt: skip
    head = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac" '
        'xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac"><dimension ref="A1:E5"/><sheetViews>'
        '<sheetView tabSelected="1" workbookViewId="0"/></sheetViews><sheetFormatPr defaultRowHeight="15" '
        'x14ac:dyDescent="0.25"/><cols><col min="1" max="1" width="20" customWidth="1"/></cols>'
    )
    return package(
        f'{head}<sheetData>{rows}</sheetData><mergeCells count="1"><mergeCell ref="A5:A6"/></mergeCells>'
        '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/></worksheet>',
        "".join(map(string, SHARED)) + rich,
    )


def libreoffice() -> Parts:
    """LibreOffice 24: every attribute of a row spelled out, blank rows left out, `aca` on formulas."""
    attributes = 'customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false"'
    rows = (
        f'<row r="1" {attributes}>{TITLES}</row>'
        f'<row r="2" {attributes}><c r="A2" s="0" t="s"><v>5</v></c><c r="C2" s="0" t="str"><f aca="false">A2&amp;"x"'
        '</f><v>Anax</v></c><c r="D2" s="0" t="s"><v>6</v></c><c r="E2" s="0" t="n"><v>71999999999</v></c></row>'
        f'<row r="4" {attributes}><c r="A4" s="0" t="s"><v>7</v></c><c r="B4" s="0" t="b"><v>0</v></c>'
        '<c r="C4" s="0" t="e"><v>#REF!</v></c></row>'
    )
    head = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        '<sheetPr filterMode="false"><pageSetUpPr fitToPage="false"/></sheetPr><dimension ref="A1:E4"/>'
    )
    strings = "".join(string(text, keep=True) for text in SHARED)
    return package(f"{head}<sheetData>{rows}</sheetData><printOptions/></worksheet>", strings)


def google() -> Parts:
    """Google Sheets: a thousand rows with their style, numbers with `.0`, array formulas."""
    blank = "".join(
        f'<row r="{n}">' + "".join(f'<c r="{letter}{n}" s="2"/>' for letter in "ABCDE") + "</row>"
        for n in range(4, 1001)
    )
    rows = (
        f'<row r="1">{TITLES}</row>'
        '<row r="2"><c r="A2" s="1" t="s"><v>5</v></c><c r="B2" s="2"/><c r="C2" s="1" t="str"><f t="array" ref="C2">x'
        '</f><v>Anax</v></c><c r="D2" s="1" t="s"><v>6</v></c><c r="E2" s="3"><v>7.1999999999E10</v></c></row>'
        '<row r="3"><c r="A3" s="1" t="s"><v>7</v></c><c r="E3" s="3"><v>71.0</v></c></row>'
    )
    head = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}" '
        'xmlns:mx="http://schemas.microsoft.com/office/mac/excel/2008/main"><sheetPr><outlinePr summaryBelow="0"/>'
        '</sheetPr><sheetFormatPr customHeight="1" defaultColWidth="12.63" defaultRowHeight="15.75"/>'
    )
    return package(f"{head}<sheetData>{rows}{blank}</sheetData></worksheet>", "".join(map(string, SHARED)))


def by_hand() -> Iterator[tuple[str, Parts]]:
    """Workbooks by the builders of `tests.workbooks`."""
    yield "inline strings", parts(row(2, "Ana", "a@b.c") + row(4, "Bia"))
    yield (
        "shared strings",
        parts(
            '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" t="s"><v>0</v></c></row>',
            strings=string_table(string("a@b.c") + string("Ana")),
        ),
    )
    yield "several sheets", parts(sheets={"Leads": sheet(row(1, "Email") + row(2, "a@b.c")), "B": sheet("")})


def odd() -> Iterator[tuple[str, Parts]]:
    """Sheets with errors or rare features that can be read."""
    far = '<dimension ref="A1:XFD1048576"/>'
    yield "a dimension of the whole sheet", on_sheet(sheet(row(1, "Nome", "Email") + row(2, "Ana"), before=far))
    yield "spans of the whole sheet", parts(f'<row r="2" spans="1:16384">{cell("A2", "Ana")}</row>')
    yield "a far row", parts(row(2, "Ana") + row(9_999, "Bia"))
    yield (
        "a blank tail",
        parts(row(2, "Ana") + "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 99))),
    )
    yield "numbers", parts(
        "<row r=\"2\"><c r=\"A2\"><v>1.23457E+13</v></c><c r=\"B2\"><v>71999999999</v></c></row>"
        "<row r=\"3\"><c r=\"A3\" t=\"n\"><v>52998224725</v></c><c r=\"B3\"><v>0.1</v></c></row>"
    )  # fmt: skip
    yield (
        "numbers of seventeen digits",
        parts('<row r="2"><c r="A2"><v>1.1000000000000001</v></c><c r="B2"><v>12345678901234567</v></c></row>'),
    )
    yield (
        "formulas",
        parts(
            '<row r="2"><c r="A2" t="str"><f>HYPERLINK("http://x","y")</f><v>y</v></c><c r="B2"><f>1+1</f></c></row>'
            '<row r="3"><c r="A3"><f>1+1</f><v>2</v></c><c r="B3" t="str"><f>""</f><v></v></c></row>'
        ),
    )
    yield (
        "errors and booleans",
        parts(
            '<row r="2"><c r="A2" t="e"><v>#REF!</v></c><c r="B2" t="b"><v>1</v></c></row>'
            '<row r="3"><c r="A3" t="str"><v>#REF!</v></c><c r="B3" t="b"><v>0</v></c></row>'
        ),
    )
    yield (
        "formulas that are text",
        parts("".join(row(n, text) for n, text in enumerate(["=1+1", "+55", "-x", "@a"], 2))),
    )
    yield "a date", parts('<row r="2"><c r="A2" t="d"><v>2026-11-25</v></c></row>')
    yield (
        "rich text",
        parts('<row r="2"><c r="A2" t="inlineStr"><is><r><t>A</t></r><r><rPr><b/></rPr><t>na</t></r></is></c></row>'),
    )
    yield (
        "phonetic runs",
        parts(
            '<row r="2"><c r="A2" t="s"><v>0</v></c></row>',
            strings=string_table('<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>'),
        ),
    )
    yield "escapes", parts(row(2, "a_x000D_b", "_x0041_") + row(3, "_x005F_x0041_", "_x1_"))
    yield "characters that cannot be stored", parts(row(2, "a_x0000_b", "_xD800_"))
    yield (
        "white space",
        parts('<row r="2"><c r="A2" t="str"><v xml:space="preserve">  a  </v></c></row>' + row(3, " b ")),
    )
    yield "marks", parts(row(2, "\u202eAna\u200b", "Joa\u0303o") + row(3, "\ufeffx", "\u00a0y"))
    yield "backslashes, tabs and breaks", parts(row(2, "a\\b", "\\.") + row(3, "a\tb", "a\nb"))
    yield "a long cell", parts(row(2, "x" * 32_767))
    yield "a header on row 3", on_sheet(sheet(row(1, "Relatório") + row(3, "Nome", "Email") + row(4, "Ana")))
    yield (
        "blank columns on the left",
        on_sheet(
            sheet(f'<row r="2">{cell("C2", "Email")}{cell("D2", "Nome")}</row><row r="3">{cell("C3", "a@b.c")}</row>')
        ),
    )
    yield "cells out of order", parts(f'<row r="2">{cell("B2", "b")}{cell("A2", "a")}</row>')
    yield "no references", parts('<row><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row>')


def on_sheet(page: str) -> Parts:
    return {**parts(), SHEET: page}


def string(text: str, *, keep: bool = False) -> str:
    """The markup of a shared string, with `xml:space` if `keep` is set or the text needs it."""
    space = ' xml:space="preserve"' if keep or text != text.strip() or "\n" in text else ""
    return f"<si><t{space}>{text}</t></si>"


def package(page: str, strings: str) -> Parts:
    """The parts of a workbook with one sheet, Leads."""
    return parts(strings=f'<?xml version="1.0" encoding="UTF-8"?>\n{string_table(strings)}', sheets={"Leads": page})


def complete(made: Parts) -> bytes:
    """The parts as a zip file, with the content types and styles that other readers need."""
    kinds = {"xl/workbook.xml": "sheet.main", STYLES: "styles"}
    kinds |= {STRINGS: "sharedStrings"} if STRINGS in made else {}
    kinds |= {name: "worksheet" for name in made if name.startswith("xl/worksheets/")}
    content = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "".join(
        f'<Override PartName="/{name}" ContentType="{content}.{kind}+xml"/>' for name, kind in kinds.items()
    )
    relations = str(made["xl/_rels/workbook.xml.rels"])
    styles = f'<Relationship Id="rIdY" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{ROOTS}/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{types}</Types>',
            **made,
            "xl/_rels/workbook.xml.rels": relations.replace("</Relationships>", styles),
            STYLES: f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts>'
            '<fills count="1"><fill><patternFill/></fill></fills>'
            '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
            f'<cellXfs count="4">{"<xf/>" * 4}</cellXfs></styleSheet>',
        }
    )


__all__ = ["PEOPLE", "workbooks"]
