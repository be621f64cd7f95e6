"""Rows made ready for COPY: every text comes back as it was, and keys that rows share are known."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.telephones import read_phones
from chalicelib.ingestion.loading.batch import email_lines, fields, prepared
from chalicelib.ingestion.rows.lead import LeadData
from chalicelib.ingestion.rows.one_by_one import ReadRow, ReadRows

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# PostgreSQL, COPY, "Text Format": what a backslash and the letter after it stand for.
_LETTERS = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}

storable = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def as_copied(field: str) -> str | None:
    """A field as PostgreSQL reads it."""
    return None if field == "\\N" else re.sub(r"\\(.)", lambda match: _LETTERS[match[1]], field)


def a_row(number: int, **dados: object) -> ReadRow:
    return ReadRow(number, f"leads.xlsx:{number}", LeadData(**dados), (), ())


@given(st.lists(st.none() | storable | st.text("\\\t\n\r.Nax ")))
def test_text_comes_back_from_copy_as_it_was(texts: list[str | None]) -> None:
    written = fields(texts)
    assert [as_copied(each) for each in written] == texts
    assert not any(set("\t\n\r") & set(each) for each in written)


def test_nul_which_no_text_of_postgresql_holds_becomes_the_replacement_character() -> None:
    assert fields(["a\x00b"]) == ["a\ufffdb"]


@given(st.text() | st.from_regex(r"[!-~]{1,10}@[a-z]{1,5}\.com", fullmatch=True))
def test_no_address_that_was_taken_holds_anything_to_escape(cell: str) -> None:
    taken, _ = read_emails(cell)
    assert fields(taken) == taken
    assert email_lines("id", taken).count("\t") == 3 * len(taken)


def test_lines_have_the_contacts_in_order_and_the_first_fit_phone_as_principal() -> None:
    phones, _ = read_phones("71 3333-4444 | 71 99999-0001")
    lote = prepared(ReadRows.of([a_row(2, nome="Maria", telefones=tuple(phones), emails=("a@x.com", "b@x.com"))]), NOW)
    [lead] = lote.candidatos
    assert [line.split("\t")[1:] for line in lead.telefones.splitlines()] == [
        ["+557133334444", "1", "f", "fixo", "f"],
        ["+5571999990001", "2", "t", "movel", "t"],
    ]
    assert [line.split("\t")[1:] for line in lead.emails.splitlines()] == [
        ["a@x.com", "1", "t"],
        ["b@x.com", "2", "f"],
    ]


@given(st.lists(st.sampled_from(["52998224725", "11222333000181", "02387846000103", None]), min_size=1, max_size=6))
def test_keys_come_in_order_and_those_of_several_rows_are_known(documents: list[str | None]) -> None:
    rows = [a_row(n, documento=each, emails=("a@x.com",)) for n, each in enumerate(documents, 2)]
    lote = prepared(ReadRows.of(rows), NOW)
    present = [each for each in documents if each]
    assert json.loads(lote.documentos) == sorted(present)
    assert json.loads(lote.externos) == sorted(f"leads.xlsx:{n}" for n in range(2, len(documents) + 2))
    assert lote.repetidos == {each for each in present if present.count(each) > 1}
