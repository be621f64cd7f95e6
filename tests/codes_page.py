"""The page of the problem codes, made of the contract: `python -m tests.codes_page > docs/codes.md` writes it anew."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib import messages
from chalicelib.api.contract.problems import BEFORE_ANY_ROUTE, FIELDS, OF_ITEMS, PROBLEMS, Problem
from chalicelib.api.openapi import document
from local.project import load_app

_MOST_NAMED = 6
_BEGINNING = """\
# Problem codes

Every refusal is a problem document (RFC 9457, `application/problem+json`). Its `code` is stable: decide by it, not by
the sentence. Its sentence (`detail`) is in Portuguese, or in English with `Accept-Language: en`. `x-codigos` of an
operation in `/openapi.json` lists the codes that it can answer, and `x-codigos` of each response those of its status.

`{…}` stands for what the answer names. This page is made of `chalicelib/api/contract/problems.py` and of the sentences
in `chalicelib/messages.py`: `python -m tests.codes_page > docs/codes.md` writes it anew. The codes of a file that
cannot be read (`erro_codigo` of a job) are in [operations.md](operations.md#a-job-ends-in-erro)."""
_FIELDS = """\
## One field

A 422 may list `errors`: each has a `pointer` to the field (RFC 6901; `?/name` in the query), a `code` and a `detail`.
Correct the field that the pointer names, as `detail` says. Besides the codes above, it has one of these or one of
pydantic's types, such as `missing` or `extra_forbidden`."""


def page(contract: Mapping[str, Any]) -> str:
    """The page, for the contract of the app."""
    return "\n".join([*_parts(contract), ""])


def _parts(contract: Mapping[str, Any]) -> Iterator[str]:
    yield _BEGINNING
    operations = {
        f"{method.upper()} {path}": set(each["x-codigos"])
        for path, methods in contract["paths"].items()
        for method, each in methods.items()
    }
    for status in sorted({each.status for each in PROBLEMS.values()}):
        yield f"\n## {status} {messages.title(status, messages.ENGLISH)}\n"
        yield "| code | says | what to do | answered by |\n|---|---|---|---|"
        yield from (_row(each, operations) for each in PROBLEMS.values() if each.status == status)
    yield f"\n{_FIELDS}\n"
    yield "| code | says |\n|---|---|"
    yield from (f"| `{code}` | {_sentence(code)} |" for code in sorted(FIELDS))


def _row(problem: Problem, operations: Mapping[str, set[str]]) -> str:
    giving = [name for name, codes in operations.items() if problem.code in codes]
    cells = (f"`{problem.code}`", _sentence(problem.code), problem.to_do, _who(problem.code, giving, len(operations)))
    return f"| {' | '.join(cells)} |"


def _who(code: str, giving: Sequence[str], operations: int) -> str:
    if code in BEFORE_ANY_ROUTE:
        return "before any route is found"
    if code in OF_ITEMS:
        return "an item of POST /disparos/lote"
    if len(giving) <= _MOST_NAMED:
        return ", ".join(f"`{name}`" for name in giving)
    return "every operation" if len(giving) == operations else "many operations"


def _sentence(code: str) -> str:
    return messages.CATALOGUE[code][1].replace("{{", "{").replace("}}", "}").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page(document(load_app())))
