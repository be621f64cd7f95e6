"""Finds the leads of a query without looking through all of them.

Three ways narrow a search down. Exact contacts and documents have indexes. A text, the end of a number, a tag that few
leads have, or the one kind of contact that a lead has is looked up in a copy of the leads (migration 070), which gives
candidates, newest first. A time, or a file, is a span of ids: these are in the order of time. The query that shows
leads then holds each candidate to all filters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Row, Rows
from chalicelib.ids import first_id, last_id
from chalicelib.leads.history.shown import BY_HAND
from chalicelib.leads.lists.campo_filters import read_filters, types_of
from chalicelib.leads.requests import LeadQuery

# `criado_em` is the time of a transaction of the database. An id is older than it, by as long as a batch takes; or
# younger, by what the clocks differ.
_OLDER_MS = 300_000
_YOUNGER_MS = 60_000
_LEAST = UUID(int=0)
_GREATEST = UUID(int=(1 << 128) - 1)
_MOST_SPANS = 8
_FEW = 200
_MANY = 50_000
_GROWTH = 8
_BY_TEXT = "leads_by_text"
_MOST_WITH_FILTERS = 2_000
# Leads with tags that are looked at, to see whether one of so many has the tag that is wanted.
_SAMPLE = 1_000
_COMMON = 20


class IdSpan(NamedTuple):
    """Ids from one to another."""

    first: UUID = _LEAST
    last: UUID = _GREATEST

    @classmethod
    def created(cls, since: datetime | None, until: datetime | None) -> IdSpan:
        """What may hold the ids of leads that were created between two times."""
        first = _LEAST if since is None else UUID(int=max(0, first_id(since).int - (_OLDER_MS << 80)))
        return cls(first, _GREATEST if until is None else UUID(int=last_id(until).int + (_YOUNGER_MS << 80)))

    @property
    def bounds(self) -> Mapping[str, UUID]:
        """The parameters of a query."""
        return {"desde_id": self.first, "ate_id": self.last}

    def within(self, other: IdSpan) -> IdSpan:
        """What both have; a span that ends before it begins is empty."""
        return IdSpan(max(self.first, other.first), min(self.last, other.last))


class Lookup(NamedTuple):
    """A named query that gives candidates, and what it is asked for."""

    query: str
    wanted: object

    def candidates(self, rows: Rows, before: UUID | None, first: int) -> Iterator[list[str]]:
        """The ids of all candidates, newest first: a few to begin with, as most pages need no more."""
        place: object = before
        count = max(first, _FEW)
        while True:
            found = rows.shown(self.query, procurado=self.wanted, antes=place, quantos=count)
            if found:
                yield [row["lead_id"] for row in found]
            if len(found) < count:
                return
            place, count = found[-1]["lead_id"], min(count * _GROWTH, _MANY)


class LeadSearch:
    """The leads that fit a query, in an open transaction.

    Raises:
        Invalid: a filter by a campo is wrong (`campo_filters`).
    """

    def __init__(self, rows: Rows, query: LeadQuery) -> None:
        self._rows = rows
        self._filters = query.filters
        self._lookup = _lookup(rows, query)
        self.spans = _spans(rows, query)
        """Where the leads are, newest first and apart from each other."""
        self.params = {**_filters(rows, query), "lead_ids": None}
        """The parameters of the filters of `list_leads`; None where there is none."""

    def page(self, *, depois: UUID | None, limite: int, pular: int = 0) -> list[Row]:
        """The leads after a place, newest first, at most `limite` after the first `pular`."""
        if self._lookup is None and len(self.spans) == 1:
            return self._listed(self.spans[0], {"depois": depois, "limite": limite, "pular": pular})
        found: list[Row] = []
        wanted = pular + limite
        for span, lead_ids in self._parts(depois, wanted):
            more = {"depois": depois, "limite": wanted - len(found), "pular": 0, "lead_ids": lead_ids}
            found += self._listed(span, more)
            if len(found) >= wanted:
                break
        return found[pular:]

    def count(self, most: int) -> int:
        """How many leads fit, counted up to `most`."""
        if self._filters == {"q"}:
            return self._count_by_text(most)
        total = 0
        for span, lead_ids in self._parts(None, most):
            part = {**self.params, **span.bounds, "lead_ids": lead_ids}
            total += number_in(self._rows.one("count_leads", **part, teto=most - total))
            if total >= most:
                break
        return total

    def _count_by_text(self, most: int) -> int:
        return number_in(self._rows.one("count_leads_by_text", procurado=self.params["q"], teto=most))

    def _parts(self, depois: UUID | None, wanted: int) -> Iterator[tuple[IdSpan, list[str] | None]]:
        """What is looked through one after the other: spans, or candidates."""
        if self._lookup is None:
            yield from ((span, None) for span in self.spans)
            return
        around = IdSpan(self.spans[-1].first, self.spans[0].last) if self.spans else IdSpan(_GREATEST, _LEAST)
        # Of many leads with a text, the other filters leave few, and may have an index of their own.
        has_more_filters = self._lookup.query == _BY_TEXT and self._filters != {"q"}
        if has_more_filters and self._count_by_text(_MOST_WITH_FILTERS + 1) > _MOST_WITH_FILTERS:
            yield around, None
            return
        for lead_ids in self._lookup.candidates(self._rows, depois, wanted):
            yield around, lead_ids

    def _listed(self, span: IdSpan, page: Mapping[str, object]) -> list[Row]:
        return self._rows.shown("list_leads", **{**self.params, **span.bounds, **page})


def _lookup(rows: Rows, query: LeadQuery) -> Lookup | None:
    """What to look up; None if an exact contact or document, or no filter, needs no look-up."""
    ending = query.fim_de_telefone or query.fim_de_documento
    if query.email or query.documento_exato or (query.telefone and not query.fim_de_telefone):
        return None
    if ending is not None:
        return Lookup("leads_by_ending", ending)
    if query.q is not None:
        return Lookup(_BY_TEXT, query.q)
    return None if query.tag is None or _is_common(rows, query.tag) else Lookup("leads_by_tag", query.tag)


def _is_common(rows: Rows, tag: str) -> bool:
    """Whether so many leads have a tag that their order finds them sooner than the index, which yields all of them."""
    sampled = rows.one("sampled_leads_with_tag", tag=tag, amostra=_SAMPLE)
    return number_in(sampled) * _COMMON >= _SAMPLE


def _spans(rows: Rows, query: LeadQuery) -> Sequence[IdSpan]:
    """Where the leads of a query are, newest first and apart from each other."""
    bounds = IdSpan.created(query.criado_de, query.criado_ate)
    if query.origem_arquivo is None or query.origem_arquivo == BY_HAND:
        return [bounds]
    jobs = rows.all("times_of_file", arquivo=query.origem_arquivo)
    found = (IdSpan.created(job["criado_em"], job["concluido_em"]).within(bounds) for job in jobs)
    spans: list[IdSpan] = []
    for each in sorted((span for span in found if span.first <= span.last), key=attrgetter("last"), reverse=True):
        if spans and (each.last >= spans[-1].first or len(spans) == _MOST_SPANS):
            spans[-1] = IdSpan(min(spans[-1].first, each.first), spans[-1].last)
        else:
            spans.append(each)
    return spans


def _filters(rows: Rows, query: LeadQuery) -> dict[str, object]:
    """The parameters of the filters of `list_leads`; None where there is none."""
    found = read_filters(query.campo, types_of(rows.all("known_campos"))) if query.campo else []
    campos, textos, caminhos = ([*each] for each in zip(*found, strict=True)) if found else (None, None, None)
    return {
        "campos": campos,
        "textos": textos,
        "caminhos": caminhos,
        "status": query.status.value if query.status else None,
        "documento": query.documento_exato,
        "fim_de_documento": query.fim_de_documento,
        "email": query.endereco,
        "telefones": query.telefones(),
        "fim_de_telefone": query.fim_de_telefone,
        "tag": query.tag,
        "origem_arquivo": query.origem_arquivo,
        "a_mao": True if query.origem_arquivo == BY_HAND else None,
        "origem": query.origem,
        "criado_de": query.criado_de,
        "criado_ate": query.criado_ate,
        "q": query.q,
    }


def number_in(row: Row | None) -> int:
    """The total that a counting query found."""
    return int(row["total"]) if row else 0
