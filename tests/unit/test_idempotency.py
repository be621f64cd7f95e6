"""An idempotency key is of one operation and one caller, and knows the request that it came with."""

from __future__ import annotations

import pytest

from chalicelib.errors import Invalid
from tests.keys import a_key

LEAD = "019aa5b1-0000-7000-8000-000000000001"


@pytest.mark.parametrize("value", ["!", "~", "a" * 255, "7c0f-1:2/3"])
def test_visible_ascii_characters_are_a_key(value: str) -> None:
    assert len(a_key(value).digest) == len(a_key(value).fingerprint) == 32


@pytest.mark.parametrize("value", ["", "a" * 256, "a b", " a", "a\n", "a\0", "\x7f", "ação", "7c0f-…"])
def test_other_keys_are_refused(value: str) -> None:
    with pytest.raises(Invalid) as raised:
        a_key(value)
    [error] = raised.value.errors
    assert (raised.value.code, error.pointer) == ("chave_de_idempotencia_invalida", "header/Idempotency-Key")


def test_each_operation_and_each_caller_has_keys_of_its_own() -> None:
    keys = [a_key(), a_key(operation="POST /y"), a_key(subject="bia"), a_key("l")]
    assert len({each.digest for each in keys}) == len(keys)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":[1,2]}', '{ "b": [1, 2],\n "a": 1 }'),
        ('{"a":"ç"}', '{"a":"\\u00e7"}'),
        ("", "{}"),
        ('{"a":1.50}', '{"a":1.5}'),
    ],
)
def test_way_in_which_a_document_is_written_does_not_matter(one: str, other: str) -> None:
    assert a_key(body=one).fingerprint == a_key(body=other).fingerprint


@pytest.mark.parametrize("other", ['{"a":2}', '{"a":"1"}', '{"a":[1]}', '{"a":1,"b":null}', "a=1", "[" * 100_000])
def test_another_document_is_another_request(other: str) -> None:
    assert a_key(body='{"a":1}').fingerprint != a_key(body=other).fingerprint


def test_path_is_part_of_the_request_and_names_its_lead() -> None:
    key = a_key(lead_id=LEAD)
    assert key.lead_ids == a_key(lead_id=LEAD.upper().replace("-", "%2D")).lead_ids == (LEAD,)
    assert a_key(lead_id="nada").lead_ids == a_key().lead_ids == ()
    assert key.digest == a_key().digest
    assert key.fingerprint != a_key().fingerprint


def test_fingerprint_says_nothing_to_whoever_does_not_know_the_key() -> None:
    assert a_key("k").fingerprint != a_key("l").fingerprint
