"""Turns the document of a segment into a condition: names of SQL fragments, and the values of their parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from chalicelib.campaigns.segments.model import (
    CampaignCondition,
    CampaignResult,
    CampoCondition,
    CampoOperator,
    CreationCondition,
    LastDisparoCondition,
    ReplyCondition,
    SegmentFilter,
    TagsCondition,
    calendar_day,
    relative_days,
)
from chalicelib.campos import NUMBERS, CampoType
from chalicelib.canal import Canal
from chalicelib.conditions import AllOf, AnyOf, Condition, Fragment, Not
from chalicelib.contacts.places import PLACES
from chalicelib.errors import FieldError, Invalid, named

MOST_CONDITIONS = 50
"""Of one document, `todos`, `algum` and `nao` not counted."""
MOST_DEPTH = 5
"""`todos`, `algum` and `nao` one within another."""

_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_NO_DAY, _AFTER_ALL_DAYS = "", ":"
"""Texts before and after every day: `:` follows the digits."""
_DAYS = frozenset({CampoType.DATA, CampoType.DATA_HORA})
_COUNTED: Mapping[str, str] = {
    "lead_ddd": "counted_ddd",
    "lead_has_whatsapp": "counted_whatsapp",
    "lead_has_email": "counted_email",
    "lead_disparo_since": "counted_disparo_since",
    "lead_in_campanha": "counted_in_campanha",
    "lead_failed_in_campanha": "counted_failed_in_campanha",
    "lead_not_reached_by_campanha": "counted_not_reached_by_campanha",
    "lead_left_out_of_campanha": "counted_left_out_of_campanha",
}
"""What says the same, but reads another table once instead of lead by lead."""
_SIGNS: Mapping[CampoOperator, list[int]] = {
    CampoOperator.IGUAL: [0],
    CampoOperator.DIFERENTE: [-1, 1],
    CampoOperator.MENOR: [-1],
    CampoOperator.MENOR_OU_IGUAL: [-1, 0],
    CampoOperator.MAIOR: [1],
    CampoOperator.MAIOR_OU_IGUAL: [0, 1],
}
"""On which sides of the value the campo may be: below (-1), equal (0), above (1)."""
_OPERATORS: Mapping[CampoType, Collection[CampoOperator]] = {
    CampoType.TEXTO: {CampoOperator.IGUAL, CampoOperator.DIFERENTE, CampoOperator.CONTEM},
    CampoType.LOGICO: {CampoOperator.IGUAL, CampoOperator.DIFERENTE},
}
"""Of what has no order; whatever else there is has all of `_SIGNS`."""
_HOUR = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])(:[0-5][0-9])?")


@dataclass(frozen=True, slots=True)
class SegmentContext:
    """What a document means depends on: the tenant's day, its time zone, and the campos of its leads."""

    now: datetime
    zone: ZoneInfo
    campos: Mapping[str, frozenset[CampoType]]
    """The types of each campo: two files may give it two."""

    def day(self, text: str) -> date:
        """The day that a `DayText` names, by the tenant's clock."""
        days = relative_days(text)
        fixed = calendar_day(text) if days is None else None
        return fixed or self.now.astimezone(self.zone).date() + timedelta(days=days or 0)

    def moment(self, text: str, *, days_later: int = 0) -> datetime:
        """The instant that a `MomentText` names: of a day its beginning for the tenant, or that of a later day."""
        if relative_days(text) is None and calendar_day(text) is None:
            return datetime.fromisoformat(text)
        begun = self.day(text) + timedelta(days=days_later)
        return datetime.combine(begun, time.min, self.zone).astimezone(UTC)

    def since(self, text: str | None) -> datetime:
        """When the day begins for the tenant; without a day, before everything."""
        return _FIRST if text is None else self.moment(text)


def compile_segment(document: SegmentFilter, context: SegmentContext, *, root: str = "/filtro") -> Condition:
    """The condition that a document puts on a lead `l`; relative days count from `context.now`.

    Raises:
        Invalid: the document is too deep or too long, or a campo is unknown or of another type; the pointers of the
            errors begin with `root`.
    """
    errors = [*_too_much(document, root)] or [*_unfit_campos(document, root, context)]
    if errors:
        raise Invalid("requisicao_invalida", tuple(errors))
    return _condition(document, context)


