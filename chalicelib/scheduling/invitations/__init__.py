"""Invitations: the calendar files of agendamentos, and the feeds that calendars subscribe to. The login of the API."""
