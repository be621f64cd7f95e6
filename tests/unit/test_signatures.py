"""Only the sender that knows the secret can sign a webhook's body."""

from __future__ import annotations

import hmac
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.delivery.providers.signatures import is_shared, is_signed_by_meta


@given(secret=st.text(min_size=1, max_size=40), raw=st.binary(max_size=200))
def test_body_signed_under_the_secret_is_accepted(secret: str, raw: bytes) -> None:
    assert is_signed_by_meta(secret, raw, "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest())


@given(raw=st.binary(min_size=1, max_size=50), data=st.data())
def test_changed_byte_or_another_secret_is_refused(raw: bytes, data: st.DataObject) -> None:
    signature = "sha256=" + hmac.new(b"s", raw, sha256).hexdigest()
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    assert not is_signed_by_meta("s", changed, signature)
    assert not is_signed_by_meta("t", raw, signature)


@given(st.text(max_size=80))
def test_any_other_header_is_refused_without_an_error(header: str) -> None:
    assert not is_signed_by_meta("s", b"{}", header)
    assert is_shared("segredo", header) == (header == "segredo")
