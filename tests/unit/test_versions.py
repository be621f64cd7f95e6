"""A version names what people change; another one is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chalicelib.errors import Invalid, PreconditionFailed
from chalicelib.versions import ExpectedVersion, Versioned, version_of

LEAD = {"nome": "Ana", "criado_em": datetime(2026, 11, 30, tzinfo=UTC), "linha_do_tempo": []}


def test_version_changes_with_what_is_shown_and_not_with_what_happens_beside_it() -> None:
    assert version_of(LEAD) == version_of({**LEAD, "linha_do_tempo": [1]})
    assert version_of(LEAD) != version_of({**LEAD, "nome": "Bia"})
    assert Versioned(LEAD).etag == f'"{version_of(LEAD)}"'


@pytest.mark.parametrize("header", ["*", ' "{0}" ', '"other", "{0}"', 'W/"other","{0}"', '"{0}" ,W/"{0}"'])
def test_version_that_the_header_names_is_expected(header: str) -> None:
    ExpectedVersion.of(header.format(version_of(LEAD))).check(LEAD)


@pytest.mark.parametrize("header", ['"other"', 'W/"{0}"', '""'])
def test_other_version_or_a_weak_one_is_refused(header: str) -> None:
    with pytest.raises(PreconditionFailed) as raised:
        ExpectedVersion.of(header.format(version_of(LEAD))).check(LEAD)
    assert (raised.value.code, raised.value.status) == ("versao_mudou", 412)


@pytest.mark.parametrize("header", ["", "abc", '"a" "b"', '"a",', '"', '"a\x00"', "*, *", '"ação"'])
def test_header_that_names_no_version_is_refused(header: str) -> None:
    with pytest.raises(Invalid) as raised:
        ExpectedVersion.of(header)
    assert raised.value.code == "if_match_invalido"
