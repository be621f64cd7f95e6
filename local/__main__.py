"""`python -m local`: see `python -m local --help`."""

from local.cli import cli

cli(prog_name="python -m local")
