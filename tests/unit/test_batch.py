"""Rows are prepared for COPY: every text comes back as it was, and keys that several rows share are known."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contacts.emails import read_emails
from chalicelib.contacts.telephones import read_phones
from chalicelib.ingestion.loading.batch import array, email_lines, fields, prepared
from chalicelib.ingestion.options import ALL_KEYS, DedupKey
from chalicelib.ingestion.rows.lead import LeadData
from chalicelib.ingestion.rows.one_by_one import ReadRow, ReadRows

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# PostgreSQL, COPY, "Text Format": the meaning of a backslash and the letter after it.
_LETTERS = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}

storable = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def as_copied(field: str) -> str | None:
    """A field as PostgreSQL reads it."""
    return None if field == "\\N" else re.sub(r"\\(.)", lambda match: _LETTERS[match[1]], field)


def in_array(literal: str) -> list[str]:
    """The texts of an array literal as PostgreSQL reads it."""
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', literal, re.DOTALL)
    assert literal == "{" + ",".join(f'"{each}"' for each in quoted) + "}"
    return [re.sub(r"\\(.)", r"\1", each, flags=re.DOTALL) for each in quoted]


def a_row(number: int, data: LeadData) -> ReadRow:
    return ReadRow(number, f"leads.xlsx:{number}", data, (), ())


@given(st.lists(st.none() | storable | st.text("\\\t\n\r.Nax ")))
def test_text_comes_back_from_copy_as_it_was(texts: list[str | None]) -> None:
    written = fields(texts)
    assert [as_copied(each) for each in written] == texts
    assert not any(set("\t\n\r") & set(each) for each in written)


@given(st.lists(storable | st.text('\\",{}N ')))
def test_text_comes_back_from_an_array_as_it_was(texts: list[str]) -> None:
    assert in_array(array(texts)) == texts


def test_nul_becomes_the_replacement_character_because_postgresql_cannot_store_it() -> None:
    assert fields(["a\x00b"]) == ["a\ufffdb"]


@given(st.text() | st.from_regex(r"[!-~]{1,10}@[a-z]{1,5}\.com", fullmatch=True))
def test_accepted_addresses_need_no_escaping(cell: str) -> None:
    accepted, _ = read_emails(cell)
    assert fields(accepted) == accepted
    assert email_lines("id", accepted).count("\t") == 3 * len(accepted)


def test_lines_have_the_contacts_in_order_and_the_first_fit_phone_as_principal() -> None:
    phones, _ = read_phones("71 3333-4444 | 71 99999-0001")
    data = LeadData(nome="Maria", telefones=tuple(phones), emails=("a@x.com", "b@x.com"))
    [lead] = iter(prepared(ReadRows.of([a_row(2, data)]), NOW).candidates)
    assert [line.split("\t")[1:] for line in lead.telefones.splitlines()] == [
        ["+557133334444", "1", "f", "fixo", "f"],
        ["+5571999990001", "2", "t", "movel", "t"],
    ]
    assert [line.split("\t")[1:] for line in lead.emails.splitlines()] == [
        ["a@x.com", "1", "t"],
        ["b@x.com", "2", "f"],
    ]


@given(st.lists(st.sampled_from(["52998224725", "11222333000181", "02387846000103", None]), min_size=1, max_size=6))
def test_keys_are_sorted_and_keys_of_several_rows_are_known(documents: list[str | None]) -> None:
    rows = [a_row(n, LeadData(documento=each, emails=("a@x.com",))) for n, each in enumerate(documents, 2)]
    batch = prepared(ReadRows.of(rows), NOW)
    present = [each for each in documents if each]
    assert in_array(batch.documents) == sorted(present)
    assert in_array(batch.external_ids) == sorted(f"leads.xlsx:{n}" for n in range(2, len(documents) + 2))
    assert batch.repeated == {each for each in present if present.count(each) > 1}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (ALL_KEYS, [1, 2]),
        ({DedupKey.CONTATO}, [0, 1, 2]),
        ({DedupKey.DOCUMENTO, DedupKey.ID}, []),
    ],
)
def test_contacts_tell_rows_without_a_document_if_documents_count(keys: frozenset[DedupKey], told: list[int]) -> None:
    rows = [
        a_row(2, LeadData(documento="52998224725", emails=("a@x.com", "b@x.com"))),
        a_row(3, LeadData(emails=("b@x.com",))),
        a_row(4, LeadData(emails=("c@x.com",))),
    ]
    batch = prepared(ReadRows.of(rows), NOW, keys)
    assert batch.by_contact == told
    assert json.loads(batch.emails) == sorted(
        {email for place in told for email in batch.candidates[place].data.emails}
    )
    assert batch.repeated_contacts == ({"b@x.com"} if told else set())


def test_text_with_the_separator_of_the_search_is_escaped_alone() -> None:
    assert fields(["a\x1fb\\", None, "c"]) == ["a\x1fb\\\\", "\\N", "c"]
