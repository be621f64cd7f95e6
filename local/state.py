"""What `stack.json` holds: the processes that were started, their ports, the environment that they were given.

What the file says is never believed without looking: a process counts as ours only with the start time written down.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psutil


@dataclass(slots=True)
class Part:
    """One process of the stack."""

    name: str
    pid: int
    started: float
    url: str | None = None

    @property
    def alive(self) -> bool:
        """The process is the one we started, and is not dead."""
        try:
            process = psutil.Process(self.pid)
            same: bool = abs(process.create_time() - self.started) < 1
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @property
    def port(self) -> int | None:
        """The TCP port it serves."""
        return urlsplit(self.url).port if self.url else None


@dataclass(slots=True)
class State:
    """What `stack.json` holds; `ready` is written last, so that a start that was cut short is known for one."""

    ready: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The saved state, or an empty one."""
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return cls()
        parts = {name: Part(**part) for name, part in saved.pop("parts").items()}
        return cls(parts=parts, **saved)

    def save(self, path: Path) -> None:
        """Write it whole or not at all; for this user only, as a URL may hold a password."""
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        fresh.replace(path)
