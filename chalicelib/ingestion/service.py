"""Works on a job: reads its file, batch by batch, and commits each with its counts and its checkpoint.

A job killed at any instruction resumes at its last checkpoint. A worker that runs out of time hands over through the
queue; one that has died is found by the sweep once its lease has lapsed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from chalicelib import eventos, messages
from chalicelib.adapters.clock import Clock
from chalicelib.adapters.database import Database, Row, Rows, retried
from chalicelib.adapters.queues import Message, Queues
from chalicelib.adapters.storage import Objeto, Storage
from chalicelib.config import Settings
from chalicelib.errors import ArquivoInvalido, LeaseLost, Unavailable
from chalicelib.ingestion.batch import Lote, prepared
from chalicelib.ingestion.loader import Modo, load
from chalicelib.ingestion.read_ahead import ahead
from chalicelib.ingestion.reports import CONTENT_TYPE, report_key, write_report
from chalicelib.ingestion.rows import LeitorDeLinhas
from chalicelib.ingestion.workbook import Planilha, open_workbook
from chalicelib.telemetry import Metric, Tracer, count, logger
