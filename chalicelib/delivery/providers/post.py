"""One request to a webhook, whose sender has yet to prove itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.errors import Unreadable

_MOST_FIELDS = 1_000


@dataclass(frozen=True)
class ProviderPost:
    """`url` is the address that we gave the provider; the names of `headers` are in small letters; `at` is now."""

    url: str
    headers: Mapping[str, str]
    raw: bytes
    at: datetime

    def header(self, name: str) -> str:
        """A header; "" if it is missing."""
        return self.headers.get(name) or ""

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The body as a JSON object.

        Raises:
            Unreadable: it is none.
        """
        try:
            document = json.loads(self.raw)
        except (ValueError, RecursionError):
            raise Unreadable("corpo_nao_e_json") from None
        if not isinstance(document, dict):
            raise Unreadable("corpo_nao_e_json")
        return document

    @cached_property
    def fields(self) -> Sequence[tuple[str, str]]:
        """The fields of the body as a form; none if it is no form."""
        try:
            return parse_qsl(self.raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return ()
