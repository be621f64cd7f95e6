"""How one lead is shown, to whoever asked for it or changed it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chalicelib.adapters.database import Row, Rows
from chalicelib.errors import NotFound

BY_HAND = "manual"
"""The `origem_arquivo` of a lead that a person made. No file has this name: it has no ending."""
NO_JOB = UUID(int=0)
NO_ROW = 1
"""`leads.linha_planilha` of such a lead: the column is NOT NULL, and begins at 1."""
_TIMELINE = 100


def described(rows: Rows, lead_id: UUID) -> dict[str, Any]:
    """One lead with its contacts and its timeline, newest first.

    Raises:
        NotFound: the tenant has no such lead.
    """
    lead = known(rows.one("lead_by_id", lead_id=lead_id))
    return {
        **presented(lead),
        "telefones": rows.all("telefones_of_lead", lead_id=lead_id),
        "emails": rows.all("emails_of_lead", lead_id=lead_id),
        "supressao": rows.one("supressao_of_lead", lead_id=lead_id),
        "linha_do_tempo": rows.all("timeline_of_lead", lead_id=lead_id, limite=_TIMELINE),
    }


def presented(lead: Row) -> Row:
    """A lead as the API shows it: one that a person made has neither a job nor a row of a file."""
    by_hand = lead["origem_arquivo"] == BY_HAND
    return {**lead, "job_id": None, "linha_planilha": None} if by_hand else lead


def known(lead: Row | None) -> Row:
    """The row, which there must be.

    Raises:
        NotFound: there is none.
    """
    if lead is None:
        raise NotFound("nao_encontrado")
    return lead
