"""Booking: what the API does with agendamentos. The login of the API."""
