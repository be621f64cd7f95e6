"""Cell text into validated contacts: the one door to the e-mails, the phones and the document of a row.

All of it is pure: text in; values in the order of the cell, and what was refused, out. Any text is read, none raises.
Cells arrive as `str` always: a number cell is a text of digits, perhaps with `.0` or an exponent.
"""

from chalicelib.ingestion.documents import documento
from chalicelib.ingestion.emails import emails
from chalicelib.ingestion.pieces import MAX_CONTACTS, Recusado
from chalicelib.ingestion.telephones import Telefone, TipoOrigem, telefones

__all__ = ["MAX_CONTACTS", "Recusado", "Telefone", "TipoOrigem", "documento", "emails", "telefones"]
