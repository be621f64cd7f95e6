"""The calendar file of one agendamento: what its lead gets, by e-mail or from somebody who downloads it."""

from __future__ import annotations

from uuid import UUID

from chalicelib.adapters.database import Database
from chalicelib.errors import NotFound
from chalicelib.scheduling.rules.calendar_file import CalendarFile
from chalicelib.scheduling.rules.invitations import InvitedMeeting, invitation_text, method_of
from chalicelib.tenants.config import config_of


class Invitations:
    """`database` is the API's login; `organizer` is the address for answers where the responsável has none."""

    def __init__(self, *, database: Database, organizer: str | None) -> None:
        self._database = database
        self._organizer = organizer

    def file(self, tenant_id: str, agendamento_id: UUID) -> CalendarFile:
        """The file as the lead may have it: without the notes about them.

        Raises:
            NotFound: the tenant has no such agendamento.
        """
        row, config = self._database.run(
            tenant_id,
            lambda rows: (rows.one("meeting_for_calendar", agendamento_id=agendamento_id), config_of(rows)),
        )
        if row is None:
            raise NotFound("nao_encontrado")
        meeting = InvitedMeeting.of(row, config.fuso, self._organizer)
        return CalendarFile(invitation_text(meeting, config.idioma), method_of(meeting), "agendamento.ics")
