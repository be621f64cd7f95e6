-- Who pauses, resumes or cancels a campaign ends the queues of places where somebody still waits (`end_queues`).
GRANT UPDATE (fila) ON canal_limites TO disparo_agenda_api;
