"""The content of `stack.json`: the processes that were started, their ports and their environment.

A number in the file may be another program's by now. So a process counts as ours only if its start time is the recorded
one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psutil


@dataclass(slots=True)
class StackPart:
    """One process of the stack."""

    name: str
    pid: int
    started: float
    url: str | None = None

    @property
    def alive(self) -> bool:
        """Whether the process that we started is still running."""
        try:
            process = psutil.Process(self.pid)
            is_ours: bool = abs(process.create_time() - self.started) < 1
            return is_ours and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @property
    def port(self) -> int | None:
        """The TCP port that it serves; None without a URL."""
        return urlsplit(self.url).port if self.url else None


@dataclass(slots=True)
class StackState:
    """The content of `stack.json`. `ready` is written last, so that an interrupted start is seen."""

    ready: bool = False
    parts: dict[str, StackPart] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the saved state, or an empty one."""
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return cls()
        parts = {name: StackPart(**part) for name, part in saved.pop("parts").items()}
        return cls(parts=parts, **saved)

    def save(self, path: Path) -> None:
        """Write the file whole or not at all. Only this user may read it: a URL may hold a password."""
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        fresh.replace(path)
