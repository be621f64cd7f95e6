"""The project for Chalice: its folder, its app and its configuration by stage."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from chalice.app import Chalice
from chalice.config import Config

ROOT = Path(__file__).resolve().parent.parent


def load_app() -> Chalice:
    """Import and return the Chalice app; it reads its settings from the environment of this moment."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    app: Chalice = importlib.import_module("app").app
    return app


def chalice_config(stage: str) -> Config:
    """Return a stage's configuration in `.chalice/config.json`; `.scope(stage, function)` narrows it to a function."""
    path = ROOT / ".chalice" / "config.json"
    return Config(chalice_stage=stage, config_from_disk=json.loads(path.read_text(encoding="utf-8")))
