"""Rules of agendamentos: warnings, free slots, the times of reminders, calendar files. Pure."""
