"""The project as Chalice sees it: its folder, its app, its configuration by stage."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

from chalice.app import Chalice
from chalice.config import Config

ROOT = Path(__file__).resolve().parent.parent


def load_app() -> Chalice:
    """The Chalice app; its settings are read from the environment as it stands now."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    app: Chalice = importlib.import_module("app").app
    return app


def chalice_config(stage: str) -> Config:
    """What `.chalice/config.json` says for a stage; `.scope(stage, function)` narrows it to one function."""
    path = ROOT / ".chalice" / "config.json"
    return Config(chalice_stage=stage, config_from_disk=json.loads(path.read_text(encoding="utf-8")))
