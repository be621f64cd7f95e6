"""A contact that stands only in the hyperlink of a cell is read; a link never replaces a contact that is shown."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
import xlsxwriter

from chalicelib.ingestion.reading.behind.hyperlinks import Hyperlinks, LinkWatch, with_links
from tests.workbooks import in_another_shape, rows_of

HEAD = '<worksheet xmlns="main" xmlns:r="rel"><sheetData/><hyperlinks>'
RELATIONS = '<Relationships xmlns="x">{}</Relationships>'


def relation(place: int, target: str) -> str:
    return f'<Relationship Id="rId{place}" Type="x/hyperlink" Target="{target}" TargetMode="External"/>'


def links_of(
    tags: str, targets: Sequence[str] = (), *, relations: str | None = None, size: int = 1 << 17, most: int = 1 << 20
) -> Hyperlinks:
    """The links of a sheet with these tags, read in blocks of some bytes; `rId0` leads to the first target."""
    page = f"{HEAD}{tags}</hyperlinks></worksheet>".encode()
    described = relations or RELATIONS.format("".join(map(relation, range(len(targets)), targets)))
    blocks = [page[at : at + size] for at in range(0, len(page), size)]
    return Hyperlinks(lambda: blocks, lambda: [described.encode()], most=most)


def test_contact_behind_a_cell_of_a_workbook_is_read_in_any_shape() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Nome", "E-mail", "WhatsApp"])
        page.write_url(1, 0, "mailto:outra@x.com", string="Ana")
        page.write_url(1, 1, "mailto:ana@x.com", string="enviar e-mail")
        page.write_url(1, 2, "https://wa.me/5571999990001", string="WhatsApp")
        page.write_string(2, 0, "Rui")
        page.write_url(2, 1, "mailto:other@x.com", string="rui@x.com")
        page.write_url(2, 2, "https://wa.me/5571999990009", string="(71) 99999-0002")
        page.write_string(3, 0, "Eva")
        page.write_formula(3, 1, '=HYPERLINK("mailto:eva@x.com","escrever")', None, "escrever")
        page.write_formula(
            3, 2, '=HYPERLINK("https://api.whatsapp.com/send?phone=5571999990003&text=Oi","zap")', None, "zap"
        )
    data = out.getvalue()
    assert rows_of(data) == rows_of(in_another_shape(data, "strict"))
    assert [list(cells) for _, cells in rows_of(data)] == [
        ["Ana", "mailto:ana@x.com", "https://wa.me/5571999990001"],
        ["Rui", "rui@x.com", "(71) 99999-0002"],
        ["Eva", "mailto:eva@x.com", "https://api.whatsapp.com/send?phone=5571999990003&text=Oi"],
    ]


def test_link_behind_a_phone_whose_ddd_stands_beside_it_is_read() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Nome", "DDD", "Telefone"])
        page.write_row(1, 0, ["Ana", "71"])
        page.write_url(1, 2, "https://wa.me/5571999990001", string="WhatsApp")
        page.write_url(1, 3, "https://wa.me/5571999990009", string="beside the table")
    assert rows_of(out.getvalue()) == [(2, ["Ana", "71", "https://wa.me/5571999990001"])]


@pytest.mark.parametrize("size", [7, 60, 1 << 17])
def test_tags_are_found_in_any_form_and_across_blocks(size: int) -> None:
    tags = (
        '<hyperlink ref="A1" r:id="rId0"/><hyperlink r:id="rId1" display="x" ref="$B$2"/>'
        "<x:hyperlink ref='C3:D9' rel:id='rId2'></x:hyperlink>"
    )
    links = links_of(tags, ["mailto:a@x.com", "MAILTO:b@x.com", "tel:1"], size=size)
    assert [links.behind(1, 0), links.behind(2, 1), links.behind(3, 2)] == ["mailto:a@x.com", "MAILTO:b@x.com", "tel:1"]
    assert links.behind(4, 2) is None


@pytest.mark.parametrize(
    "tag",
    [
        '<hyperlink ref="A1" location="Plan2!A1"/>',
        '<hyperlink ref="A1" r:id="rId9"/>',
        '<hyperlink ref="" r:id="rId0"/>',
        '<hyperlink ref="ZZZ1" r:id="rId0"/>',
        '<hyperlink r:id="rId0"/>',
        '<hyperlink ref="A1" r:id="rId1"/>',
        '<hyperlink ref="A1" r:id="rId2"/>',
        '<c r="A1"><f>HYPERLINK("https://x.com","x")</f></c>',
        '<c r="A1"><f>HYPERLINK(B1,"x")</f></c>',
    ],
)
def test_link_that_leads_to_no_contact_is_left_alone(tag: str) -> None:
    assert links_of(tag, ["mailto:a@x.com", "https://x.com", "mailto:" + "a" * 1_000]).behind(1, 0) is None


def test_broken_relationships_give_the_links_before_the_break() -> None:
    broken = RELATIONS.format(relation(0, "mailto:a@x.com")) + "<"
    assert links_of('<hyperlink ref="A1" r:id="rId0"/>', relations=broken).behind(1, 0) == "mailto:a@x.com"
    assert Hyperlinks(lambda: [], lambda: []).behind(1, 0) is None


def test_links_beyond_the_bound_are_not_kept() -> None:
    tags = "".join(f'<hyperlink ref="A{row}" r:id="rId0"/>' for row in range(1, 100))
    links = links_of(tags, ["mailto:a@x.com"], most=2_200)
    assert [row for row in range(1, 100) if links.behind(row, 0)] == list(range(1, 11))
    assert links_of(tags, ["mailto:a@x.com"], most=100).behind(1, 0) is None


def test_links_are_read_only_if_a_cell_shows_no_contact() -> None:
    def forbidden() -> list[bytes]:
        raise AssertionError

    unread = Hyperlinks(forbidden, forbidden)
    rows = [(2, ("a@x.com", "71 99999-0001"))]
    assert list(with_links(rows, unread, [0], [1])) == rows


def test_short_row_is_made_long_enough_for_the_link() -> None:
    links = links_of('<hyperlink ref="C2" r:id="rId0"/>', ["mailto:a@x.com"])
    assert list(with_links([(2, ["Ana"])], links, [2], [1])) == [(2, ["Ana", "", "mailto:a@x.com"])]


@pytest.mark.parametrize(
    ("blocks", "found"),
    [
        ([b"<row>", b"</row>"], False),
        ([b"<hyperlinks><hyperlink/></hyperlinks>"], True),
        ([b"<f>HYPER", b"LINK(A1)</f>"], True),
        ([b"<f>HYPERLINK(A1)</f>", b"<x>"], True),
        ([b"HYPERLINKS", b"("], False),
    ],
)
def test_sheet_with_links_is_noticed(blocks: list[bytes], found: bool) -> None:
    watch = LinkWatch(blocks)
    assert list(watch) == blocks
    assert watch.found is found
