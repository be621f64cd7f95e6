"""What moto holds, taken once and put back before each test.

To make in moto what the template makes takes twenty requests and a key pair that is worked out from half of its
numbers: a fifth of a second. moto serves from a thread of this process, so that its state can be had without asking.
"""

from __future__ import annotations

import copy
import copyreg
from threading import Condition
from typing import Any, NamedTuple

from moto.core.base_backend import BackendDict

# Of a queue's lock nothing is to be kept.
copyreg.pickle(Condition, lambda _: (Condition, ()))


class MotoState(NamedTuple):
    """Of each service: what it holds, by account and region, and what it knows of all accounts."""

    services: list[tuple[BackendDict[Any], dict[str, Any], list[tuple[str, str, Any]]]]

    @classmethod
    def taken(cls) -> MotoState:
        """All that moto holds now."""
        return cls(
            [
                (service, copy.deepcopy(vars(service)), copy.deepcopy(list(service.iter_backends())))
                for service in BackendDict._instances
            ]
        )

    def put_back(self) -> None:
        """Make moto, which must be empty, hold it again."""
        for service, of_all_accounts, backends in self.services:
            vars(service).update(copy.deepcopy(of_all_accounts))
            for account, region, taken in backends:
                backend = service[account][region]
                vars(backend).update(copy.deepcopy(vars(taken), {id(taken): backend}))
