"""The filters `campo.…` of a query are read by the types that the tenant's files gave the campo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.campos import CampoType
from chalicelib.errors import Invalid
from chalicelib.leads.lists.campo_filters import CampoFilter, read_filters, types_of

TEXTO, NUMERO, MOEDA, PERCENTUAL, DATA, DATA_HORA, HORA, LOGICO = CampoType
KNOWN = {
    "cidade": [TEXTO],
    "valor": [MOEDA],
    "valor_min": [TEXTO],
    "vencimento": [DATA],
    "visita": [DATA_HORA],
    "as": [HORA],
    "vip": [LOGICO],
    "codigo": [NUMERO, TEXTO],
}


def read(name: str, text: str) -> CampoFilter:
    [found] = read_filters({name: text}, KNOWN)
    return found


@pytest.mark.parametrize(
    ("name", "text", "campo", "path"),
    [
        ("valor", "100", "valor", '($."valor" == 100)'),
        ("valor_max", "-0010.50", "valor", '($."valor" <= -10.50)'),
        ("valor_min_max", "1", None, None),
        ("vip", "TRUE", "vip", '($."vip" == true)'),
        ("vencimento_min", "2026-12-01", "vencimento", '$."vencimento" >= "2026-12-01"'),
        ("vencimento_max", "2026-12-01", "vencimento", '$."vencimento" <= "2026-12-01" || '),
        ("visita", "2026-12-01", "visita", '$."visita" starts with "2026-12-01"'),
        ("visita_max", "2026-12-01T14:30", "visita", 'starts with "2026-12-01T14:30"'),
        ("as_min", "14:30", "as", '$."as" >= "14:30"'),
    ],
)
def test_value_is_compared_as_the_type_of_the_campo(name: str, text: str, campo: str | None, path: str | None) -> None:
    if path is None:
        with pytest.raises(Invalid, match="campo_sem_ordem"):
            read(name, text)
        return
    found = read(name, text)
    assert (found.campo, found.texto) == (campo, None)
    assert path in (found.caminho or "")


def test_campo_that_is_really_named_like_a_bound_is_reached_first() -> None:
    assert read("valor_min", "baixo") == CampoFilter("valor_min", "baixo", None)


def test_campo_with_two_types_fits_by_either() -> None:
    assert read("codigo", "7") == CampoFilter("codigo", "7", '($."codigo" == 7)')
    assert read("codigo", "A7") == CampoFilter("codigo", "A7", None)
    assert read("codigo_min", "7") == CampoFilter("codigo", None, '($."codigo" >= 7)')


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("cidad", "Salvador", "campo_desconhecido"),
        ("cidad_min", "1", "campo_desconhecido"),
        ("", "1", "campo_desconhecido"),
        ("_min", "1", "campo_desconhecido"),
        ("cidade_min", "A", "campo_sem_ordem"),
        ("vip_max", "true", "campo_sem_ordem"),
        ("valor", "1.234,56", "campo_de_outro_tipo"),
        ("valor", "1e5", "campo_de_outro_tipo"),
        ("valor", "", "campo_de_outro_tipo"),
        ("vip", "talvez", "campo_de_outro_tipo"),
        ("vencimento", "01/12/2026", "campo_de_outro_tipo"),
        ("vencimento", "2026-02-30", "campo_de_outro_tipo"),
        ("vencimento", "2026-12-01T10:00", "campo_de_outro_tipo"),
        ("visita", "2026-12-01T25:00", "campo_de_outro_tipo"),
        ("as", "24:30", "campo_de_outro_tipo"),
        ("codigo_max", "A", "campo_de_outro_tipo"),
    ],
)
def test_wrong_filter_is_refused_and_pointed_at(name: str, text: str, code: str) -> None:
    with pytest.raises(Invalid) as raised:
        read(name, text)
    assert raised.value.code == code
    assert [each.pointer for each in raised.value.errors] == [f"?/campo/{name}"]


def test_unknown_campo_is_told_with_those_of_similar_names() -> None:
    with pytest.raises(Invalid) as raised:
        read("vencimentos", "x")
    assert raised.value.params == {"nome": "vencimentos", "proximos": "vencimento"}
    with pytest.raises(Invalid) as raised:
        read("xyz", "x")
    assert raised.value.params["proximos"] == "—"


@given(st.dictionaries(st.sampled_from(sorted(KNOWN)) | st.text(max_size=5), st.text(max_size=12), max_size=4))
def test_no_text_of_a_query_gets_into_a_path_unread(given_filters: dict[str, str]) -> None:
    try:
        filters = read_filters(given_filters, KNOWN)
    except Invalid:
        return
    allowed = set('$."_|&()=<>^[]{}-:T') | set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    assert all(set(each.caminho or "") <= allowed for each in filters)
    assert {each.campo for each in filters} <= KNOWN.keys()


def test_types_are_collected_by_campo() -> None:
    rows = [{"campo": "a", "tipo": "data"}, {"campo": "b", "tipo": "texto"}, {"campo": "a", "tipo": "texto"}]
    assert types_of(rows) == {"a": [DATA, TEXTO], "b": [TEXTO]}
