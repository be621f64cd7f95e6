"""Signed tokens: only an unchanged token of ours is read, and only for its own purpose."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import NotFound, Unavailable
from chalicelib.suppression.links import UnsubscribeLinks
from chalicelib.tokens import Signer, keys_in

URL_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
signer = Signer(lambda: ["a key"])
links = UnsubscribeLinks(public_url="https://api.example.com/dev", signer=signer)
tenants = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)


@given(content=st.binary(max_size=100), purpose=st.text(max_size=20))
def test_signed_content_is_read_back(content: bytes, purpose: str) -> None:
    token = signer.sign(purpose, content)
    assert set(token) <= set(URL_CHARACTERS)
    assert signer.read(purpose, token) == content


@given(content=st.binary(max_size=40), data=st.data())
def test_token_with_a_changed_character_is_refused(content: bytes, data: st.DataObject) -> None:
    token = signer.sign("x", content)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from(URL_CHARACTERS + "=+/ %é\0").filter(lambda each: each != token[place]))
    assert signer.read("x", token[:place] + other + token[place + 1 :]) is None


@given(content=st.binary(max_size=40), data=st.data())
def test_token_that_is_shorter_or_longer_is_refused(content: bytes, data: st.DataObject) -> None:
    token = signer.sign("x", content)
    cut = data.draw(st.integers(0, len(token) - 1))
    grown = data.draw(st.text(URL_CHARACTERS + "= \n", min_size=1, max_size=5))
    assert signer.read("x", token[:cut]) is None
    assert signer.read("x", token + grown) is None
    assert signer.read("x", grown + token) is None


@given(st.text(max_size=700))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    assert signer.read("x", text) is None


def test_token_is_valid_for_its_own_purpose_only() -> None:
    assert signer.read("webhook", signer.sign("descadastro", b"acme")) is None
    assert signer.read("b", signer.sign("a", b"\0b")) is None
    assert signer.read("", signer.sign("a", b"")) is None


def test_old_tokens_stay_valid_when_the_key_changes() -> None:
    old = signer.sign("x", b"1")
    changed = Signer(lambda: ["a new key", "a key"])
    assert changed.read("x", old) == b"1"
    assert changed.sign("x", b"1") == Signer(lambda: ["a new key"]).sign("x", b"1")
    assert Signer(lambda: ["a new key"]).read("x", old) is None


@pytest.mark.parametrize(
    ("secret", "keys"),
    [
        ({"chave": "a"}, ["a"]),
        ({"chave": "b", "anteriores": ["a", "", 7]}, ["b", "a"]),
        ({"chave": 7, "anteriores": ["a"]}, ["a"]),
        ({"chave": "a", "anteriores": "b"}, ["a"]),
    ],
)
def test_keys_of_a_secret_are_the_current_one_and_then_the_previous_ones(
    secret: dict[str, Any], keys: list[str]
) -> None:
    assert keys_in(secret, "nome") == keys


@pytest.mark.parametrize("secret", [None, {}, {"chave": ""}, {"chave": None, "anteriores": {}}])
def test_error_names_the_secret_that_has_no_key(secret: dict[str, Any] | None) -> None:
    with pytest.raises(Unavailable) as raised:
        keys_in(secret, "nome")
    assert (raised.value.code, raised.value.params) == ("segredo_ausente", {"nome": "nome"})


@given(tenant_id=tenants, disparo_id=st.uuids())
def test_unsubscribe_link_leads_back_to_its_disparo(tenant_id: str, disparo_id: UUID) -> None:
    url = links.url(tenant_id, disparo_id)
    assert url is not None
    assert url.startswith("https://api.example.com/dev/descadastro/")
    assert links.read(url.rsplit("/", 1)[-1]) == (tenant_id, disparo_id)


@pytest.mark.parametrize("content", [b"", b"short", bytes(16), bytes(16) + b"No Tenant", bytes(16) + b"\xff\xfe"])
def test_signed_content_that_is_no_link_is_refused(content: bytes) -> None:
    with pytest.raises(NotFound, match="descadastro_desconhecido"):
        links.read(signer.sign("descadastro", content))


def test_there_is_no_link_without_a_public_url_or_a_key() -> None:
    nowhere = UnsubscribeLinks(public_url=None, signer=signer)
    keyless = UnsubscribeLinks(public_url="https://x.example", signer=Signer(lambda: keys_in(None, "nome")))
    assert nowhere.url("acme", UUID(int=1)) is None
    assert keyless.url("acme", UUID(int=1)) is None
