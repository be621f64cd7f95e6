"""The examples of the contract: real requests that succeeded, with their answers.

The test of the contract calls every operation. What it sends and gets is recorded here, made free of what changes with
each run, and kept in `examples.json`. That test fails if a kept request is not one that it has just sent with success.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from chalicelib.api.contract.examples import PLACE
from chalicelib.api.openapi import Document

_AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# What is secret or signed, and where this machine is; each becomes a text of the same form.
_OF_THIS_RUN = (
    (re.compile(r"da_live_[\w-]+"), "da_live_EXEMPLO"),
    (re.compile(r"whsec_[\w+/=]+"), "whsec_RVhFTVBMTw=="),
    (re.compile(r"http://(127\.0\.0\.1|localhost):\d+"), "https://s3.sa-east-1.amazonaws.com"),
    (re.compile(r"\?[^\"\s]*X-Amz-[^\"\s]+"), "?X-Amz-Signature=EXEMPLO"),
    (re.compile(r"(?<=/convite/)[\w.-]+|(?<=/agenda/)[\w-]+|(?<=chave=)[\w.-]+|(?<=/descadastro/)[\w.-]+"), "EXEMPLO"),
)
_SIGNED = {"desafio", "prova", "token", "chave", "x-amz-signature", "policy", "x-amz-credential", "proximo", "cursor"}


class Exchange(NamedTuple):
    """One request that succeeded, and what was answered."""

    method: str
    pattern: str
    """The path as the contract has it."""
    url: str
    media_type: str | None
    """Of the body."""
    body: Any
    answer_type: str
    answer: Any


@dataclass
class Recorder:
    """Keeps the best example of each operation."""

    contract: Document
    began: datetime
    exchanges: dict[tuple[str | None, ...], Exchange] = field(default_factory=dict)

    def add(self, exchange: Exchange) -> None:
        """Keep it, if its request says as much as that of the example before; one with a cursor says little."""
        key = (exchange.method, exchange.pattern, exchange.media_type, exchange.answer_type)
        before = self.exchanges.get(key)
        if before is None or _weight(exchange) >= _weight(before):
            self.exchanges[key] = exchange

    def examples(self) -> dict[str, Document]:
        """The examples by the name of the operation."""
        found: dict[str, Document] = {}
        for exchange in sorted(self.exchanges.values(), key=_weight):
            operation = self.contract["paths"][exchange.pattern][exchange.method]
            example = found.setdefault(operation["operationId"], {})
            for part, values in self._cleaned(exchange, operation.get("parameters", ())).items():
                example[part] = {**example.get(part, {}), **values}
        return {name: example for name, example in sorted(found.items()) if example}

    def _cleaned(self, exchange: Exchange, parameters: Iterable[Document]) -> Document:
        clean = _Cleaner(self.began)
        names = re.findall(r"\{(\w+)\}", exchange.pattern)
        pattern = re.sub(r"\\{\w+\\}", "([^/]+?)", re.escape(exchange.pattern))
        path = urlsplit(exchange.url).path
        values = re.fullmatch(pattern, path)
        assert values is not None, (exchange.pattern, path)
        given = dict(zip(names, map(unquote, values.groups()), strict=True))
        example: Document = {"path": {name: clean(value, name) for name, value in given.items()}} if given else {}
        if query := _typed(parse_qsl(urlsplit(exchange.url).query), parameters):
            example["query"] = {name: clean(value, name) for name, value in query.items()}
        if exchange.body is not None:
            example["bodies"] = {exchange.media_type: clean(exchange.body)}
        if exchange.answer is not None and exchange.pattern != "/openapi.json":
            example["answers"] = {exchange.answer_type: clean(exchange.answer)}
        return example


def _weight(exchange: Exchange) -> tuple[bool, int]:
    body = "" if exchange.body is None else json.dumps(exchange.body)
    return "cursor=" not in exchange.url, len(urlsplit(exchange.url).query) + len(body)


def _typed(query: Iterable[tuple[str, str]], parameters: Iterable[Document]) -> Document:
    """The parameters of a query with the types of the contract; those of a family are one object."""
    schemas = {each["name"]: each for each in parameters if each["in"] == "query"}
    found: Document = {}
    for name, text in query:
        family = name.partition(".")[0]
        if name not in schemas:
            found.setdefault(family, {})[name] = text
        elif schemas[name]["schema"].get("type") in {"integer", "boolean"}:
            found[name] = json.loads(text)
        elif schemas[name]["schema"].get("type") == "array":
            found.setdefault(name, []).append(text)
        else:
            found[name] = text
    return found


class _Cleaner:
    """Makes the values of one exchange free of what changes with each run; an id keeps its identity within it."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._ids: dict[str, str] = {}

    def __call__(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self(each, name) for each in value]
        return self._text(value, name) if isinstance(value, str) else value

    def _text(self, text: str, name: str) -> str:
        for pattern, replacement in _OF_THIS_RUN:
            text = pattern.sub(replacement, text)
        if name.lower() in _SIGNED and not text.startswith(("da_live_", "leads/")):
            return "EXEMPLO"
        return _INSTANT.sub(self._moved, _UUID.sub(self._renamed, text))

    def _renamed(self, found: re.Match[str]) -> str:
        return self._ids.setdefault(found[0], f"019aa5b1-7a3f-7c11-8000-{len(self._ids) + 1:012}")

    def _moved(self, found: re.Match[str]) -> str:
        """The instant as far from a fixed one as it is from the beginning of the run, in whole hours."""
        instant = datetime.fromisoformat(found[0])
        if found[1] is None and instant.minute == instant.second == 0:  # written in the test, not made by the run
            return found[0]
        hours = round((instant - self._began) / timedelta(hours=1))
        moved = (_AT + timedelta(hours=hours)).astimezone(instant.tzinfo)
        return moved.isoformat().replace("+00:00", found[2] if found[2] == "Z" else "+00:00")


def requests_in(examples: Mapping[str, Document]) -> dict[str, Document]:
    """What is sent, without what is answered: that differs from run to run."""
    return {name: {part: each[part] for part in each if part != "answers"} for name, each in examples.items()}


def write(examples: Mapping[str, Document]) -> None:
    """Keep these examples."""
    PLACE.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
