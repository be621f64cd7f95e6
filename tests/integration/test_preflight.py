"""The preflight of a large audience has more time than other requests; what it counts is tested with its campaign."""

from __future__ import annotations

from chalicelib.wiring import Services
from tests.builders import ask


def test_preflight_has_nearly_the_time_of_the_gateway_and_other_requests_have_less(services: Services) -> None:
    assert ask(services.patient_database, "SHOW statement_timeout") == [["24s"]]
    assert ask(services.database, "SHOW statement_timeout") == [["10s"]]
