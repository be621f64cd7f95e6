"""What a person should know before an agendamento begins."""
