"""What a template demands of a lead: which values there must be, and of which kind, so that it can be rendered.

`missing` says the same as `render_message`, without rendering. `demanda_atendida` (migration 030) says it in SQL, for a
million leads. So a campaign knows before it begins for whom it has no message.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from chalicelib.dispatch.rules.formats import Scalar, ValueKind, has_something_to_see, is_readable, raw_length
from chalicelib.dispatch.rules.rendering import (
    FIRST_NAME,
    NAME,
    TemplateWords,
    expressions_of,
    longest_value,
)
from chalicelib.errors import FieldError, Invalid, escape_pointer, named

LEAD_COLUMNS = (NAME, "contato", "documento")
"""The columns of `leads` that fill variables of the same names; every other name is a campo."""


class Demand(NamedTuple):
    """A value of a lead that a template needs.

    `kind` is what it must be; `has_default`: it may be missing. `longest`: up to so many characters it certainly fits.
    """

    name: str
    kind: ValueKind
    has_default: bool
    longest: int


def demands(words: TemplateWords, given: Collection[str] = ()) -> tuple[Demand, ...]:
    """What a lead must have for this template; `given` are the variables that have a value already.

    A name that is formatted in several ways has one demand for each kind. `primeiro_nome` demands `nome`.
    """
    optional: dict[tuple[str, ValueKind], bool] = {}
    for each in expressions_of(words):
        if each.name not in given and (name := source_of(each.name)) not in given:
            key = (name, each.kind)
            optional[key] = optional.get(key, True) and each.default is not None
    longest = longest_value(words)
    return tuple(Demand(name, kind, has_default, longest) for (name, kind), has_default in optional.items())


def missing(demanded: Iterable[Demand], values: Mapping[str, Scalar]) -> tuple[str, ...]:
    """The names whose value is missing, blank, of another kind or too long."""
    return tuple(dict.fromkeys(each.name for each in demanded if not _is_met(each, values.get(each.name))))


def _is_met(demand: Demand, value: Scalar | None) -> bool:
    if value is None or not has_something_to_see(value):
        return demand.has_default
    return raw_length(value) <= demand.longest and is_readable(value, demand.kind)


def source_of(name: str) -> str:
    """The value from which a variable is made: `primeiro_nome` from `nome`, every other one from its own."""
    return NAME if name == FIRST_NAME else name


def check_given(words: TemplateWords, given: Iterable[str], root: str = "/payload/variaveis") -> None:
    """Check that the template uses the variables for which a request gives values (at `root`), or their sources.

    Raises:
        Invalid: `variavel_desconhecida`; it names the others.
    """
    names = {each.name for each in expressions_of(words)}
    if unknown := sorted(set(given) - names - set(map(source_of, names))):
        code = "variavel_desconhecida"
        errors = tuple(FieldError(f"{root}/{escape_pointer(name)}", code, name) for name in unknown)
        raise Invalid(code, errors, nomes=named(unknown))


def frozen(words: TemplateWords, lead: Mapping[str, Scalar], given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The raw values of a message, for the names that its template uses; what is given wins over the lead.

    A missing value has no key, and `render_message` names it.
    """
    values: dict[str, Scalar] = {}
    for each in expressions_of(words):
        name = each.name if each.name in given else source_of(each.name)
        if (value := given.get(name, lead.get(name))) is not None:
            values[name] = value
    return values


def lead_values(lead: Mapping[str, Any]) -> dict[str, Scalar]:
    """The values of a lead by the names of variables; what is blank is left out.

    `lead` has its columns, and `campos` as the text of a JSON object.
    """
    values = {**scalars_of(lead["campos"]), **{name: lead[name] for name in LEAD_COLUMNS}}
    return {name: value for name, value in values.items() if value is not None and has_something_to_see(value)}


def scalars_of(text: str) -> dict[str, Scalar]:
    """The values of a JSON object; no number loses a digit, as it would in a float."""
    values: dict[str, Scalar] = json.loads(text, parse_float=Decimal)
    return {name: value for name, value in values.items() if value is not None}


def as_json(values: Mapping[str, Scalar]) -> str:
    """The values as a JSON object, numbers digit by digit."""
    return f"{{{', '.join(f'{json.dumps(name)}: {_as_json(value)}' for name, value in values.items())}}}"


def _as_json(value: Scalar) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value)
