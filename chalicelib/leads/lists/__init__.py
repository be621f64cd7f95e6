"""Lists leads, and writes them as a file."""
