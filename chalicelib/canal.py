"""The channels that a message can leave by."""

from __future__ import annotations

from enum import StrEnum


class Canal(StrEnum):
    """The means by which a message goes out (SPEC §2)."""

    WHATSAPP = "whatsapp"
    EMAIL = "email"
