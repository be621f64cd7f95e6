"""Every code that is raised has a line in the table, and the page of the codes is made of it."""

from __future__ import annotations

import re

from chalicelib import errors
from chalicelib.api.contract.problems import BEFORE_ANY_ROUTE, FIELDS, OF_ITEMS, PROBLEMS
from chalicelib.errors import DomainError
from chalicelib.messages import CATALOGUE
from tests.raised_codes import RAISED

OF_ONE_FIELD = {"FieldError", "PydanticCustomError"}
# A job ends with these; no request is answered with them.
OF_A_JOB = {each.code for each in RAISED if each.by == "InvalidFile"}
# Of whoever deploys, of the sender, and of one channel's server: nobody sees them as an answer of the API.
OF_NO_ANSWER = {
    "banco_de_outro_dono", "banco_ja_configurado", "endereco_do_banco_ausente", "migracao_alterada",
    "canal_inacessivel",
}  # fmt: skip
STATUSES = {
    each.__name__: each.status
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, DomainError)
}


def test_every_code_that_is_raised_is_in_the_table() -> None:
    raised = {each.code for each in RAISED if each.by not in OF_ONE_FIELD}
    assert raised - PROBLEMS.keys() - OF_A_JOB == OF_NO_ANSWER


def test_every_code_of_a_field_is_in_a_table() -> None:
    assert {each.code for each in RAISED if each.by in OF_ONE_FIELD} - FIELDS - PROBLEMS.keys() == set()
    assert not FIELDS & PROBLEMS.keys()


def test_code_has_the_status_of_the_exceptions_that_it_is_raised_with() -> None:
    wrong = {
        each.where: (each.code, STATUSES[each.by])
        for each in RAISED
        if each.by in STATUSES and each.code in PROBLEMS and each.by != "InvalidFile"
        if PROBLEMS[each.code].status != STATUSES[each.by]
    }
    assert wrong == {}


def test_every_code_has_a_sentence_and_says_what_to_do() -> None:
    assert (PROBLEMS.keys() | FIELDS) - CATALOGUE.keys() == set()
    assert [code for code, each in PROBLEMS.items() if not re.fullmatch(r"[A-Z].*\.", each.to_do)] == []
    assert len({each.code for each in PROBLEMS.values()}) == len(PROBLEMS)
    assert not BEFORE_ANY_ROUTE & OF_ITEMS


def test_codes_stand_in_the_order_of_their_statuses() -> None:
    statuses = [each.status for each in PROBLEMS.values()]
    assert statuses == sorted(statuses)
