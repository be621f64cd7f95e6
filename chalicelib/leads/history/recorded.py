"""Keeps what a person did to a lead, in the transaction that does it; the values are personal data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chalicelib.adapters.database import Rows
from chalicelib.leads.history.entries import LifeKind


class Change(NamedTuple):
    """A field that a person changed: `nome`, `tags`, `telefone`, or `campos.` and the name of a campo."""

    campo: str
    de: Any
    para: Any


class Doing(NamedTuple):
    """Who does something to a lead, when, and why."""

    por: str
    em: datetime
    motivo: str | None = None


def record_move(rows: Rows, lead_id: UUID, doing: Doing, origin: str, destination: str) -> None:
    """A person moved the lead; the status that it has already is no move."""
    if origin != destination:
        _insert(rows, lead_id, doing, LifeKind.STATUS, de=origin, para=destination)


def record_changes(rows: Rows, lead_id: UUID, doing: Doing, kind: LifeKind, changes: Sequence[Change]) -> None:
    """A person changed fields or contacts of the lead; what stays the same is no change."""
    different = [each._asdict() for each in changes if each.de != each.para]
    if different:
        _insert(rows, lead_id, doing, kind, mudancas=json.dumps(different, default=str))


def record_removed_note(rows: Rows, lead_id: UUID, doing: Doing, nota_id: UUID) -> None:
    """A person removed a note; nothing of its text is left."""
    _insert(rows, lead_id, doing, LifeKind.NOTA_REMOVIDA, nota_id=nota_id)


def _insert(
    rows: Rows,
    lead_id: UUID,
    doing: Doing,
    kind: LifeKind,
    *,
    de: str | None = None,
    para: str | None = None,
    mudancas: str | None = None,
    nota_id: UUID | None = None,
) -> None:
    rows.run(
        "insert_lead_evento", lead_id=lead_id, agora=doing.em, tipo=kind.value, de=de, para=para, por=doing.por,
        motivo=doing.motivo, mudancas=mudancas, nota_id=nota_id,
    )  # fmt: skip
