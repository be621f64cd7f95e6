"""The text below a field of a model is its description in the contract."""

from __future__ import annotations

from typing import Any

from chalicelib.api.contract.descriptions import describe
from chalicelib.delivery.requests import ChallengeQuery, WebhookQuery
from chalicelib.leads.requests import LeadExport, LeadQuery


def described(name: str, *fields: str, **said: str) -> dict[str, str | None]:
    """The descriptions of the fields of a schema of this name; `said` are those that it has already."""
    properties: dict[str, Any] = {each: {} for each in fields}
    properties |= {field: {"description": text} for field, text in said.items()}
    describe({name: {"type": "object", "properties": properties}})
    return {field: each.get("description") for field, each in properties.items()}


def test_text_is_found_in_the_model_and_in_those_that_it_extends() -> None:
    [part] = described(LeadQuery.__name__, "q").values()
    assert (
        part == "Part of the name or of the contact person's, three letters at least; case and accents do not matter."
    )
    assert described(LeadExport.__name__, "q") == {"q": part}
    assert described(f"{LeadQuery.__name__}-Input", "q") == {"q": part}


def test_parts_of_a_page_are_described_everywhere() -> None:
    assert described(LeadQuery.__name__, "cursor") == {"cursor": "`proximo` of the page before."}


def test_description_that_is_there_stays() -> None:
    assert described(LeadQuery.__name__, q="As the model says.") == {"q": "As the model says."}


def test_field_without_a_text_has_no_description() -> None:
    assert described(LeadQuery.__name__, "status", "no_field") == {"status": None, "no_field": None}
    assert described("NoModel", "q") == {"q": None}


def test_field_is_called_as_a_client_sends_it() -> None:
    assert {field.alias for field in ChallengeQuery.model_fields.values()} >= {"hub.mode"}
    assert described(ChallengeQuery.__name__, "mode") == {"mode": None}
    assert described(WebhookQuery.__name__, "chave").keys() == {"chave"}
