"""The channels by which a message can leave."""

from __future__ import annotations

from enum import StrEnum


class Canal(StrEnum):
    """A channel (SPEC §2).

    Code that decides by channel uses `match` with `assert_never`, so that mypy names every place that a new one needs.
    """

    WHATSAPP = "whatsapp"
    EMAIL = "email"
