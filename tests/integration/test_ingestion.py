"""A file into leads: every rule of SPEC §1 that takes a database, a bucket and a queue."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from chalicelib.adapters.database import Database
from chalicelib.adapters.storage import Objeto
from chalicelib.config import Settings
