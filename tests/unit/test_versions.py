"""A version names what people change; another one is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from chalicelib.errors import Invalid, PreconditionFailed
from chalicelib.versions import ExpectedVersion, Versioned, is_known, tag_of, version_of

LEAD = {"nome": "Ana", "criado_em": datetime(2026, 11, 30, tzinfo=UTC), "linha_do_tempo": []}
TAG = '"6f1ed002ab5595859014ebf0951522d9"'


def test_version_changes_with_what_is_shown_and_not_with_what_happens_beside_it() -> None:
    assert version_of(LEAD) == version_of({**LEAD, "linha_do_tempo": [1]})
    assert version_of(LEAD) != version_of({**LEAD, "nome": "Bia"})
    assert Versioned(LEAD).etag.startswith(f'"{version_of(LEAD)}.')
    assert Versioned({"nome": "Ana"}).etag == f'"{version_of({"nome": "Ana"})}"'


def test_tag_changes_with_anything_that_is_shown() -> None:
    person = {"email": "ana@example.com", "entrou": False}
    for shown, changed in ((LEAD, {"linha_do_tempo": [1]}), (LEAD, {"nome": "Bia"}), (person, {"entrou": True})):
        assert Versioned(shown).etag == Versioned(shown).etag
        assert Versioned(shown).etag != Versioned({**shown, **changed}).etag


def test_what_is_told_of_a_change_alone_is_no_part_of_the_tag() -> None:
    assert Versioned({"fuso": "UTC", "disparos_a_redatar": 3}).etag == Versioned({"fuso": "UTC"}).etag


def test_change_may_expect_the_version_of_a_tag_though_something_has_come_beside_it() -> None:
    seen = Versioned(LEAD).etag
    ExpectedVersion.of(seen).check({**LEAD, "linha_do_tempo": [1]})
    with pytest.raises(PreconditionFailed):
        ExpectedVersion.of(seen).check({**LEAD, "nome": "Bia"})


@pytest.mark.parametrize(
    "header", ["*", " * ", "{0}", "W/{0}", '"other", {0}', '"other",W/{0} ', ' W/"other" , {0} , "b"']
)
@pytest.mark.parametrize("weak", ["", "W/"])
def test_answer_that_the_header_names_is_known(header: str, weak: str) -> None:
    assert is_known(weak + TAG, header.format(TAG))


@pytest.mark.parametrize("header", ["", '"other"', TAG.strip('"'), TAG[:5] + '"', "W/", f"{TAG} {TAG}", "*, *"])
def test_other_answer_or_none_is_not_known(header: str) -> None:
    assert not is_known(TAG, header)


def test_weak_tag_tells_texts_apart() -> None:
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', tag_of("{}"))
    assert tag_of('{"nome":"João"}') == tag_of('{"nome":"João"}') != tag_of('{"nome":"Joao"}')


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
