"""The calendar that a tenant connects: the event of each agendamento, and the times that it says are taken."""
