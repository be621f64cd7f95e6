"""The rules for a disparo: what happens to it, and when its message may leave. Pure."""
