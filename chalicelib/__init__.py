"""Disparo & Agenda: what `app.py` delegates to.

Time zones come from the pinned `tzdata` alone. By itself, Python looks at the files of the system first, and those of a
Lambda or of a laptop may be years older: the same agendamento would be at another time there. This stands here because
nothing of ours is imported without it, whatever `PYTHONTZPATH` says.
"""

import zoneinfo

zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()
