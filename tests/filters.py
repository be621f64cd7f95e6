"""Random filters of segments, whose values meet the leads of `tests/integration/test_segments.py`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from chalicelib.campaigns.segments.model import CampaignResult, Pessoa
from chalicelib.campos import CampoType
from chalicelib.leads.states import LeadStatus

CAMPOS = {
    "valor": frozenset({CampoType.MOEDA}),
    "vencimento": frozenset({CampoType.DATA}),
    "visita": frozenset({CampoType.DATA_HORA}),
    "hora": frozenset({CampoType.HORA}),
    "cidade": frozenset({CampoType.TEXTO}),
    "ativo": frozenset({CampoType.LOGICO}),
    "misto": frozenset({CampoType.TEXTO, CampoType.DATA}),
}
TAGS = ("vip", "norte", "sul")
CIDADES = ("São Paulo", "SÃO PAULO", "Vitória da Conquista", "salvador")
DAYS = ("2026-11-20", "2026-11-24", "2026-12-05")
FILES = ("a.xlsx", "b.xlsx")
JOBS = (UUID(int=1), UUID(int=2))
CAMPAIGNS = (UUID(int=11), UUID(int=12))
PLACES = (("71", "BA"), ("11", "SP"), ("19", "SP"))

_ORDER = ("=", "!=", "<", "<=", ">", ">=")
_day = st.sampled_from([*DAYS, "hoje", "hoje-4", "hoje+11"])


def _some(*values: object) -> st.SearchStrategy[list[object]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2)


def _compared(nome: str, ops: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"nome": st.just(nome), "op": st.sampled_from(ops), "valor": values})


_campo = st.one_of(
    _compared("valor", _ORDER, st.sampled_from([0, 100, 99.9, 1234.56, -1])),
    _compared("vencimento", _ORDER, _day),
    _compared("visita", _ORDER, _day),
    _compared("hora", _ORDER, st.sampled_from(["08:00", "14:30", "14:30:01"])),
    _compared("cidade", ("=", "!="), st.sampled_from(CIDADES)),
    _compared("cidade", ("contem",), st.sampled_from(["paulo", "VITORIA", "x"])),
    _compared("misto", ("=", "!=", "contem"), st.sampled_from(["2026-11-24", "sem data"])),
    _compared("ativo", ("=", "!="), st.booleans()),
    st.fixed_dictionaries(
        {"nome": st.sampled_from(sorted(CAMPOS)), "op": st.sampled_from(["vazio", "nao_vazio"])}
    ),
)  # fmt: skip
_leaf: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, campo=_campo),
    st.builds(dict, status=_some(*(each.value for each in LeadStatus))),
    st.sampled_from(["algum", "todos", "nenhum"]).flatmap(
        lambda kind: _some(*TAGS).map(lambda tags: {"tags": {kind: tags}})
    ),
    st.builds(dict, nome=st.sampled_from(["joao", "SÍLVA", "a", "zz"])),
    st.builds(dict, uf=_some("BA", "SP", "RJ")),
    st.builds(dict, ddd=_some(*(ddd for ddd, _ in PLACES))),
    st.builds(dict, pessoa=_some(*(each.value for each in Pessoa))),
    st.builds(dict, tem=st.sampled_from(["whatsapp", "email"])),
    st.builds(dict, suprimido=st.booleans()),
    st.builds(dict, origem_arquivo=_some(*FILES)),
    st.builds(dict, origem=_some("", "crm")),
    st.builds(dict, job_id=_some(*map(str, JOBS))),
    st.builds(dict, criado_em=st.fixed_dictionaries({"de": _day}, optional={"ate": _day})),
    st.builds(dict, criado_em=st.builds(dict, ate=st.sampled_from(["2026-11-24T09:00:00-03:00", "hoje-1"]))),
    st.builds(dict, ultimo_disparo=st.one_of(
        st.builds(dict, antes_de=_day), st.builds(dict, desde=_day), st.builds(dict, nunca=st.just(True)))),
    st.builds(dict, respondeu=st.one_of(st.just({}), st.builds(dict, desde=_day))),
    st.builds(dict, campanha=st.fixed_dictionaries(
        {"campanha_id": st.sampled_from([*map(str, CAMPAIGNS)])},
        optional={"resultado": st.sampled_from([each.value for each in CampaignResult])})),
)  # fmt: skip


def filters() -> st.SearchStrategy[dict[str, Any]]:
    """Documents that the compiler takes, of at most three levels."""
    parts: st.SearchStrategy[dict[str, Any]] = st.recursive(
        _leaf,
        lambda inner: st.one_of(
            st.builds(dict, todos=st.lists(inner, max_size=3)),
            st.builds(dict, algum=st.lists(inner, min_size=1, max_size=3)),
            st.builds(dict, nao=inner),
        ),
        max_leaves=6,
    )
    return parts.filter(lambda document: _depth(document) <= 5)


def _depth(document: dict[str, Any]) -> int:
    match document:
        case {"todos": parts} | {"algum": parts}:
            return 1 + max(map(_depth, parts), default=0)
        case {"nao": part}:
            return 1 + _depth(part)
        case _:
            return 0