def for_counting(condition: Condition) -> Condition:
    """The same condition, for the query that counts all leads of a tenant at once."""
    match condition:
        case Fragment(name, values):
            return Fragment(_COUNTED.get(name, name), values)
        case AllOf(parts):
            return AllOf(tuple(map(for_counting, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(for_counting, parts)))
        case Not(part):
            return Not(for_counting(part))
        case _:
            assert_never(condition)


def _walk(document: SegmentFilter, pointer: str, depth: int) -> Iterator[tuple[str, int, SegmentFilter]]:
    """Every object of the document, with its pointer and how many others are around it."""
    yield pointer, depth, document
    for name in ("todos", "algum"):
        for number, part in enumerate(getattr(document, name) or ()):
            yield from _walk(part, f"{pointer}/{name}/{number}", depth + 1)
    if document.nao is not None:
        yield from _walk(document.nao, f"{pointer}/nao", depth + 1)


def _too_much(document: SegmentFilter, root: str) -> Iterator[FieldError]:
    """The first object that is too deep, and the first condition that is one too many."""
    conditions = 0
    for pointer, depth, part in _walk(document, root, 0):
        if depth > MOST_DEPTH:
            yield FieldError(pointer, "filtro_profundo", str(MOST_DEPTH))
            return
        conditions += part.chosen[0] not in {"todos", "algum", "nao"}
        if conditions > MOST_CONDITIONS:
            yield FieldError(pointer, "filtro_longo", str(MOST_CONDITIONS))
            return


def _unfit_campos(document: SegmentFilter, root: str, context: SegmentContext) -> Iterator[FieldError]:
    for pointer, _, part in _walk(document, root, 0):
        if part.campo is None:
            continue
        types = context.campos.get(part.campo.nome)
        if types is None:
            near = get_close_matches(part.campo.nome, context.campos, n=3) or sorted(context.campos)
            yield FieldError(f"{pointer}/campo/nome", "campo_do_filtro_desconhecido", named(near) or "-")
        elif (unfit := _unfit(part.campo, types)) is not None:
            key, code = unfit
            yield FieldError(f"{pointer}/campo/{key}", code, ", ".join(sorted(types)))


def _unfit(condition: CampoCondition, types: frozenset[CampoType]) -> tuple[str, str] | None:
    """The key of a condition that does not fit the types of its campo, with the code of the error."""
    if condition.valor is None:
        return None
    kind = _kind(condition, types)
    if kind is None:
        return "valor", "valor_de_outro_tipo"
    return None if condition.op in _OPERATORS.get(kind, _SIGNS) else ("op", "operador_de_outro_tipo")


def _kind(condition: CampoCondition, types: frozenset[CampoType]) -> CampoType | None:
    """How the value is compared: as the first of its own types that the campo has; None if it has none of them."""
    value = condition.valor
    if isinstance(value, bool):
        return CampoType.LOGICO if CampoType.LOGICO in types else None
    if not isinstance(value, str):
        return CampoType.NUMERO if types & NUMBERS else None
    if condition.op is not CampoOperator.CONTEM:
        if types & _DAYS and (relative_days(value) is not None or calendar_day(value) is not None):
            return CampoType.DATA
        if CampoType.HORA in types and _hour(value):
            return CampoType.HORA
    return CampoType.TEXTO if CampoType.TEXTO in types else None


def _hour(text: str) -> str | None:
    """The hour as a campo has it: `14:30` is `14:30:00`."""
    match = _HOUR.fullmatch(text)
    return f"{match[1]}{match[2] or ':00'}" if match else None


def _condition(document: SegmentFilter, context: SegmentContext) -> Condition:
    """The condition of one object, by its key."""
    key, value = document.chosen
    return _CONDITIONS[key](value, context)


def _all_of(parts: Sequence[SegmentFilter], context: SegmentContext) -> Condition:
    return AllOf(tuple(_condition(each, context) for each in parts))


def _any_of(parts: Sequence[SegmentFilter], context: SegmentContext) -> Condition:
    return AnyOf(tuple(_condition(each, context) for each in parts))


def _one_of(fragment: str, values: Iterable[object]) -> Condition:
    return Fragment(fragment, {"valores": list(values)})


def _tags(tags: TagsCondition) -> Condition:
    kind, asked = tags.chosen
    if kind == "todos":
        return _one_of("lead_has_all_tags", asked)
    any_tag = _one_of("lead_has_any_tag", asked)
    return any_tag if kind == "algum" else Not(any_tag)


def _campo(condition: CampoCondition, context: SegmentContext) -> Condition:
    """The condition of a campo whose value fits its types."""
    campo, op, value = condition.nome, condition.op, condition.valor
    if value is None:
        blank = Fragment("lead_campo_is_blank", {"campo": campo})
        return blank if op is CampoOperator.VAZIO else Not(blank)
    if op is CampoOperator.CONTEM:
        return Fragment("lead_campo_contains", {"campo": campo, "valor": value})
    types = context.campos[campo]
    match kind := _kind(condition, types):
        case CampoType.NUMERO:
            return Fragment("lead_campo_numero", {"campo": campo, "op": op.value, "valor": json.dumps(value)})
        case CampoType.DATA:
            begin, end = _days(op, context.day(value))
            outside = op is CampoOperator.DIFERENTE
            has_texts = not types <= _DAYS
            days = {"de": begin, "ate": end, "fora": outside, "tem_textos": has_texts}
            return Fragment("lead_campo_data", {"campo": campo, **days})
        case CampoType.HORA:
            value = _hour(value)
    return Fragment(f"lead_campo_{kind}", {"campo": campo, "valor": value, "sinais": _SIGNS[op]})


def _days(op: CampoOperator, day: date) -> tuple[str, str]:
    """The first day that fits a comparison, and the first after it that does not; for `!=`, of the others."""
    this, following = day.isoformat(), (day + timedelta(days=1)).isoformat()
    match op:
        case CampoOperator.MENOR:
            return _NO_DAY, this
        case CampoOperator.MENOR_OU_IGUAL:
            return _NO_DAY, following
        case CampoOperator.MAIOR:
            return following, _AFTER_ALL_DAYS
        case CampoOperator.MAIOR_OU_IGUAL:
            return this, _AFTER_ALL_DAYS
        case _:
            return this, following


def _reachable(canal: Canal) -> Condition:
    match canal:
        case Canal.WHATSAPP:
            return Fragment("lead_has_whatsapp")
        case Canal.EMAIL:
            return Fragment("lead_has_email")
        case _:
            assert_never(canal)


def _suppressed(*, is_wanted: bool) -> Condition:
    suppressed = Fragment("lead_is_suppressed")
    return suppressed if is_wanted else Not(suppressed)


def _created(created: CreationCondition, context: SegmentContext) -> Condition:
    """Half-open in the database: the last day ends when the next one begins."""
    begin = _FIRST if created.de is None else context.moment(created.de)
    end = _LAST if created.ate is None else context.moment(created.ate, days_later=1)
    return Fragment("lead_created_between", {"de": begin, "ate": end})


def _last_disparo(last: LastDisparoCondition, context: SegmentContext) -> Condition:
    kind, day = last.chosen
    ever = Fragment("lead_disparo_since", {"desde": _FIRST})
    if kind == "nunca":
        return Not(ever)
    since = Fragment("lead_disparo_since", {"desde": context.since(day)})
    return since if kind == "desde" else AllOf((ever, Not(since)))


def _replied(reply: ReplyCondition, context: SegmentContext) -> Condition:
    return Fragment("lead_replied_since", {"desde": context.since(reply.desde)})


def _in_campaign(condition: CampaignCondition) -> Condition:
    campaign = {"campanha_id": condition.campanha_id}
    match condition.resultado:
        case CampaignResult.EXCLUIDO:
            return Fragment("lead_left_out_of_campanha", campaign)
        case CampaignResult.FALHOU:
            return Fragment("lead_failed_in_campanha", campaign)
        case CampaignResult.NAO_ALCANCADO:
            return Fragment("lead_not_reached_by_campanha", campaign)
        case result:
            return Fragment("lead_in_campanha", {**campaign, "resultado": result.value})


_CONDITIONS: Mapping[str, Callable[[Any, SegmentContext], Condition]] = {
    "todos": _all_of,
    "algum": _any_of,
    "nao": lambda part, context: Not(_condition(part, context)),
    "status": lambda statuses, _: _one_of("lead_status", (each.value for each in statuses)),
    "tags": lambda tags, _: _tags(tags),
    "campo": _campo,
    "nome": lambda text, _: Fragment("lead_nome_contains", {"texto": text}),
    "uf": lambda ufs, _: _one_of("lead_ddd", (ddd for ddd, place in PLACES.items() if place.uf in ufs)),
    "ddd": lambda ddds, _: _one_of("lead_ddd", ddds),
    "pessoa": lambda kinds, _: _one_of("lead_pessoa", (each.value for each in kinds)),
    "tem": lambda canal, _: _reachable(canal),
    "suprimido": lambda wanted, _: _suppressed(is_wanted=wanted),
    "origem_arquivo": lambda files, _: _one_of("lead_origem_arquivo", files),
    "origem": lambda systems, _: _one_of("lead_origem", systems),
    "job_id": lambda jobs, _: _one_of("lead_job_id", jobs),
    "criado_em": _created,
    "ultimo_disparo": _last_disparo,
    "respondeu": _replied,
    "campanha": lambda campaign, _: _in_campaign(campaign),
}
"""By the key of the object: what takes its value."""
