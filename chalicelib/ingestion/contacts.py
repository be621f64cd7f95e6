"""Cell text into validated contacts: the one door to the e-mails, the phones and the document of a row.

All of it is pure: text in; values in the order of the cell, and what was refused, out. Any text is read, none raises.
Cells arrive as `str` always: a number cell is a text of digits, perhaps with `.0` or an exponent. What nearly all cells
look like is read by the column (`usual_…`), in a small part of the time, and is by a test what it is cell by cell.
"""

from chalicelib.ingestion.documents import documento, usual_documentos
from chalicelib.ingestion.emails import emails, usual_emails
from chalicelib.ingestion.pieces import MAX_CONTACTS, Recusado
from chalicelib.ingestion.telephones import Telefone, TipoOrigem, telefones, usual_telefones

__all__ = [
    "MAX_CONTACTS",
    "Recusado",
    "Telefone",
    "TipoOrigem",
    "documento",
    "emails",
    "telefones",
    "usual_documentos",
    "usual_emails",
    "usual_telefones",
]
