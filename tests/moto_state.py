"""A copy of moto's state, taken once and restored before each test.

To make in moto what the template makes takes a fifth of a second: twenty requests, and a key pair that is computed from
half of its numbers. moto serves from a thread of this process, so its state can be copied directly.
"""

from __future__ import annotations

import copy
import copyreg
from threading import Condition
from typing import Any, NamedTuple

from moto.core.base_backend import BackendDict

# The copy of a queue gets a new lock.
copyreg.pickle(Condition, lambda _: (Condition, ()))


class MotoState(NamedTuple):
    """The state of each service: what is shared by all accounts, and what belongs to an account and a region."""

    services: list[tuple[BackendDict[Any], dict[str, Any], list[tuple[str, str, Any]]]]

    @classmethod
    def copied(cls) -> MotoState:
        """Return a copy of what moto holds now."""
        services: list[BackendDict[Any]] = vars(BackendDict)["_instances"]
        return cls([(each, copy.deepcopy(vars(each)), copy.deepcopy(list(each.iter_backends()))) for each in services])

    def restore(self) -> None:
        """Restore the copy into moto, which must be empty."""
        for service, shared, backends in self.services:
            vars(service).update(copy.deepcopy(shared))
            for account, region, copied in backends:
                backend = service[account][region]
                vars(backend).update(copy.deepcopy(vars(copied), {id(copied): backend}))
