"""What is decided about a disparo, and when it may leave. Pure."""
